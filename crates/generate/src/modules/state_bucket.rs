//! `modules/state-bucket`: the bucket that holds Terraform's state.

use super::bucket::{deny_plain, encryption, public_access_block, versioning};
use super::{data, policy_json, principals, resource};
use crate::folder::{Folder, module_versions, output, variable};
use crate::hcl::{Block, Body, block, code, list, template};

const TEXT: &str = "\
A bucket for Terraform's state: versioned, encrypted, private, TLS only. Locks are objects beside the state (`use_lockfile`); no table is
needed.";

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/state-bucket".to_owned(),
        title: "state-bucket".to_owned(),
        text: TEXT.to_owned(),
        variables: vec![
            variable("bucket", "string", "Name of the bucket."),
            variable(
                "users",
                "list(string)",
                "ARNs of roles of other accounts that read and write states and take and release locks.",
            )
            .default(list::<&str>([])),
        ],
        outputs: vec![output(
            "bucket",
            "Name of the bucket.",
            "aws_s3_bucket.state.id",
        )],
        files: [("main.tf", main()), ("versions.tf", module_versions())].into(),
        written: [(
            "module.tftest.hcl",
            include_str!("state_bucket/module.tftest.hcl"),
        )]
        .into(),
        ..Folder::default()
    }
}

fn main() -> Body {
    Body::new()
        .block(
            resource("aws_s3_bucket", "state")
                .comment("checkov:skip=CKV_AWS_18:Reads of the state are recorded by the account's trail")
                .comment("checkov:skip=CKV_AWS_144:The state is rebuilt by import; versions guard against mistakes")
                .comment("checkov:skip=CKV_AWS_145:The state must be readable before the first key exists")
                .comment("checkov:skip=CKV2_AWS_61:Every version of the state is kept")
                .comment("checkov:skip=CKV2_AWS_62:Nobody waits for writes of the state")
                .set("bucket", code("var.bucket"))
                .nest(block("lifecycle", &[]).set("prevent_destroy", true)),
        )
        .block(public_access_block("state"))
        .block(versioning("state"))
        .block(encryption("state"))
        .block(
            data("aws_iam_policy_document", "state")
                .nest(used("UsedForStates", &["s3:GetObject", "s3:PutObject"], "/*"))
                .nest(used("ReleasedLocks", &["s3:DeleteObject"], "/*.tflock"))
                .nest(used("Listed", &["s3:ListBucket"], ""))
                .nest(deny_plain("state")),
        )
        .block(
            resource("aws_s3_bucket_policy", "state")
                .set("bucket", code("aws_s3_bucket.state.id"))
                .set("policy", policy_json("state")),
        )
}

/// Lets the users do something in the bucket, where there are any.
fn used(sid: &str, actions: &[&str], objects: &str) -> Block {
    block("dynamic", &["statement"])
        .set(
            "for_each",
            code("length(var.users) == 0 ? [] : [var.users]"),
        )
        .nest(
            block("content", &[])
                .set("sid", sid)
                .set("actions", list(actions.iter().copied()))
                .set(
                    "resources",
                    list([template(format!("${{aws_s3_bucket.state.arn}}{objects}"))]),
                )
                .nest(principals("AWS", code("statement.value"))),
        )
}
