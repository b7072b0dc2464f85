//! The estates and policies that the tests judge.

use reberth_assess::{AssessError, Question, Scenario, assess};
use reberth_model::assessment::Assessment;
use reberth_model::estate::{Attributes, Estate};
use reberth_model::policy::Policy;

/// The day that the recording was made on.
pub(crate) const TODAY: &str = "2026-11-22";

pub(crate) fn edtech() -> Estate {
    serde_json::from_str(include_str!("fixtures/edtech-estate.json"))
        .expect("the fixture is an estate")
}

/// The fixture with each resource changed by `change`.
pub(crate) fn edtech_with(change: impl Fn(&mut Attributes)) -> Estate {
    let mut estate = edtech();
    for resource in &mut estate.resources {
        change(&mut resource.attributes);
    }
    estate
}

pub(crate) fn policy(more: &str) -> Policy {
    let text = format!(
        "schema: 1\nproject: edtech\nsource:\n  provider: digitalocean\ntarget:\n  region: ap-south-1\n{more}"
    );
    Policy::parse(&text).expect("a policy")
}

pub(crate) fn judge(estate: &Estate) -> Assessment {
    judge_by(estate, &policy(""), TODAY).expect("an assessment")
}

pub(crate) fn judge_by(
    estate: &Estate,
    policy: &Policy,
    today: &str,
) -> Result<Assessment, AssessError> {
    assess(Question {
        estate,
        estate_bytes: b"",
        policy,
        today,
        design: None,
        price_lists: &[],
        scenario: &Scenario::default(),
    })
}

/// Names of the resources that the check speaks of, ordered.
pub(crate) fn names(assessment: &Assessment, check: &str) -> Vec<String> {
    let check = assessment.check(check).expect(check);
    let mut names: Vec<String> = check
        .resources
        .iter()
        .map(|resource| resource.name.clone())
        .collect();
    names.sort();
    names
}
