//! What people accept for a while, and what they answer.

use serde::{Deserialize, Serialize};

/// A finding that a person accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the check, for example `RB-S-SEC-04`.
    pub check: String,
    /// Who accepts it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Last day it holds (YYYY-MM-DD).
    pub expires: String,
}

/// A person's answer to a check that the data leave open. It never makes a failed check pass: that takes a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Id of the check, for example `RB-S-REL-04`.
    pub check: String,
    /// Whether what the check asks for is so.
    pub holds: bool,
    /// Who says so.
    pub name: String,
    /// What it rests on.
    pub reason: String,
    /// The day it was said (YYYY-MM-DD).
    pub on: String,
}

/// One finding of one rule over plans that a person accepts for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanWaiver {
    /// The rule, for example `data-store-kept`.
    pub rule: String,
    /// Address of the resource, exactly as the plan shows it.
    pub address: String,
    /// Who accepts it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Last day it holds (YYYY-MM-DD).
    pub expires: String,
}
