//! The way of the runner into the cluster, which goes away with it.

use reberth_model::design::{ClusterPrincipal, Platform};

use super::super::sentence;
use crate::cluster_rights;
use crate::hcl::{Block, Body, block, code, list, object, template};

const CLUSTER: &str = "data.terraform_remote_state.platform.outputs";

pub(super) fn body(platform: &Platform) -> Body {
    let body = Body::new()
        .block(block("data", &["aws_partition", "current"]))
        .commented(
            "The runner finds the cluster's address, and reaches it inside the network.",
            look(),
        )
        .block(policy())
        .block(rule())
        .block(entry());
    let access = platform.cluster.access.iter();
    access
        .filter(|own| own.principal == ClusterPrincipal::MigrationRunner)
        .fold(body, |body, own| {
            body.commented(
                sentence(&own.why),
                association(&own.key, &own.policy, &own.namespaces),
            )
        })
}

fn look() -> Block {
    block("data", &["aws_iam_policy_document", "cluster"]).nest(
        block("statement", &[])
            .set("sid", "FindCluster")
            .set("actions", list(["eks:DescribeCluster"]))
            .set("resources", code(format!("[{CLUSTER}.cluster_arn]"))),
    )
}

fn policy() -> Block {
    block("resource", &["aws_iam_role_policy", "cluster"])
        .set("name", "find-cluster")
        .set("role", code("module.runner.role_name"))
        .set("policy", code("data.aws_iam_policy_document.cluster.json"))
}

fn rule() -> Block {
    block(
        "resource",
        &["aws_vpc_security_group_ingress_rule", "cluster"],
    )
    .set("description", "The runner of the migration")
    .set(
        "security_group_id",
        code(format!("{CLUSTER}.cluster_security_group_id")),
    )
    .set("ip_protocol", "tcp")
    .set("from_port", 443_u32)
    .set("to_port", 443_u32)
    .set(
        "referenced_security_group_id",
        code("module.runner.security_group_id"),
    )
    .gap()
    .set("tags", object([("Name", template("${local.name}-runner"))]))
}

fn entry() -> Block {
    block("resource", &["aws_eks_access_entry", "runner"])
        .set("cluster_name", code(format!("{CLUSTER}.cluster_name")))
        .set("principal_arn", code("module.runner.role_arn"))
        .set("kubernetes_groups", list([cluster_rights::GROUP]))
}

fn association(key: &str, policy: &str, namespaces: &[String]) -> Block {
    let scope = if namespaces.is_empty() {
        block("access_scope", &[]).set("type", "cluster")
    } else {
        block("access_scope", &[])
            .set("type", "namespace")
            .set("namespaces", list(namespaces))
    };
    let arn = format!(
        "arn:${{data.aws_partition.current.partition}}:eks::aws:cluster-access-policy/{policy}"
    );
    block(
        "resource",
        &["aws_eks_access_policy_association", &key.replace('-', "_")],
    )
    .set("cluster_name", code(format!("{CLUSTER}.cluster_name")))
    .set(
        "principal_arn",
        code("aws_eks_access_entry.runner.principal_arn"),
    )
    .set("policy_arn", template(arn))
    .nest(scope)
}
