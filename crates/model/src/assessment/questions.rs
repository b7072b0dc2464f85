//! The framework's questions, with the risk that the checks leave in each.

use serde::{Deserialize, Serialize};

/// One question of the Well-Architected Framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its number, for example `SEC05`.
    pub id: String,
    /// Pillar, for example `security`.
    pub pillar: String,
    /// The risk: that of the worst check that is not waived.
    pub risk: Risk,
    /// The checks that speak to it, ordered by id; none when people alone can answer.
    pub checks: Vec<String>,
    /// Number of these that the data decided.
    pub by_data: u64,
    /// Number of these that a person answered.
    pub by_person: u64,
    /// Number of these that nobody answered yet.
    pub open: u64,
}

/// The risk of a question, in the words of the Well-Architected Tool.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// A check of high or critical severity fails.
    High,
    /// A check of lower severity fails.
    Medium,
    /// Nothing is known to be wrong, and not everything is answered.
    Unanswered,
    /// Everything is answered, and nothing fails that is not waived.
    None,
    /// None of its checks applies.
    NotApplicable,
}

/// A question that only people can answer. The answer goes into `reberth.yaml` under `answers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenQuestion {
    /// Id of the check that waits for it.
    pub check: String,
    /// What should be true.
    pub asks: String,
    /// When the answer is yes.
    pub yes_when: String,
    /// Number of resources it is asked of; 0 when it is asked of the whole estate.
    pub resources: u64,
}
