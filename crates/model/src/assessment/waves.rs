//! What moves together.

use serde::{Deserialize, Serialize};

use super::ResourceName;

/// A group of resources that depend on each other and so move at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// Place in the proposed order, from 1.
    pub number: u32,
    /// Name, taken from its members.
    pub name: String,
    /// Environment that its members are labelled with; `None` when they are not.
    pub environment: Option<String>,
    /// Servers, databases, load balancers and volumes, ordered.
    pub members: Vec<ResourceName>,
    /// Why they belong together, and what the order rests on.
    pub why: Vec<String>,
}
