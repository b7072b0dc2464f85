//! The cluster and who may use it.

use reberth_model::design::{Choice, Cluster, ClusterAccess, ClusterPrincipal, Platform};

use super::super::{arguments, module, origin, sentence};
use crate::cluster_rights;
use crate::hcl::{Block, Body, Entry, Expression, block, code, list, object};

pub(super) fn body(platform: &Platform) -> Body {
    let cluster = &platform.cluster;
    let entries = cluster.access.iter().filter_map(entry);
    let access = block("locals", &[])
        .comment("The runner of the migration has an entry of its own, which goes away with it.")
        .set("access", Expression::Object(entries.collect()));
    Body::new()
        .commented(comment(cluster), call(cluster))
        .block(access)
}

fn comment(cluster: &Cluster) -> Vec<String> {
    let mut paragraphs = origin(&cluster.origin);
    let Choice { value, why } = &cluster.version;
    paragraphs.push(format!("Kubernetes {value}. {}", sentence(why)));
    if let Some(day) = &cluster.standard_support_ends {
        paragraphs.push(format!("Standard support of this version ends on {day}."));
    }
    paragraphs.push(format!("Support: {}", sentence(&cluster.support_type.why)));
    paragraphs
}

fn call(cluster: &Cluster) -> Block {
    let public = list(&cluster.public_access_cidr);
    let call = module("cluster", "cluster")
        .gap()
        .set("name", &cluster.name)
        .set("kubernetes_version", &cluster.version.value)
        .set("support_type", &cluster.support_type.value)
        .set("service_cidr", &cluster.service_cidr)
        .set("public_access_cidrs", public)
        .set("log_types", list(&cluster.log_types))
        .set("log_retention_days", cluster.log_retention_days);
    let key = format!(
        "data.terraform_remote_state.security.outputs.kms_key_arns[\"{}\"]",
        cluster.encryption_key
    );
    arguments(
        call,
        &[
            ("", ""),
            (
                "subnet_ids",
                "values(data.terraform_remote_state.network.outputs.app_subnet_ids)",
            ),
            ("kms_key_arn", &key),
            (
                "log_kms_key_arn",
                "data.terraform_remote_state.network.outputs.log_kms_key_arn",
            ),
            ("", ""),
            (
                "access",
                "{ for key, entry in local.access : key => entry if entry.principal_arn != null }",
            ),
        ],
    )
}

/// The entry of a principal that stays; `None` for the runner.
fn entry(access: &ClusterAccess) -> Option<Entry> {
    let role = match access.principal {
        ClusterPrincipal::InfrastructureRole => "var.infrastructure_role_arn",
        ClusterPrincipal::DeployRole => "var.deploy_role_arn",
        ClusterPrincipal::MigrationRunner => return None,
    };
    let mut value = vec![
        ("principal_arn", code(role)),
        ("policy", (&access.policy).into()),
        ("namespaces", list(&access.namespaces)),
    ];
    if access.principal == ClusterPrincipal::DeployRole {
        value.push(("groups", list([cluster_rights::GROUP])));
    }
    let value = object(value);
    Some(Entry::commented(sentence(&access.why), &access.key, value))
}
