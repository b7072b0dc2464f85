//! Buckets of `20-data`.

use reberth_model::design::{Bucket, Delivered, Design};

use crate::folder::{Output, output};
use crate::hcl::{Block, Body, Expression, block, code, object, template};
use crate::live::{arguments, entry, module};

/// `buckets.tf`.
pub(super) fn body(design: &Design) -> Body {
    let buckets = design
        .buckets
        .iter()
        .map(|bucket| entry(&bucket.key, &bucket.origin, value(design, bucket)));
    let mut body = Body::new()
        .block(block("locals", &[]).set("buckets", Expression::Object(buckets.collect())));
    // Databases ask for the account already, in `main.tf`.
    if design.databases.is_empty() {
        body = body.block(block("data", &["aws_caller_identity", "current"]));
    }
    body.block(call(some_exist(design)))
}

fn value(design: &Design, bucket: &Bucket) -> Expression {
    let is_delivered = design
        .edge
        .distributions
        .iter()
        .any(|one| matches!(&one.delivers, Delivered::Bucket(key) if *key == bucket.key));
    let mut fields = vec![
        ("name", Expression::from(&bucket.name)),
        ("is_delivered", is_delivered.into()),
    ];
    if some_exist(design) {
        fields.push(("exists", bucket.exists.into()));
    }
    object(fields)
}

fn some_exist(design: &Design) -> bool {
    design.buckets.iter().any(|bucket| bucket.exists)
}

/// All of AWS shares the names of buckets; one that exists already has its own.
fn call(some_exist: bool) -> Block {
    let new = "${each.value.name}-${data.aws_caller_identity.current.account_id}";
    let name = match some_exist {
        false => template(new),
        true => code(format!("each.value.exists ? each.value.name : \"{new}\"")),
    };
    let key = "each.value.is_delivered ? null : data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]";
    let call = module("bucket", "object-bucket")
        .set("for_each", code("local.buckets"))
        .gap()
        .comment("All of AWS shares the names of buckets.")
        .set("name", name)
        .gap()
        .comment("What a distribution shows to everybody needs no key of its own, and the distribution writes the policy.");
    arguments(
        call,
        &[
            ("kms_key_arn", key),
            ("has_own_policy", "each.value.is_delivered"),
            (
                "log_bucket",
                "data.terraform_remote_state.security.outputs.log_bucket",
            ),
        ],
    )
}

/// Outputs of the buckets.
pub(super) fn outputs() -> Vec<Output> {
    vec![output(
        "buckets",
        "Name, ARN and regional host name of the buckets by key.",
        "{ for key, bucket in module.bucket : key => { name = bucket.name, arn = bucket.arn, domain_name = bucket.domain_name } }",
    )]
}
