//! Groups of nodes.

use reberth_model::design::{NodeGroup, Platform};

use super::super::{module, origin, sentence};
use crate::hcl::{Block, Body, Entry, Expression, block, code, inline, list, object, template};

pub(super) fn body(platform: &Platform) -> Body {
    let groups = platform
        .node_groups
        .iter()
        .map(|group| Entry::commented(comment(group), &group.key, value(group)));
    let groups = block("locals", &[]).set("node_groups", Expression::Object(groups.collect()));
    Body::new().block(groups).block(call())
}

fn comment(group: &NodeGroup) -> Vec<String> {
    let mut paragraphs = origin(&group.origin);
    paragraphs.push(format!("Type: {}", sentence(&group.instance_type.why)));
    paragraphs.push(format!("Image: {}", sentence(&group.ami_type.why)));
    paragraphs.push(format!("Size: {}", sentence(&group.size.why)));
    paragraphs
}

fn value(group: &NodeGroup) -> Expression {
    let taints = group.taints.iter().map(|taint| {
        let fields = [("value", &taint.value), ("effect", &taint.effect)];
        (taint.key.as_str(), inline(fields))
    });
    object([
        ("environment", Expression::from(&group.environment)),
        ("instance_type", (&group.instance_type.value).into()),
        ("ami_type", (&group.ami_type.value).into()),
        ("disk_gib", group.disk_gib.into()),
        ("min_size", group.size.min.into()),
        ("desired_size", group.size.desired.into()),
        ("max_size", group.size.max.into()),
        ("replaced_at_once", group.replaced_at_once.into()),
        ("pods_max", group.pods_max.into()),
        ("zones", list(&group.zones)),
        ("security_group", (&group.security_group).into()),
        ("labels", object(&group.labels)),
        ("taints", object(taints)),
    ])
}

/// Nodes wait for networking: without it they never become ready.
fn call() -> Block {
    let security = "data.terraform_remote_state.security.outputs";
    let groups = format!(
        "[module.cluster.security_group_id, {security}.security_group_ids[each.value.security_group]]"
    );
    let mut call = module("node_group", "node-group")
        .set("for_each", code("local.node_groups"))
        .gap()
        .set("name", template("${local.name}-${each.key}"))
        .set("cluster_name", code("module.cluster.name"))
        .comment("A variable of its own would let the nodes run ahead of the cluster by mistake.")
        .set("kubernetes_version", code("module.cluster.version"));
    for name in [
        "environment",
        "instance_type",
        "ami_type",
        "disk_gib",
        "min_size",
        "desired_size",
        "max_size",
        "replaced_at_once",
        "pods_max",
        "labels",
        "taints",
    ] {
        call = call.set(name, code(format!("each.value.{name}")));
    }
    let subnets = "[for zone in each.value.zones : data.terraform_remote_state.network.outputs.app_subnet_ids[zone]]";
    call.gap()
        .set("subnet_ids", code(subnets))
        .set("security_group_ids", code(groups))
        .set(
            "kms_key_arn",
            code(format!("{security}.kms_key_arns[\"compute\"]")),
        )
        .gap()
        .set("depends_on", code("[module.addons_before_nodes]"))
}
