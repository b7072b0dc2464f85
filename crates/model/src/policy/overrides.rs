//! Overrides: what a person decided otherwise than the design's own rules would.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One decision of the design that a person makes, by its name and with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Name of the decision, for example `edge.origin_access`; `design.json` lists all of them.
    pub decision: String,
    /// What it shall be.
    pub value: Scalar,
    /// Why. It stands in the design and beside the generated resource.
    pub reason: String,
}

/// A word, a number, or yes and no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Number(u64),
    /// A word, a block in CIDR notation, an instance type, …
    Word(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Switch(on) => on.fmt(f),
            Scalar::Number(number) => number.fmt(f),
            Scalar::Word(word) => word.fmt(f),
        }
    }
}

/// Whether every override has a reason and stands alone. The error is a text to find the line by, and the message.
pub(super) fn check(overrides: &[Override]) -> Result<(), (String, String)> {
    for (index, one) in overrides.iter().enumerate() {
        let Override {
            decision, reason, ..
        } = one;
        if reason.trim().is_empty() {
            let message = format!("overrides[{index}] of {decision:?} needs a reason");
            return Err((decision.clone(), message));
        }
        if overrides[..index]
            .iter()
            .any(|earlier| earlier.decision == *decision)
        {
            let message = format!("overrides[{index}] decides {decision:?} a second time");
            return Err((decision.clone(), message));
        }
    }
    Ok(())
}
