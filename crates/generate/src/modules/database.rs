//! `modules/database`: an RDS instance with its parameter group and read replicas.

use super::{create_before_destroy, resource};
use crate::folder::{Folder, Variable, module_versions, output, structure, variable};
use crate::hcl::{Block, Body, Expression, block, code, list, object, template};

const TEXT: &str = "\
An RDS instance, MySQL or PostgreSQL, with its parameter group and read replicas. The master password is made and rotated by RDS in Secrets Manager and never
enters Terraform's state. Deletion is refused twice: by RDS (`deletion_protection`) and by Terraform (`prevent_destroy`).";

const TLS_SKIP: &str = "checkov:skip=CKV2_AWS_69:The parameter that asks for TLS is among var.parameters, where the check does not look";

const INSIGHTS_SKIP: &str =
    "checkov:skip=CKV_AWS_353:On for every class that has it, which the check cannot work out";

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/database".to_owned(),
        title: "database".to_owned(),
        text: TEXT.to_owned(),
        variables: variables(),
        outputs: vec![
            output(
                "identifier",
                "Identifier of the primary.",
                "aws_db_instance.this.identifier",
            ),
            output(
                "address",
                "Host name of the primary.",
                "aws_db_instance.this.address",
            ),
            output(
                "replica_addresses",
                "Host names of the read replicas by key.",
                "{ for key, replica in aws_db_instance.replica : key => replica.address }",
            ),
            output("arn", "ARN of the primary.", "aws_db_instance.this.arn"),
            output(
                "replica_identifiers",
                "Identifiers of the read replicas by key.",
                "{ for key, replica in aws_db_instance.replica : key => replica.identifier }",
            ),
            output(
                "master_secret_arn",
                "ARN of the secret that holds the master password.",
                "one(aws_db_instance.this.master_user_secret[*].secret_arn)",
            ),
        ],
        files: [("main.tf", main()), ("versions.tf", module_versions())].into(),
        written: [(
            "module.tftest.hcl",
            include_str!("database/module.tftest.hcl"),
        )]
        .into(),
        ..Folder::default()
    }
}

fn variables() -> Vec<Variable> {
    vec![
        variable(
            "identifier",
            "string",
            "Identifier of the primary; replicas add their key to it.",
        )
        .must(
            "can(regex(\"^[a-z][a-z0-9-]{0,62}$\", var.identifier))",
            "An identifier has at most 63 of a-z, 0-9 and -, and starts with a letter.",
        ),
        variable(
            "environment",
            "string",
            "Environment that the database belongs to.",
        ),
        variable("engine", "string", "mysql or postgres.").must(
            "contains([\"mysql\", \"postgres\"], var.engine)",
            "The engine is mysql or postgres.",
        ),
        variable(
            "engine_version",
            "string",
            "Version of the engine; RDS picks the last part of it when it is not given.",
        ),
        variable("instance_class", "string", "Instance class of the primary.").must(
            "startswith(var.instance_class, \"db.\")",
            "An instance class starts with db.",
        ),
        variable(
            "allocated_storage_gib",
            "number",
            "Storage at first, in GiB.",
        )
        .must(
            "var.allocated_storage_gib >= 20",
            "RDS has no gp3 storage under 20 GiB.",
        ),
        variable(
            "max_allocated_storage_gib",
            "number",
            "Storage that the instance may grow to, in GiB.",
        ),
        variable(
            "multi_az",
            "bool",
            "Whether a standby waits in another zone.",
        ),
        variable(
            "backup_retention_days",
            "number",
            "Days that automatic backups are kept.",
        )
        .must(
            "var.backup_retention_days >= 7 && var.backup_retention_days <= 35",
            "Backups are kept for 7 to 35 days.",
        ),
        variable(
            "backup_window",
            "string",
            "Daily backup window in UTC; null lets RDS choose.",
        )
        .default(code("null")),
        variable(
            "parameter_family",
            "string",
            "Family of the parameter group, for example mysql8.0 or postgres17.",
        ),
        structure(
            "parameters",
            "map(object(",
            &[
                ("value", "string"),
                ("apply_method", "optional(string, \"immediate\")"),
            ],
            "Parameters by name. Static parameters need the apply method pending-reboot, or plans never settle.",
        ),
        structure(
            "replicas",
            "map(object(",
            &[("instance_class", "string")],
            "Read replicas by key.",
        ),
        variable(
            "subnet_group_name",
            "string",
            "Subnet group of the data tier.",
        ),
        variable(
            "security_group_ids",
            "list(string)",
            "Security groups of primary and replicas.",
        ),
        variable(
            "kms_key_arn",
            "string",
            "Key that encrypts storage, backups, insights and the master password.",
        ),
        variable(
            "monitoring_role_arn",
            "string",
            "Role by which RDS writes enhanced monitoring.",
        ),
        variable(
            "log_kms_key_arn",
            "string",
            "Key that encrypts the logs that RDS exports.",
        ),
        variable(
            "log_retention_days",
            "number",
            "Days that these logs are kept.",
        )
        .default(365_u32),
    ]
}

