//! The design: the complete target, with no choice left for whoever carries it out. Owned by the `design` stage.
//!
//! A design is immutable. Its [`Design::hash`] is the SHA-256 of the document's own bytes with the field
//! `hash` empty, so anyone can recompute it; a change makes a new design that names the old one as parent.

mod accounts;
mod arrival;
mod compute;
mod database;
mod decision;
mod edge;
mod files;
mod left_behind;
mod network;
mod platform;
mod safeguards;
mod security;
mod storage;

pub use accounts::*;
pub use arrival::*;
pub use compute::*;
pub use database::*;
pub use decision::*;
pub use edge::*;
pub use files::*;
pub use left_behind::*;
pub use network::*;
pub use platform::*;
pub use safeguards::*;
pub use security::*;
pub use storage::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::document;
use crate::policy::Adopted;

/// The complete target, `design.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Design {
    /// Format version, 1.
    pub schema: u32,
    /// SHA-256 of this document with this field empty.
    pub hash: String,
    /// Hash of the design that this one follows.
    pub parent: Option<String>,
    /// Hashes of what the design was derived from.
    pub inputs: Inputs,
    /// Where the application shall run.
    pub target: Target,
    /// The accounts of an organization; `None` where one account holds everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// The virtual network.
    pub network: Network,
    /// Encryption keys, one for each class of data.
    pub keys: Vec<EncryptionKey>,
    /// Security groups, ordered by key.
    pub security_groups: Vec<SecurityGroup>,
    /// Databases, ordered by key.
    pub databases: Vec<Database>,
    /// Groups of servers, ordered by key.
    pub services: Vec<Service>,
    /// The cluster that runs applications in containers; `None` when servers run them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Load balancers, ordered by key.
    pub ingresses: Vec<Ingress>,
    /// Buckets for files, ordered by key.
    #[serde(default)]
    pub buckets: Vec<Bucket>,
    /// Files that outlive servers, ordered by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileStore>,
    /// Caches, ordered by key.
    #[serde(default)]
    pub caches: Vec<Cache>,
    /// What stands between users and load balancers.
    #[serde(default)]
    pub edge: Edge,
    /// Security services, the audit trail, people's access.
    #[serde(default)]
    pub safeguards: Safeguards,
    /// Alarms, backups, the budget.
    #[serde(default)]
    pub operations: Operations,
    /// How data moves, and what exists for that time only.
    #[serde(default)]
    pub migration: Migration,
    /// What is in AWS already and becomes part of this, ordered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<Adopted>,
    /// What had an alternative, ordered by id.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// What was found at the source and is not part of this design, ordered.
    pub not_carried: Vec<NotCarried>,
}

/// SHA-256 hashes of the documents that a design was derived from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Inputs {
    /// Of the estate's bytes.
    pub estate_sha256: String,
    /// Of the policy, serialised as a document.
    pub policy_sha256: String,
    /// Of what the assessment says of the source.
    pub assessment_sha256: String,
}

/// Where the application shall run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Target {
    /// Short name of the migration.
    pub project: String,
    /// Name of the environment.
    pub environment: String,
    /// AWS region.
    pub region: String,
    /// Provider that the application comes from.
    pub source_provider: String,
    /// Bucket that holds the state of the infrastructure code.
    pub state_bucket: String,
    /// Tags of everything, beside those that the code sets itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Where an item of the design comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// Ids of the estate's resources, ordered; empty when the policy or a rule alone asks for the item.
    pub from: Vec<String>,
    /// The decision, in words.
    pub why: String,
}

/// A value that had alternatives, with the reason for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Choice {
    /// What was chosen.
    pub value: String,
    /// Why.
    pub why: String,
}

/// A resource of the estate, or a part of one, that this design leaves where it is.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct NotCarried {
    /// Kind of the resource.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which part and why, or what comes instead.
    pub why: String,
}

impl Design {
    /// The hash that [`Design::hash`] must hold: SHA-256 of the document with that field empty.
    pub fn content_hash(&self) -> Result<String, serde_json::Error> {
        let unhashed = Design {
            hash: String::new(),
            ..self.clone()
        };
        Ok(document::sha256_hex(&document::to_bytes(&unhashed)?))
    }
}
