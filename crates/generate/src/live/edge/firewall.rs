//! Web firewalls: one of the scope CLOUDFRONT for all distributions, one of the scope REGIONAL for public load balancers.

use reberth_model::design::Design;

use crate::hcl::{Block, Body, template};
use crate::live::{arguments, module};

/// Whether a public load balancer needs a firewall in the region.
pub(super) fn has_regional(design: &Design) -> bool {
    design.ingresses.iter().any(|ingress| !ingress.is_private)
}

/// `main.tf`.
pub(super) fn body(design: &Design) -> Body {
    let mut body = Body::new();
    if !design.edge.distributions.is_empty() {
        body = body
            .commented(
                "What belongs to CloudFront lives in us-east-1, the key of its firewall's log too.",
                edge_key(),
            )
            .block(edge_firewall(design));
    }
    if has_regional(design) {
        body = body.block(regional_firewall(design));
    }
    body
}

fn edge_key() -> Block {
    module("edge_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-edge-logs"))
        .set("description", template("Logs of the edge of ${local.name}"))
        .set("region", "us-east-1")
        .set("encrypts_logs", true)
}

fn edge_firewall(design: &Design) -> Block {
    let call = module("edge_firewall", "web-firewall")
        .gap()
        .set("name", template("${local.name}-edge"))
        .set("scope", "CLOUDFRONT")
        .set("region", "us-east-1");
    arguments(
        limits(design, call),
        &[("", ""), ("log_kms_key_arn", "module.edge_key.arn")],
    )
}

fn regional_firewall(design: &Design) -> Block {
    let call = module("firewall", "web-firewall")
        .gap()
        .set("name", crate::hcl::code("local.name"))
        .set("scope", "REGIONAL")
        .set("region", crate::hcl::code("var.region"));
    arguments(
        limits(design, call),
        &[
            ("", ""),
            (
                "log_kms_key_arn",
                "data.terraform_remote_state.network.outputs.log_kms_key_arn",
            ),
        ],
    )
}

fn limits(design: &Design, call: Block) -> Block {
    let edge = &design.edge;
    call.gap()
        .set("requests_per_five_minutes", edge.requests_per_five_minutes)
        .set("sign_ins_per_five_minutes", edge.sign_ins_per_five_minutes)
        .set("managed_rules_block", edge.managed_rules_block)
}
