use super::{Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange};

/// The attribute by which a type is encrypted.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("aws_db_instance", "storage_encrypted"),
    ("aws_rds_cluster", "storage_encrypted"),
    ("aws_ebs_volume", "encrypted"),
    ("aws_efs_file_system", "encrypted"),
    (
        "aws_elasticache_replication_group",
        "at_rest_encryption_enabled",
    ),
    ("aws_docdb_cluster", "storage_encrypted"),
    ("aws_redshift_cluster", "encrypted"),
];

/// Refuses a new store of data that is not encrypted: it cannot be encrypted later without being made anew.
pub(super) static RULE: Rule = Rule {
    id: "encrypted-at-rest",
    title: "What holds data is encrypted from its first day.",
    check,
};

fn check(resource: &ResourceChange, _: &Surroundings) -> Option<Verdict> {
    let change = &resource.change;
    let (_, attribute) = ATTRIBUTES.iter().find(|(kind, _)| *kind == resource.kind)?;
    // A replica is encrypted as its primary is, and a copy of a snapshot as the snapshot.
    let is_copy = ["replicate_source_db", "snapshot_identifier", "snapshot_id"]
        .iter()
        .any(|field| change.afterwards(field) != Afterwards::Unset);
    if !change.has("create") || is_copy {
        return None;
    }
    match change.afterwards(attribute) {
        Afterwards::Value(value) if *value == true || value == "true" => None,
        Afterwards::Unknown => Some(Verdict::Unknown(format!(
            "{attribute} comes with the apply"
        ))),
        _ => Some(Verdict::Refused(format!("{attribute} would not be true"))),
    }
}
