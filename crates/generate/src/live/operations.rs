//! `60-operations`: alarms, backups, the budget.

mod datadog;
mod log_search;

use reberth_model::design::{Design, FileForm, Ingress, MetricsStore};

use super::{Root, arguments, entry, module};
use crate::folder::{Folder, Output, output, variable};
use crate::hcl::{Block, Body, Expression, block, code, list, object, template};

const TEXT: &str = "\
Who is told when something is wrong, what is kept against the loss of the region, and the budget. Put the addresses of those on duty into `alarm_emails`; each
confirms once by a mail from AWS. Where backups are copied into a newer region, switch that region on for the account first.

The steps of a rebuild in another region are in `docs/disaster-recovery.md`.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let mut reads = vec!["00-network"];
    let holds_data = super::data::has_content(design);
    let operations = &design.operations;
    let has_own_trail = design.organization.is_none();
    if holds_data || has_own_trail || operations.log_search || operations.datadog {
        reads.push("10-security");
    }
    if holds_data {
        reads.push("20-data");
    }
    let has_platform = design.platform.is_some();
    if has_platform {
        reads.push("30-platform");
    }
    if !design.services.is_empty() || has_platform && !design.ingresses.is_empty() {
        reads.push("40-apps");
    }
    if !design.ingresses.is_empty() {
        reads.push("50-edge");
    }
    let mut files = vec![("alarms.tf", alarms(design))];
    if !(design.databases.is_empty() && design.buckets.is_empty() && design.files.is_empty()) {
        files.push(("backup.tf", backup(design)));
    }
    if let Some(usd) = design.operations.budget_usd {
        files.push(("budget.tf", budget(usd)));
    }
    let keeps_metrics = design.operations.metrics == MetricsStore::Prometheus;
    if keeps_metrics {
        files.push(("metrics.tf", metrics(design)));
    }
    let mut variables = vec![
        variable(
            "alarm_emails",
            "list(string)",
            "Who is told of alarms and of the budget.",
        )
        .default(list::<&str>([])),
    ];
    let mut outputs = outputs(keeps_metrics);
    if operations.log_search {
        files.push(("log_search.tf", log_search::body(design)));
        outputs.extend(log_search::outputs());
    }
    if operations.datadog {
        files.push(("datadog.tf", datadog::body(design)));
        outputs.extend(datadog::outputs());
        variables.push(datadog::variable());
    }
    Root {
        name: "60-operations",
        text: TEXT,
        reads: &reads,
        outputs,
        variables,
        files,
    }
    .folder(design)
}

fn outputs(keeps_metrics: bool) -> Vec<Output> {
    let mut outputs = vec![output(
        "alarm_topic_arn",
        "Topic that every notice goes through.",
        "module.alarms.topic_arn",
    )];
    if keeps_metrics {
        outputs.extend([
            output(
                "remote_write_url",
                "Where agents write metrics to.",
                "module.metrics.remote_write_url",
            ),
            output(
                "metrics_query_url",
                "The data source of Grafana.",
                "module.metrics.query_url",
            ),
            output(
                "grafana_endpoint",
                "Host name of Grafana; null where it is not part of this.",
                "module.metrics.grafana_endpoint",
            ),
        ]);
    }
    outputs
}

/// Names of the roles that an agent has: its own in a cluster, those of the servers elsewhere.
fn agent_roles(design: &Design, agent: &str) -> String {
    match &design.platform {
        Some(_) => format!("{{ agent = module.{agent}.role_name }}"),
        None if design.services.is_empty() => "{}".to_owned(),
        None => "data.terraform_remote_state.apps.outputs.role_names".to_owned(),
    }
}

/// The role of an agent in a cluster.
fn agent_role(module_name: &str, name: &str, namespace: &str, service_account: &str) -> Block {
    module(module_name, "pod-identity")
        .gap()
        .set("name", template(format!("${{local.name}}-{name}")))
        .set(
            "cluster_name",
            code("data.terraform_remote_state.platform.outputs.cluster_name"),
        )
        .set("namespace", namespace)
        .set("service_account", service_account)
}

fn metrics(design: &Design) -> Body {
    let key = module("metrics_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-metrics"))
        .set("description", template("Metrics of ${local.name}"))
        .set("used_through", list(["aps"]));
    let call = module("metrics", "metrics")
        .gap()
        .set("name", code("local.name"))
        .comment("Rules stand beside their tests, and are read from there.")
        .set(
            "rules",
            code("file(\"${path.module}/../../../../monitoring/prometheus/rules.yml\")"),
        )
        .comment("People come into Grafana through the identity centre.")
        .set("has_grafana", design.safeguards.permission_sets);
    let body = match &design.platform {
        Some(_) => Body::new().block(metrics_agent()),
        None => Body::new(),
    };
    body.block(key).block(arguments(
        call,
        &[
            ("", ""),
            ("topic_arn", "module.alarms.topic_arn"),
            ("writer_roles", &agent_roles(design, "metrics_agent")),
            ("kms_key_arn", "module.metrics_key.arn"),
            (
                "log_kms_key_arn",
                "data.terraform_remote_state.network.outputs.log_kms_key_arn",
            ),
        ],
    ))
}