fn main() -> Body {
    Body::new()
        .block(locals())
        .commented(
            "RDS would make them by itself, without a key and without an end.",
            log_groups(),
        )
        .block(parameter_group())
        .block(primary())
        .block(replica())
}

fn locals() -> Block {
    let logs = object([
        ("mysql", list(["error", "slowquery"])),
        ("postgres", list(["postgresql", "upgrade"])),
    ]);
    let instances =
        "concat([var.identifier], [for key in keys(var.replicas) : \"${var.identifier}-${key}\"])";
    let groups = format!(
        "toset([for pair in setproduct({instances}, local.exported_logs[var.engine]) : join(\"/\", pair)])"
    );
    block("locals", &[])
        .set("exported_logs", logs)
        .gap()
        .set("log_groups", code(groups))
        .gap()
        .comment("RDS for MySQL has no Performance Insights on the smallest classes, and refuses to create them with it.")
        .set(
            "has_insights",
            code(
                "{ for class in toset(concat([var.instance_class], values(var.replicas)[*].instance_class)) : class => var.engine != \"mysql\" || !can(regex(\"[.]t[0-9]g?[.](micro|small)$\", class)) }",
            ),
        )
}

fn log_groups() -> Block {
    resource("aws_cloudwatch_log_group", "this")
        .set("for_each", code("local.log_groups"))
        .gap()
        .set("name", template("/aws/rds/instance/${each.key}"))
        .set("retention_in_days", code("var.log_retention_days"))
        .set("kms_key_id", code("var.log_kms_key_arn"))
}

fn parameter_group() -> Block {
    let parameter = block("content", &[])
        .set("name", code("parameter.key"))
        .set("value", code("parameter.value.value"))
        .set("apply_method", code("parameter.value.apply_method"));
    resource("aws_db_parameter_group", "this")
        .set("name_prefix", template("${var.identifier}-"))
        .set("family", code("var.parameter_family"))
        .set("description", template("Parameters of ${var.identifier}"))
        .nest(
            block("dynamic", &["parameter"])
                .set("for_each", code("var.parameters"))
                .nest(parameter),
        )
        .nest(create_before_destroy())
}

