//! Decisions of a design: what had an alternative, and who chose.

use serde::{Deserialize, Serialize};

/// A choice between alternatives, which a policy may make otherwise.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Decision {
    /// Its name, for example `edge.origin_access` or `services.lms-web.instance_type`.
    pub id: String,
    /// What was chosen.
    pub value: String,
    /// What it was chosen over.
    pub alternative: String,
    /// Why, in a sentence.
    pub why: String,
    /// What the policy may set it to, in words.
    pub may_be: String,
    /// The reason that the policy gave; `None` when the design's own rule chose.
    pub overridden: Option<String>,
}

impl super::Design {
    /// The decision of that name.
    pub fn decision(&self, id: &str) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.id == id)
    }
}