/// The role of the one agent in a cluster; the module of metrics lets it write.
fn metrics_agent() -> Block {
    agent_role(
        "metrics_agent",
        "metrics-agent",
        "monitoring",
        "prometheus-agent",
    )
}

fn alarms(design: &Design) -> Body {
    let balancers = design
        .ingresses
        .iter()
        .map(|ingress| entry(&ingress.key, &ingress.origin, balancer(ingress)));
    let services = design.services.iter().map(|service| {
        let group = format!(
            "data.terraform_remote_state.apps.outputs.autoscaling_group_names[\"{}\"]",
            service.key
        );
        let value = object([
            ("group", code(group)),
            ("min_size", service.capacity.min.into()),
        ]);
        (service.key.clone(), value)
    });
    let (databases, replicas) = if design.databases.is_empty() {
        ("{}".to_owned(), "[]".to_owned())
    } else {
        let data = "data.terraform_remote_state.data.outputs";
        (
            format!("merge({data}.database_storage_gib, {data}.replica_storage_gib)"),
            format!("keys({data}.replica_storage_gib)"),
        )
    };
    let clusters = design
        .platform
        .as_ref()
        .map(|_| code("[data.terraform_remote_state.platform.outputs.cluster_name]"));
    let call = module("alarms", "alarms")
        .gap()
        .set("name", code("local.name"))
        .set("kms_key_arn", code("module.notice_key.arn"))
        .set("emails", code("var.alarm_emails"))
        .gap()
        .set("databases", code(databases))
        .set("replicas", code(replicas))
        .set("services", object(services))
        .set("load_balancers", Expression::Object(balancers.collect()))
        .set_some("clusters", clusters)
        .set_some(
            "audit_log_group",
            design
                .organization
                .is_none()
                .then(|| code("data.terraform_remote_state.security.outputs.audit_log_group")),
        );
    Body::new()
        .commented(
            "Notices are encrypted under a key that CloudWatch may use: with the service's own key they would be lost.",
            notice_key(),
        )
        .block(call)
}

fn notice_key() -> Block {
    module("notice_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-notices"))
        .set("description", template("Notices of ${local.name}"))
        .set(
            "publishers",
            list(["aps", "budgets", "cloudwatch", "events.rds"]),
        )
}

fn balancer(ingress: &Ingress) -> Expression {
    let of = |root: &str, output: &str, key: &str| {
        code(format!(
            "data.terraform_remote_state.{root}.outputs.{output}[\"{key}\"]"
        ))
    };
    object([
        ("load_balancer", of("edge", "arn_suffixes", &ingress.key)),
        (
            "target_group",
            of("apps", "target_group_arn_suffixes", &ingress.service),
        ),
    ])
}

fn backup(design: &Design) -> Body {
    let operations = &design.operations;
    let data = "data.terraform_remote_state.data.outputs";
    let mut parts = Vec::new();
    if !design.databases.is_empty() {
        parts.push(format!("values({data}.database_arns)"));
    }
    if !design.buckets.is_empty() {
        parts.push(format!("[for bucket in {data}.buckets : bucket.arn]"));
    }
    for (form, name) in [
        (FileForm::Shared, "shared_files"),
        (FileForm::Disk, "data_disks"),
    ] {
        if super::data::files::has(design, form) {
            parts.push(format!("[for files in {data}.{name} : files.arn]"));
        }
    }
    let call = module("backup", "backup")
        .gap()
        .set("name", code("local.name"))
        .set("retention_days", operations.backup_days)
        .set(
            "resource_arns",
            code(format!("concat({})", parts.join(", "))),
        );
    let call = arguments(
        call,
        &[
            ("", ""),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]",
            ),
        ],
    );
    match &operations.copy_region {
        None => Body::new().block(call),
        Some(region) => Body::new()
            .commented(
                "A key cannot leave its region: the copies have their own.",
                copy_key(design, region),
            )
            .block(
                call.gap()
                    .set("copy_region", region)
                    .set("copy_retention_days", operations.backup_days)
                    .set("copy_kms_key_arn", code("module.copy_key.arn")),
            ),
    }
}

fn copy_key(design: &Design, region: &str) -> Block {
    let mut through = vec!["backup", "rds", "s3"];
    if !design.files.is_empty() {
        through.extend(["ec2", "elasticfilesystem"]);
    }
    module("copy_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-copies"))
        .set(
            "description",
            template("Copies of backups of ${local.name}"),
        )
        .set("region", region)
        .set("used_through", list(through))
}

fn budget(usd: u64) -> Body {
    let notice = |kind: &str, percent: u32| {
        block("notification", &[])
            .set("notification_type", kind)
            .set("comparison_operator", "GREATER_THAN")
            .set("threshold", percent)
            .set("threshold_type", "PERCENTAGE")
            .set(
                "subscriber_sns_topic_arns",
                code("[module.alarms.topic_arn]"),
            )
    };
    Body::new().commented(
        "What was promised to the business.",
        block("resource", &["aws_budgets_budget", "this"])
            .set("name", code("local.name"))
            .set("budget_type", "COST")
            .set("time_unit", "MONTHLY")
            .set("limit_amount", usd.to_string())
            .set("limit_unit", "USD")
            .nest(notice("FORECASTED", 80))
            .nest(notice("ACTUAL", 100)),
    )
}