fn primary() -> Block {
    let instance = resource("aws_db_instance", "this")
        .comment("checkov:skip=CKV_AWS_157:A standby is a decision for each database")
        .comment("checkov:skip=CKV_AWS_133:Kept for 7 to 35 days, which the variable demands; the check gives up on a long list of databases")
        .comment(TLS_SKIP)
        .comment(INSIGHTS_SKIP)
        .set("identifier", code("var.identifier"))
        .set("engine", code("var.engine"))
        .set("engine_version", code("var.engine_version"))
        .set("instance_class", code("var.instance_class"))
        .set(
            "parameter_group_name",
            code("aws_db_parameter_group.this.name"),
        )
        .gap()
        .set("storage_type", "gp3")
        .set("allocated_storage", code("var.allocated_storage_gib"))
        .set(
            "max_allocated_storage",
            code("var.max_allocated_storage_gib"),
        )
        .set("storage_encrypted", true)
        .set("kms_key_id", code("var.kms_key_arn"))
        .gap()
        .set("username", "dbadmin")
        .set("manage_master_user_password", true)
        .set("master_user_secret_kms_key_id", code("var.kms_key_arn"))
        .set("iam_database_authentication_enabled", true)
        .gap()
        .set("multi_az", code("var.multi_az"))
        .set("db_subnet_group_name", code("var.subnet_group_name"))
        .set("vpc_security_group_ids", code("var.security_group_ids"))
        .set("publicly_accessible", false)
        .gap()
        .set("backup_retention_period", code("var.backup_retention_days"))
        .set("backup_window", code("var.backup_window"))
        .set("copy_tags_to_snapshot", true)
        .set(
            "final_snapshot_identifier",
            template("${var.identifier}-final"),
        );
    watched(instance, "var.instance_class")
        .gap()
        .set("tags", tags(code("var.identifier")))
        .gap()
        .set("depends_on", code("[aws_cloudwatch_log_group.this]"))
        .nest(
            prevent_destroy()
                .comment("Storage grows by itself.")
                .set("ignore_changes", code("[allocated_storage]")),
        )
}

/// Engine, storage encryption, credentials and parameters of a replica are those of its primary.
fn replica() -> Block {
    let instance = resource("aws_db_instance", "replica")
        .comment(TLS_SKIP)
        .comment(INSIGHTS_SKIP)
        .comment("checkov:skip=CKV_AWS_157:A replica is a copy already; a standby of it would be a third")
        .set("for_each", code("var.replicas"))
        .gap()
        .set("identifier", template("${var.identifier}-${each.key}"))
        .set("replicate_source_db", code("aws_db_instance.this.identifier"))
        .set("instance_class", code("each.value.instance_class"))
        .set("parameter_group_name", code("aws_db_parameter_group.this.name"))
        .gap()
        .set("storage_type", "gp3")
        .set("max_allocated_storage", code("var.max_allocated_storage_gib"))
        .set("storage_encrypted", true)
        .gap()
        .set("iam_database_authentication_enabled", true)
        .set("vpc_security_group_ids", code("var.security_group_ids"))
        .set("publicly_accessible", false)
        .gap()
        .set("copy_tags_to_snapshot", true)
        .set("skip_final_snapshot", true);
    watched(instance, "each.value.instance_class")
        .gap()
        .set("tags", tags(template("${var.identifier}-${each.key}")))
        .gap()
        .set("depends_on", code("[aws_cloudwatch_log_group.this]"))
}

/// What every instance has: protection, monitoring, exported logs.
fn watched(instance: Block, class: &str) -> Block {
    let insights = format!("local.has_insights[{class}]");
    instance
        .set("deletion_protection", true)
        .set("auto_minor_version_upgrade", true)
        .gap()
        .set("monitoring_interval", 60_u32)
        .set("monitoring_role_arn", code("var.monitoring_role_arn"))
        .set("performance_insights_enabled", code(insights.clone()))
        .set(
            "performance_insights_kms_key_id",
            code(format!("{insights} ? var.kms_key_arn : null")),
        )
        .set(
            "enabled_cloudwatch_logs_exports",
            code("local.exported_logs[var.engine]"),
        )
}

fn prevent_destroy() -> Block {
    block("lifecycle", &[]).set("prevent_destroy", true)
}

fn tags(name: Expression) -> Expression {
    object([("Name", name), ("Environment", code("var.environment"))])
}
