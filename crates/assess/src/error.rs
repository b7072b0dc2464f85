//! What can be wrong with the arguments of an assessment.

/// Why an assessment was refused. Each is a mistake in the input: trying again without a change does not help.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AssessError {
    /// The day of the assessment is not a date.
    #[error("the day {given:?} is not a date; write it as YYYY-MM-DD")]
    Today {
        /// What was given.
        given: String,
    },
    /// A waiver's last day is not a date.
    #[error(
        "the waiver of {check} expires on {given:?}, which is not a date; write YYYY-MM-DD in reberth.yaml under waivers"
    )]
    WaiverExpiry {
        /// The check waived.
        check: String,
        /// What stands in the policy.
        given: String,
    },
    /// A waiver names a check that the catalog does not have, so it would silently do nothing.
    #[error(
        "the waiver by {name} names the check {check:?}, which is not in the catalog; copy the id from the assessment report into reberth.yaml"
    )]
    WaiverCheck {
        /// The id in the policy.
        check: String,
        /// Who accepted it.
        name: String,
    },
    /// An answer can never count.
    #[error(
        "the answer by {name} to the check {check:?} does not count: {why}; mend it in reberth.yaml under answers"
    )]
    Answer {
        /// The id in the policy.
        check: String,
        /// Who answered.
        name: String,
        /// Why it cannot count.
        why: &'static str,
    },
    /// A decision to weigh is not understood.
    #[error(
        "--what-if {given:?} is not understood: {why}; write for example nat=single or class:NAME=TYPE"
    )]
    WhatIf {
        /// What was given.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file is no price list of AWS.
    #[error(
        "the price list cannot be read: {why}; give the JSON file of one service and region from the AWS Price List, as `index.json`"
    )]
    PriceList {
        /// What is wrong with it.
        why: String,
    },
}

impl AssessError {
    /// The code of the error's page.
    pub fn code(&self) -> &'static str {
        match self {
            AssessError::Today { .. } => "RB-ASS-001",
            AssessError::WaiverExpiry { .. } => "RB-ASS-002",
            AssessError::WaiverCheck { .. } => "RB-ASS-003",
            AssessError::Answer { .. } => "RB-ASS-004",
            AssessError::WhatIf { .. } => "RB-ASS-005",
            AssessError::PriceList { .. } => "RB-ASS-006",
        }
    }
}
