//! What a change may do to people, in words. The rules refuse; a risk only says.

use serde::{Deserialize, Serialize};

use crate::changeset::Verb;
use crate::plan_document::ResourceChange;
use crate::rules::DATA_STORES;

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Data are lost.
    Loss,
    /// It can never be taken back.
    Irreversible,
    /// Something is away for a while.
    Interruption,
}

/// What may go wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// How bad.
    pub level: Level,
    /// Why.
    pub why: String,
}

/// Attributes of databases and caches that take a restart or a failover to change.
const RESTARTING: [&str; 8] = [
    "engine_version",
    "instance_class",
    "instance_type",
    "multi_az",
    "node_type",
    "parameter_group_name",
    "storage_type",
    "ca_cert_identifier",
];

/// The risk of a change, if there is one worth a line.
pub(crate) fn risk_of(resource: &ResourceChange, verb: Verb) -> Option<Risk> {
    let kind = resource.kind.as_str();
    let holds_data = DATA_STORES.contains(&kind);
    let risk = |level, why: String| Some(Risk { level, why });
    match verb {
        Verb::Destroy | Verb::Replace if holds_data => risk(Level::Loss, format!("{kind} holds data: they go with it")),
        Verb::Destroy => risk(Level::Interruption, "what uses it loses it".to_owned()),
        Verb::Replace if resource.change.actions.first().is_some_and(|first| first == "create") => None,
        Verb::Replace => risk(Level::Interruption, "it is away from its removal until the new one is there".to_owned()),
        Verb::Create if is_compliance_lock(resource) => risk(
            Level::Irreversible,
            "an object lock in compliance mode: nobody can delete what it holds, or the bucket, before the time is up".to_owned(),
        ),
        Verb::Change => restarting(resource).and_then(|name| {
            risk(Level::Interruption, format!("a change of {name} takes a restart or a failover"))
        }),
        _ => None,
    }
}

fn is_compliance_lock(resource: &ResourceChange) -> bool {
    resource.kind == "aws_s3_bucket_object_lock_configuration"
        && resource.change.after.to_string().contains("\"COMPLIANCE\"")
}

fn restarting(resource: &ResourceChange) -> Option<&'static str> {
    let is_server = ["aws_db_", "aws_rds_", "aws_elasticache_", "aws_instance"];
    if !is_server
        .iter()
        .any(|prefix| resource.kind.starts_with(prefix))
    {
        return None;
    }
    let change = &resource.change;
    let differs = |name: &&&str| change.before[**name] != change.after[**name];
    RESTARTING.iter().find(differs).copied()
}
