use super::{Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange};

const BLOCKS: [&str; 4] = [
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
];

/// Refuses to open a bucket to everybody. A site is served through a distribution that alone may read its bucket.
pub(super) static RULE: Rule = Rule {
    id: "no-public-bucket",
    title: "No bucket is open to everybody.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    let change = &resource.change;
    match resource.kind.as_str() {
        "aws_s3_bucket_public_access_block" if resource.makes() => {
            let is_unsure = |name: &&&str| !change.afterwards(name).is_true();
            let name = BLOCKS.iter().find(is_unsure)?;
            Some(match change.afterwards(name) {
                Afterwards::Unknown => Verdict::Unknown(format!("{name} comes with the apply")),
                _ => Verdict::Refused(format!("{name} would not be true")),
            })
        }
        "aws_s3_bucket_public_access_block" if resource.removes() => Some(Verdict::Refused(
            "the block of public access would be taken off".to_owned(),
        )),
        "aws_s3_bucket_acl" if resource.makes() => {
            let acl = change.after["acl"].as_str().unwrap_or_default();
            acl.starts_with("public-")
                .then(|| Verdict::Refused(format!("its acl would be {acl}")))
        }
        _ => None,
    }
}
