//! `20-data`: the databases, caches, buckets and files of servers.

mod buckets;
mod caches;
pub(super) mod files;

use reberth_model::design::{Database, Design, Parameter, ParameterApply};

use super::{Root, entry, module, origin, sentence};
use crate::folder::{Folder, Output, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, inline, list, object, template};
use std::collections::BTreeSet;

const TEXT: &str = "\
The databases, caches, buckets and files of servers. Each database keeps the settings of the cluster it replaces where they differ from the engine's defaults; where a setting could not be
copied, the comment above it says so. Static parameters wait for a restart (`pending-reboot`).";

const BINARY_LOG: &str = "

Keep the binary log long enough for the way back, on each database of MySQL once it stands:

    CALL mysql.rds_set_configuration('binlog retention hours', 72);";

/// The engine of a database that has a binary log.
pub(super) const MYSQL: &str = "mysql";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let has_binary_log = design.databases.iter().any(|one| one.engine == MYSQL);
    let text = [TEXT, if has_binary_log { BINARY_LOG } else { "" }].concat();
    Root {
        name: "20-data",
        text: &text,
        reads: &["00-network", "10-security"],
        outputs: outputs(design),
        variables: Vec::new(),
        files: files(design),
    }
    .folder(design)
}

/// Whether there is anything that holds data.
pub(super) fn has_content(design: &Design) -> bool {
    !(design.databases.is_empty()
        && design.buckets.is_empty()
        && design.caches.is_empty()
        && design.files.is_empty())
}

fn files(design: &Design) -> Vec<(&'static str, Body)> {
    let mut files = Vec::new();
    if !design.databases.is_empty() {
        let locals = Body::new().block(databases(design));
        files.extend([("databases.tf", locals), ("main.tf", main())]);
    }
    if !design.caches.is_empty() {
        files.push(("caches.tf", caches::body(design)));
    }
    if !design.buckets.is_empty() {
        files.push(("buckets.tf", buckets::body(design)));
    }
    if !design.files.is_empty() {
        files.push(("files.tf", files::body(design)));
    }
    files
}

fn outputs(design: &Design) -> Vec<Output> {
    let mut outputs = Vec::new();
    if !design.databases.is_empty() {
        outputs.extend(database_outputs());
    }
    if !design.caches.is_empty() {
        outputs.extend(caches::outputs());
    }
    if !design.buckets.is_empty() {
        outputs.extend(buckets::outputs());
    }
    outputs.extend(files::outputs(design));
    outputs
}

fn database_outputs() -> Vec<Output> {
    vec![
        output(
            "addresses",
            "Host names of the primaries by key.",
            "{ for key, database in module.database : key => database.address }",
        ),
        output(
            "replica_addresses",
            "Host names of the read replicas by database and key.",
            "{ for key, database in module.database : key => database.replica_addresses }",
        ),
        output(
            "master_secret_arns",
            "Secrets that hold the master passwords, by key.",
            "{ for key, database in module.database : key => database.master_secret_arn }",
        ),
        output(
            "database_arns",
            "ARNs of the primaries by key.",
            "{ for key, database in module.database : key => database.arn }",
        ),
        output(
            "database_storage_gib",
            "Storage that each primary starts with, by identifier.",
            "{ for key, database in module.database : database.identifier => local.databases[key].allocated_storage_gib }",
        ),
        output(
            "replica_storage_gib",
            "The same for the read replicas.",
            "merge([for key, database in module.database : { for replica in values(database.replica_identifiers) : replica => local.databases[key].allocated_storage_gib }]...)",
        ),
    ]
}

fn databases(design: &Design) -> Block {
    let common = common_parameters(design);
    let databases = design.databases.iter().map(|database| {
        let own: BTreeSet<&Parameter> = database.parameters.iter().collect();
        let own = parameters(own.difference(&common).copied());
        Entry::commented(comment(database), &database.key, value(database, own))
    });
    block("locals", &[])
        .comment("Parameters that every database has.")
        .set("common_parameters", parameters(common.iter().copied()))
        .gap()
        .set("databases", Expression::Object(databases.collect()))
}

/// Parameters that all databases have with the same value and for the same reason.
fn common_parameters(design: &Design) -> BTreeSet<&Parameter> {
    let mut sets = design
        .databases
        .iter()
        .map(|database| database.parameters.iter().collect::<BTreeSet<_>>());
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |common, own| &common & &own)
}

fn comment(database: &Database) -> Vec<String> {
    let mut paragraphs = origin(&database.origin);
    paragraphs.push(format!(
        "Version: {}",
        sentence(&database.engine_version.why)
    ));
    paragraphs.push(format!("Class: {}", sentence(&database.instance_class.why)));
    if !database.schemas.is_empty() {
        paragraphs.push(format!("Holds: {}.", database.schemas.join(", ")));
    }
    if !database.settings_not_copied.is_empty() {
        paragraphs.push("Settings of the source that are no parameter here:".to_owned());
    }
    let left = database.settings_not_copied.iter();
    paragraphs.extend(
        left.map(|setting| format!("- {} = {}: {}", setting.name, setting.value, setting.why)),
    );
    paragraphs
}

