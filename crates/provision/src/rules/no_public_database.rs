use super::{Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange};

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
    if !resource.makes() || !resource.is_one_of(&KINDS) {
        return None;
    }
    match resource.change.afterwards("publicly_accessible") {
        Afterwards::Value(value) if *value == true => Some(Verdict::Refused(
            "publicly_accessible would be true".to_owned(),
        )),
        Afterwards::Unknown => Some(Verdict::Unknown(
            "publicly_accessible comes with the apply".to_owned(),
        )),
        _ => None,
    }
}
