//! Software that EKS installs and keeps, and the rights of it.

use reberth_model::design::{ClusterAddon, Platform, PodAddressing};

use super::super::{arguments, module, origin, sentence};
use super::{grants, is_of_addon};
use crate::hcl::{Block, Body, Entry, Expression, block, call, code, object, template};

/// The add-on that gives pods their addresses.
const NETWORKING: &str = "vpc-cni";

pub(super) fn body(platform: &Platform) -> Body {
    let addons = |before_nodes: bool| {
        let wanted = platform
            .cluster_addons
            .iter()
            .filter(move |addon| addon.before_nodes == before_nodes);
        Expression::Object(wanted.map(|addon| entry(addon, platform)).collect())
    };
    let locals = block("locals", &[])
        .comment("Nodes are not ready without these.")
        .set("addons_before_nodes", addons(true))
        .gap()
        .comment("These run on nodes.")
        .set("addons_on_nodes", addons(false));
    let body = Body::new()
        .block(locals)
        .block(addons_call("before_nodes"))
        .block(
            addons_call("on_nodes")
                .gap()
                .set("depends_on", code("[module.node_group]")),
        );
    if platform
        .identities
        .iter()
        .any(|own| is_of_addon(platform, own))
    {
        body.block(identities(platform)).block(identity_call())
    } else {
        body
    }
}

fn entry(addon: &ClusterAddon, platform: &Platform) -> Entry {
    let mut comment = origin(&addon.origin);
    comment.push(format!("Version: {}", sentence(&addon.version.why)));
    let mut fields: Vec<(&str, Expression)> = vec![("version", (&addon.version.value).into())];
    if addon.name == NETWORKING {
        fields.push(("settings", networking(platform)));
    }
    if let Some(identity) = addon
        .identity
        .as_ref()
        .and_then(|key| platform.identity(key))
    {
        let role = format!("module.addon_identity[\"{}\"].role_arn", identity.key);
        fields.push(("service_account", (&identity.service_account).into()));
        fields.push(("role_arn", code(role)));
    }
    Entry::commented(comment, &addon.name, object(fields))
}

/// Settings of the networking add-on, all of them texts, as it reads them.
fn networking(platform: &Platform) -> Expression {
    let network = &platform.pod_network;
    let mut environment: Vec<(&str, Expression)> = Vec::new();
    if network.addressing == PodAddressing::Prefixes {
        environment.push(("ENABLE_PREFIX_DELEGATION", "true".into()));
        environment.push(("WARM_PREFIX_TARGET", "1".into()));
    }
    if !network.subnets.is_empty() {
        environment.push(("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "true".into()));
        environment.push(("ENI_CONFIG_LABEL_DEF", "topology.kubernetes.io/zone".into()));
    }
    let mut settings: Vec<Entry> = Vec::new();
    if !environment.is_empty() {
        settings.push(Entry::commented(
            sentence(&network.origin.why),
            "env",
            object(environment),
        ));
    }
    if !network.subnets.is_empty() {
        settings.push(("eniConfig", own_subnets(platform)).into());
    }
    settings.push(("enableNetworkPolicy", "true").into());
    call("jsonencode(", Expression::Object(settings))
}

/// Pods have subnets of their own, one in each zone, found by the name that the zone has in this account.
fn own_subnets(platform: &Platform) -> Expression {
    let groups = platform.node_groups.iter().map(|group| {
        code(format!(
            "data.terraform_remote_state.security.outputs.security_group_ids[\"{}\"]",
            group.security_group
        ))
    });
    let groups = Expression::List(
        std::iter::once(code("module.cluster.security_group_id"))
            .chain(groups)
            .collect(),
    );
    object([
        ("create", Expression::from(true)),
        ("region", code("var.region")),
        (
            "subnets",
            call(
                "{ for subnet in values(data.terraform_remote_state.network.outputs.pod_subnets) : subnet.availability_zone => ",
                object([("id", code("subnet.id")), ("securityGroups", groups)]),
            ),
        ),
    ])
}

fn addons_call(when: &str) -> Block {
    let call = module(&format!("addons_{when}"), "cluster-addons");
    arguments(
        call,
        &[
            ("", ""),
            ("cluster_name", "module.cluster.name"),
            ("addons", &format!("local.addons_{when}")),
        ],
    )
}

fn identities(platform: &Platform) -> Block {
    let own = platform
        .identities
        .iter()
        .filter(|own| is_of_addon(platform, own));
    let entries = own.map(|identity| {
        Entry::commented(
            origin(&identity.origin),
            &identity.key,
            grants::value(identity, platform),
        )
    });
    block("locals", &[]).set("addon_identities", Expression::Object(entries.collect()))
}

/// The add-on itself binds the role to its service account.
fn identity_call() -> Block {
    let call = module("addon_identity", "pod-identity")
        .set("for_each", code("local.addon_identities"))
        .gap()
        .set("name", template("${local.name}-${each.key}"))
        .set("is_bound", false);
    arguments(
        call,
        &[
            ("cluster_name", "module.cluster.name"),
            ("namespace", "each.value.namespace"),
            ("service_account", "each.value.service_account"),
            ("managed_policies", "each.value.managed_policies"),
            ("statements", "each.value.statements"),
        ],
    )
}
