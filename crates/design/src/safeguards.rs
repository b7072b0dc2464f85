//! Security services, the audit trail, people's access.

use reberth_model::design::{Safeguards, TrailLock};

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const NONE: &str = "none";
const GOVERNANCE: &str = "governance";
const COMPLIANCE: &str = "compliance";
/// Ten years.
const LOCK_DAYS_MAX: u64 = 3653;

/// Designs the safeguards of an environment.
pub(crate) fn design(
    environment: &str,
    decisions: &mut Decisions<'_>,
) -> Result<Safeguards, DesignError> {
    let is_prod = environment == "prod";
    let trail_lock = trail_lock(is_prod, decisions)?;
    let trail_lock_days = match trail_lock {
        TrailLock::None => 1,
        _ => decisions.number(&Question {
            id: "security.trail_lock_days",
            value: if is_prod { "90" } else { "1" },
            alternative: "365",
            why: "an intruder is mostly found within weeks; a longer lock is asked for by rules that a business stands under",
            may_be: Values::Number(1, LOCK_DAYS_MAX),
        })?,
    };
    Ok(Safeguards {
        baseline: switch(
            decisions,
            "security.baseline",
            true,
            "an account without GuardDuty and Security Hub learns of an intruder from others; if the account has them, they are imported",
        )?,
        record_configuration: switch(
            decisions,
            "security.record_configuration",
            true,
            "Config tells who changed what and when, and Security Hub's checks read it; each recorded change is billed",
        )?,
        permission_sets: switch(
            decisions,
            "security.permission_sets",
            true,
            "people come in through one door with sessions that end, and no user of AWS is made for them",
        )?,
        trail_lock,
        trail_lock_days,
    })
}

fn trail_lock(is_prod: bool, decisions: &mut Decisions<'_>) -> Result<TrailLock, DesignError> {
    let (value, alternative) = if is_prod {
        (GOVERNANCE, COMPLIANCE)
    } else {
        (NONE, GOVERNANCE)
    };
    let choice = decisions.decide(&Question {
        id: "security.trail_lock",
        value,
        alternative,
        why: "compliance can be taken back by nobody, not even by the root user or AWS, until its days are over; so it is set only when asked for by name",
        may_be: Values::OneOf(&[NONE, GOVERNANCE, COMPLIANCE]),
    })?;
    Ok(match choice.value.as_str() {
        GOVERNANCE => TrailLock::Governance,
        COMPLIANCE => TrailLock::Compliance,
        _ => TrailLock::None,
    })
}

fn switch(
    decisions: &mut Decisions<'_>,
    id: &str,
    value: bool,
    why: &str,
) -> Result<bool, DesignError> {
    decisions.switch(&Question {
        id,
        value: &value.to_string(),
        alternative: &(!value).to_string(),
        why,
        may_be: Values::Switch,
    })
}
