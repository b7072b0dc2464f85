//! What every bucket has: privacy, versions, encryption, TLS.

use super::{condition, principals, resource};
use crate::hcl::{Block, block, code, list, template};

/// Nothing in the bucket can be made public.
pub(super) fn public_access_block(bucket: &str) -> Block {
    resource("aws_s3_bucket_public_access_block", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .set("block_public_acls", true)
        .set("block_public_policy", true)
        .set("ignore_public_acls", true)
        .set("restrict_public_buckets", true)
}

/// Old versions of objects are kept.
pub(super) fn versioning(bucket: &str) -> Block {
    resource("aws_s3_bucket_versioning", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(block("versioning_configuration", &[]).set("status", "Enabled"))
}

/// Objects are encrypted under the service's own key.
pub(super) fn encryption(bucket: &str) -> Block {
    let default =
        block("apply_server_side_encryption_by_default", &[]).set("sse_algorithm", "AES256");
    resource("aws_s3_bucket_server_side_encryption_configuration", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(block("rule", &[]).nest(default))
}

/// Objects go after some days, their old versions after thirty more.
pub(super) fn expiry(bucket: &str, days: &str) -> Block {
    let rule = block("rule", &[])
        .set("id", "expire")
        .set("status", "Enabled")
        .nest(block("filter", &[]))
        .nest(block("expiration", &[]).set("days", code(days)))
        .nest(block("noncurrent_version_expiration", &[]).set("noncurrent_days", 30_u32))
        .nest(block("abort_incomplete_multipart_upload", &[]).set("days_after_initiation", 7_u32));
    resource("aws_s3_bucket_lifecycle_configuration", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(rule)
}

/// Refuses requests without TLS.
pub(super) fn deny_plain(bucket: &str) -> Block {
    block("statement", &[])
        .set("sid", "RefusedWithoutTls")
        .set("effect", "Deny")
        .set("actions", list(["s3:*"]))
        .set(
            "resources",
            list([
                code(format!("aws_s3_bucket.{bucket}.arn")),
                template(format!("${{aws_s3_bucket.{bucket}.arn}}/*")),
            ]),
        )
        .nest(principals("AWS", list(["*"])))
        .nest(condition("Bool", "aws:SecureTransport", list(["false"])))
}
