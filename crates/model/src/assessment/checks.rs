//! Checks, their evidence, and what blocks.

use serde::{Deserialize, Serialize};

use crate::policy::{Answer, Waiver};

/// One check of the catalog and what it says of this estate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Id in the catalog, for example `RB-S-SEC-06`.
    pub id: String,
    /// `source` or `target`.
    pub scope: String,
    /// Pillar of the Well-Architected Framework, for example `security`.
    pub pillar: String,
    /// Question of the framework it belongs to, for example `SEC05`.
    #[serde(default)]
    pub question: Option<String>,
    /// Best practice of the framework it belongs to, for example `SEC05-BP02`.
    pub best_practice: Option<String>,
    /// What should be true, as a sentence.
    pub title: String,
    /// What is wrong, as a sentence, when it fails or is waived.
    pub problem: Option<String>,
    /// How bad it is when it is not.
    pub severity: Severity,
    /// What the data say.
    pub result: CheckResult,
    /// Why there is no verdict, or how many resources led to it.
    pub reason: String,
    /// The resources that led to the result: the failing ones of a failed check, the unknown ones of an unknown.
    pub resources: Vec<ResourceName>,
    /// Everything that was looked at: failures first, then unknowns, then passes, each by name.
    pub evidence: Vec<Evidence>,
    /// When the check passes.
    pub pass_when: String,
    /// What to do about it.
    pub remedy: String,
    /// The waiver that holds, when the result is [`CheckResult::Waived`].
    pub waiver: Option<Waiver>,
    /// The person's answer that decided it, where the data did not.
    #[serde(default)]
    pub answer: Option<Answer>,
}

/// What a check says. Unknown is never pass.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// The data show that it is not so.
    Fail,
    /// It fails, and a named person accepts that until a stated day.
    Waived,
    /// The data do not tell.
    Unknown,
    /// The data show that it is so.
    Pass,
    /// There is nothing of the kind that the check looks at.
    NotApplicable,
}

/// How bad a failed check is: critical blocks the cutover, high blocks it unless waived, the others are reported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks.
    Critical,
    /// Blocks unless waived.
    High,
    /// Reported.
    Medium,
    /// Reported.
    Low,
}

/// A resource of the estate, by all the names that people use.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ResourceName {
    /// Kind, for example `database`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// The provider's identifier.
    pub id: String,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What this one says.
    pub result: CheckResult,
    /// The resource; `None` when the evidence is of the whole estate.
    pub resource: Option<ResourceName>,
    /// The attribute read, for example `settings.binlog_retention_period`.
    pub attribute: String,
    /// Its value, or why there is none.
    pub value: String,
    /// The query that gave it, for example `GET /v2/databases/{id}/firewall`; empty when nothing that was asked tells it.
    #[serde(default)]
    pub query: String,
}

/// Something that stops the migration until somebody acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blocker {
    /// The check it comes from; `None` when no check covers it.
    pub check: Option<String>,
    /// The step that cannot be taken: `replicate` or `cutover`.
    pub stops: String,
    /// What is in the way.
    pub what: String,
    /// The resources it concerns.
    pub resources: Vec<ResourceName>,
    /// What removes it.
    pub remedy: String,
    /// Whether a waiver in the policy would remove it too.
    pub waivable: bool,
}
