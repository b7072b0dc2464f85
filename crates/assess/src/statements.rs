//! What people said about checks: waivers and answers.

use std::collections::BTreeMap;

use reberth_model::policy::{Answer, Policy, Waiver};

use crate::catalog::Catalog;
use crate::date::Date;
use crate::error::AssessError;

/// Waivers and answers that hold, by check.
pub(crate) struct Statements {
    waivers: BTreeMap<String, Waiver>,
    answers: BTreeMap<String, Answer>,
}

impl Statements {
    /// Those of `policy` that hold on `today`. An expired waiver is left out; a statement that can never hold is refused.
    pub(crate) fn of(
        policy: &Policy,
        catalog: &Catalog,
        today: Date,
    ) -> Result<Statements, AssessError> {
        Ok(Statements {
            waivers: waivers_in_force(policy, catalog, today)?,
            answers: answers(policy, catalog)?,
        })
    }

    /// The waiver of a check.
    pub(crate) fn waiver(&self, check: &str) -> Option<&Waiver> {
        self.waivers.get(check)
    }

    /// The answer to a check.
    pub(crate) fn answer(&self, check: &str) -> Option<&Answer> {
        self.answers.get(check)
    }
}

fn answers(policy: &Policy, catalog: &Catalog) -> Result<BTreeMap<String, Answer>, AssessError> {
    let mut answers = BTreeMap::new();
    for answer in &policy.answers {
        let refuse = |why| AssessError::Answer {
            check: answer.check.clone(),
            name: answer.name.clone(),
            why,
        };
        if !catalog.has(&answer.check) {
            return Err(refuse("the catalog has no such check"));
        }
        if Date::parse(&answer.on).is_none() {
            return Err(refuse("its day is not written YYYY-MM-DD"));
        }
        if answers
            .insert(answer.check.clone(), answer.clone())
            .is_some()
        {
            return Err(refuse("the same check is answered twice"));
        }
    }
    Ok(answers)
}

/// The waivers that hold on `today`, by check. An expired one is left out; one that can never hold is refused.
fn waivers_in_force(
    policy: &Policy,
    catalog: &Catalog,
    today: Date,
) -> Result<BTreeMap<String, Waiver>, AssessError> {
    let mut in_force = BTreeMap::new();
    for waiver in &policy.waivers {
        if !catalog.has(&waiver.check) {
            return Err(AssessError::WaiverCheck {
                check: waiver.check.clone(),
                name: waiver.name.clone(),
            });
        }
        let expires = Date::parse(&waiver.expires).ok_or_else(|| AssessError::WaiverExpiry {
            check: waiver.check.clone(),
            given: waiver.expires.clone(),
        })?;
        if today <= expires {
            in_force.insert(waiver.check.clone(), waiver.clone());
        }
    }
    Ok(in_force)
}
