//! Distributions of `50-edge`.

use reberth_model::design::{Delivered, Design, Distribution};

use crate::hcl::{Block, Body, Expression, block, code, list, object, template};
use crate::live::{arguments, entry, module};

/// Whether it delivers files.
pub(super) fn is_of_bucket(distribution: &Distribution) -> bool {
    matches!(distribution.delivers, Delivered::Bucket(_))
}

/// `distributions.tf`.
pub(super) fn body(design: &Design) -> Body {
    let distributions = design
        .edge
        .distributions
        .iter()
        .map(|one| entry(&one.key, &one.origin, value(one)));
    Body::new()
        .block(
            block("locals", &[]).set("distributions", Expression::Object(distributions.collect())),
        )
        .block(call(design))
}

fn value(distribution: &Distribution) -> Expression {
    let (ingress, bucket) = match &distribution.delivers {
        Delivered::Ingress(key) => (Expression::from(key), code("null")),
        Delivered::Bucket(key) => (code("null"), Expression::from(key)),
    };
    object([
        ("ingress", ingress),
        ("bucket", bucket),
        ("domain_name", (&distribution.domain).into()),
        ("alternative_names", list(&distribution.alternative_names)),
    ])
}

fn call(design: &Design) -> Block {
    let all = &design.edge.distributions;
    let balancer = if all.iter().all(is_of_bucket) {
        "null"
    } else {
        "each.value.ingress == null ? null : module.ingress[each.value.ingress]"
    };
    let bucket = if all.iter().any(is_of_bucket) {
        "each.value.bucket == null ? null : data.terraform_remote_state.data.outputs.buckets[each.value.bucket]"
    } else {
        "null"
    };
    let call = module("cdn", "cdn")
        .set("for_each", code("local.distributions"))
        .gap()
        .set("name", template("${local.name}-${each.key}"))
        .set("domain_name", code("each.value.domain_name"))
        .set("alternative_names", code("each.value.alternative_names"))
        .gap()
        .set("load_balancer", code(balancer))
        .set("bucket", code(bucket))
        .set("origin_access", design.edge.origin_access.word());
    arguments(
        call,
        &[
            ("", ""),
            ("web_acl_arn", "module.edge_firewall.arn"),
            (
                "log_bucket_arn",
                "data.terraform_remote_state.security.outputs.log_bucket_arn",
            ),
        ],
    )
}
