//! `modules/encryption-key`: a KMS key for one class of data, with a policy that names who may use it.

use super::{allow, condition, data, policy_json, principals, resource};
use crate::folder::{Folder, module_versions, output, variable};
use crate::hcl::{Block, Body, block, code, list, template};

const TEXT: &str = "\
A KMS key that is rotated every year. Its policy lets IAM policies of the account govern it, and lets the named AWS services use
it on behalf of callers in this account only. Without those statements, Auto Scaling cannot start servers with encrypted
disks and CloudWatch cannot write encrypted logs: the commonest failure of a first apply.";

const USE: &[&str] = &[
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
];

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/encryption-key".to_owned(),
        title: "encryption-key".to_owned(),
        text: TEXT.to_owned(),
        variables: vec![
            variable("name", "string", "Name of the key's alias."),
            variable("description", "string", "What the key protects."),
            variable(
                "used_through",
                "list(string)",
                "Services that use the key on behalf of callers in this account, for example ec2 or rds.",
            )
            .default(list::<&str>([])),
            variable(
                "region",
                "string",
                "Region that the key lives in; null for the provider's own.",
            )
            .default(code("null")),
            variable("encrypts_logs", "bool", "Whether CloudWatch Logs uses the key.").default(false),
            variable(
                "publishers",
                "list(string)",
                "Services that publish to topics encrypted under the key, for example cloudwatch.",
            )
            .default(list::<&str>([])),
        ],
        outputs: vec![output("arn", "ARN of the key.", "aws_kms_key.this.arn")],
        files: [("main.tf", main()), ("policy.tf", policy()), ("versions.tf", module_versions())].into(),
        written: [("module.tftest.hcl", include_str!("encryption_key/module.tftest.hcl"))].into(),
        ..Folder::default()
    }
}

fn main() -> Body {
    Body::new()
        .block(
            resource("aws_kms_key", "this")
                .set("region", code("local.region"))
                .set("description", code("var.description"))
                .set("enable_key_rotation", true)
                .set("deletion_window_in_days", 30_u32)
                .set("policy", policy_json("this")),
        )
        .block(
            resource("aws_kms_alias", "this")
                .set("region", code("local.region"))
                .set("name", template("alias/${var.name}"))
                .set("target_key_id", code("aws_kms_key.this.key_id")),
        )
}

fn policy() -> Body {
    Body::new()
        .block(block("locals", &[]).set(
            "region",
            code("coalesce(var.region, data.aws_region.current.region)"),
        ))
        .block(data("aws_caller_identity", "current"))
        .block(data("aws_partition", "current"))
        .block(data("aws_region", "current"))
        .block(
            data("aws_iam_policy_document", "this")
                .comment("checkov:skip=CKV_AWS_109:In a key policy the resource * is this key only")
                .comment("checkov:skip=CKV_AWS_111:In a key policy the resource * is this key only")
                .comment("checkov:skip=CKV_AWS_356:In a key policy the resource * is this key only")
                .nest(account())
                .nest(services())
                .nest(grants())
                .nest(logs())
                .nest(publishers()),
        )
}

fn account() -> Block {
    let root = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root";
    allow("GovernedByAccount", &["kms:*"], list(["*"]))
        .nest(principals("AWS", list([template(root)])))
}

fn services() -> Block {
    per_service(through("UsedThroughServices", USE))
}

/// Disks and databases take a grant on the key when they are made.
fn grants() -> Block {
    let for_resources = condition("Bool", "kms:GrantIsForAWSResource", list(["true"]));
    per_service(through("GrantedThroughServices", &["kms:CreateGrant"]).nest(for_resources))
}

/// The pattern of the keys that AWS itself manages: whoever calls, in this account, through these services.
fn through(sid: &str, actions: &[&str]) -> Block {
    let service =
        "[for service in var.used_through : \"${service}.${local.region}.amazonaws.com\"]";
    block("content", &[])
        .set("sid", sid)
        .set("actions", list(actions.iter().copied()))
        .set("resources", list(["*"]))
        .nest(principals("AWS", list(["*"])))
        .nest(condition(
            "StringEquals",
            "kms:CallerAccount",
            list([code("data.aws_caller_identity.current.account_id")]),
        ))
        .nest(condition("StringEquals", "kms:ViaService", code(service)))
}

fn per_service(content: Block) -> Block {
    block("dynamic", &["statement"])
        .set("for_each", code("length(var.used_through) > 0 ? [1] : []"))
        .nest(content)
}

fn logs() -> Block {
    let service = "logs.${local.region}.amazonaws.com";
    let groups = "arn:${data.aws_partition.current.partition}:logs:${local.region}:\
                  ${data.aws_caller_identity.current.account_id}:log-group:*";
    let content = block("content", &[])
        .set("sid", "UsedByCloudWatchLogs")
        .set("actions", list(USE.iter().copied()))
        .set("resources", list(["*"]))
        .nest(principals("Service", list([template(service)])))
        .nest(condition(
            "ArnLike",
            "kms:EncryptionContext:aws:logs:arn",
            list([template(groups)]),
        ));
    block("dynamic", &["statement"])
        .set("for_each", code("var.encrypts_logs ? [1] : []"))
        .nest(content)
}

/// Without it alarms on an encrypted topic are lost without a word.
fn publishers() -> Block {
    let services = "[for service in var.publishers : \"${service}.amazonaws.com\"]";
    let content = block("content", &[])
        .set("sid", "UsedByPublishers")
        .set("actions", list(["kms:Decrypt", "kms:GenerateDataKey*"]))
        .set("resources", list(["*"]))
        .nest(principals("Service", code(services)))
        .nest(condition(
            "StringEquals",
            "aws:SourceAccount",
            list([code("data.aws_caller_identity.current.account_id")]),
        ));
    block("dynamic", &["statement"])
        .set("for_each", code("length(var.publishers) > 0 ? [1] : []"))
        .nest(content)
}