fn value(database: &Database, parameters: Expression) -> Expression {
    let replicas = database.replicas.iter().map(|replica| {
        let class = Expression::from(&replica.instance_class.value);
        entry(
            &replica.key,
            &replica.origin,
            object([("instance_class", class)]),
        )
    });
    let window = database
        .backup_window
        .as_ref()
        .map_or(code("null"), Expression::from);
    object([
        ("environment", Expression::from(&database.environment)),
        ("engine", (&database.engine).into()),
        ("engine_version", (&database.engine_version.value).into()),
        ("instance_class", (&database.instance_class.value).into()),
        ("allocated_storage_gib", database.storage_gib.into()),
        ("max_allocated_storage_gib", database.storage_gib_max.into()),
        ("multi_az", database.multi_az.into()),
        (
            "backup_retention_days",
            database.backup_retention_days.into(),
        ),
        ("backup_window", window),
        ("parameter_family", (&database.parameter_family).into()),
        ("security_group", (&database.security_group).into()),
        ("parameters", parameters),
        ("replicas", Expression::Object(replicas.collect())),
    ])
}

/// Each parameter under the reason for it, those of one reason together; the apply method only where it is not
/// the usual one.
fn parameters<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> Expression {
    let mut sorted: Vec<&Parameter> = parameters.collect();
    sorted.sort_by(|left, right| (&left.why, &left.name).cmp(&(&right.why, &right.name)));
    let mut why = "";
    let mut entries = Vec::new();
    for parameter in sorted {
        let mut entry = Entry::from((&parameter.name, parameter_value(parameter)));
        if parameter.why != why {
            entry.comment = Some(sentence(&parameter.why).into());
        }
        why = &parameter.why;
        entries.push(entry);
    }
    Expression::Object(entries)
}

fn parameter_value(parameter: &Parameter) -> Expression {
    let value = ("value", Expression::from(&parameter.value));
    match parameter.apply {
        ParameterApply::Immediate => inline([value]),
        ParameterApply::PendingReboot => inline([value, ("apply_method", "pending-reboot".into())]),
    }
}

fn main() -> Body {
    Body::new()
        .block(subnet_group())
        .block(block("data", &["aws_caller_identity", "current"]))
        .block(block("data", &["aws_partition", "current"]))
        .block(monitoring_trust())
        .block(monitoring_role())
        .block(monitoring_attachment())
        .block(call())
}

fn subnet_group() -> Block {
    block("resource", &["aws_db_subnet_group", "this"])
        .set("name", code("local.name"))
        .set("description", template("Data tier of ${local.name}"))
        .set(
            "subnet_ids",
            code("values(data.terraform_remote_state.network.outputs.data_subnet_ids)"),
        )
}

fn monitoring_trust() -> Block {
    let principals = block("principals", &[])
        .set("type", "Service")
        .set("identifiers", list(["monitoring.rds.amazonaws.com"]));
    // For this account's databases only: else anybody could have the service write here.
    let own = block("condition", &[])
        .set("test", "StringEquals")
        .set("variable", "aws:SourceAccount")
        .set(
            "values",
            code("[data.aws_caller_identity.current.account_id]"),
        );
    block("data", &["aws_iam_policy_document", "monitoring_trust"]).nest(
        block("statement", &[])
            .set("actions", list(["sts:AssumeRole"]))
            .nest(principals)
            .nest(own),
    )
}

fn monitoring_role() -> Block {
    block("resource", &["aws_iam_role", "monitoring"])
        .set("name", template("${local.name}-rds-monitoring"))
        .set(
            "assume_role_policy",
            code("data.aws_iam_policy_document.monitoring_trust.json"),
        )
}

fn monitoring_attachment() -> Block {
    let policy = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole";
    block(
        "resource",
        &["aws_iam_role_policy_attachment", "monitoring"],
    )
    .set("role", code("aws_iam_role.monitoring.name"))
    .set("policy_arn", template(policy))
}

fn call() -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    let each = |name: &str| code(format!("each.value.{name}"));
    let mut call = module("database", "database")
        .set("for_each", code("local.databases"))
        .gap()
        .set("identifier", template("${local.name}-${each.key}"));
    for name in [
        "environment",
        "engine",
        "engine_version",
        "instance_class",
        "allocated_storage_gib",
        "max_allocated_storage_gib",
        "multi_az",
        "backup_retention_days",
        "backup_window",
        "parameter_family",
        "replicas",
    ] {
        call = call.set(name, each(name));
    }
    call.set(
        "parameters",
        code("merge(local.common_parameters, each.value.parameters)"),
    )
    .gap()
    .set("subnet_group_name", code("aws_db_subnet_group.this.name"))
    .set("security_group_ids", code(group))
    .set(
        "kms_key_arn",
        code("data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]"),
    )
    .set("monitoring_role_arn", code("aws_iam_role.monitoring.arn"))
    .set(
        "log_kms_key_arn",
        code("data.terraform_remote_state.network.outputs.log_kms_key_arn"),
    )
}
