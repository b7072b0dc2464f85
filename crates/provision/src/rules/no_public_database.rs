use super::{Rule, Surroundings, Verdict};
use crate::plan_document::ResourceChange;

const KINDS: [&str; 4] = [
    "aws_db_instance",
    "aws_rds_cluster_instance",
    "aws_redshift_cluster",
    "aws_dms_replication_instance",
];

/// Refuses a database that gets a public address.
pub(super) static RULE: Rule = Rule {
    id: "no-public-database",
    title: "No database has a public address.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    let is_public = resource.change.afterwards("publicly_accessible").is_true();
    (resource.makes() && resource.is_one_of(&KINDS) && is_public)
        .then(|| Verdict::Refused("publicly_accessible would be true".to_owned()))
}
