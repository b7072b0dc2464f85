//! The framework's questions and the risk of each, reckoned as the Well-Architected Tool does.
//!
//! There a question has choices, and rules that give the risk from the choices that are not chosen. Here a check is a choice; one that
//! fails is not chosen; a waived or inapplicable one is taken out, as the tool takes out a choice marked as not applicable. The risk is that of the worst
//! check left: high when a critical or high one fails, medium when a lesser one does. A question of which something is open is unanswered, not without
//! risk.

use reberth_model::assessment::{Check, CheckResult, OpenQuestion, Question, Risk, Severity};

use crate::catalog::Catalog;

/// The pillars in the framework's order: beginning of the question's number, number of questions, name.
const PILLARS: [(&str, u32, &str); 6] = [
    ("OPS", 11, "operational-excellence"),
    ("SEC", 11, "security"),
    ("REL", 13, "reliability"),
    ("PERF", 5, "performance-efficiency"),
    ("COST", 11, "cost-optimization"),
    ("SUS", 6, "sustainability"),
];

/// Every question, in the framework's order.
pub(crate) fn all(checks: &[Check]) -> Vec<Question> {
    PILLARS
        .iter()
        .flat_map(|(start, count, pillar)| {
            (1..=*count).map(move |number| {
                let id = format!("{start}{number:02}");
                question(id, pillar, checks)
            })
        })
        .collect()
}

fn question(id: String, pillar: &str, checks: &[Check]) -> Question {
    let of_question: Vec<&Check> = checks
        .iter()
        .filter(|check| check.question.as_deref() == Some(id.as_str()))
        .collect();
    let count = |wanted: &dyn Fn(&Check) -> bool| {
        of_question.iter().filter(|check| wanted(check)).count() as u64
    };
    let is_open = |check: &Check| check.result == CheckResult::Unknown;
    let applies = |check: &Check| check.result != CheckResult::NotApplicable;
    Question {
        pillar: pillar.to_owned(),
        risk: risk(&of_question),
        checks: of_question.iter().map(|check| check.id.clone()).collect(),
        by_data: count(&|check| applies(check) && !is_open(check) && check.answer.is_none()),
        by_person: count(&|check| check.answer.is_some()),
        open: count(&is_open),
        id,
    }
}

fn risk(checks: &[&Check]) -> Risk {
    let worst = checks
        .iter()
        .filter(|check| check.result == CheckResult::Fail)
        .map(|check| check.severity)
        .min();
    let any = |result| checks.iter().any(|check| check.result == result);
    match worst {
        Some(severity) if severity <= Severity::High => Risk::High,
        Some(_) => Risk::Medium,
        None if checks.is_empty() || any(CheckResult::Unknown) => Risk::Unanswered,
        None if any(CheckResult::Pass) || any(CheckResult::Waived) => Risk::None,
        None => Risk::NotApplicable,
    }
}

/// What waits for a person: checks that no data will ever decide alone, and that are open.
pub(crate) fn for_people(checks: &[Check], catalog: &Catalog) -> Vec<OpenQuestion> {
    let for_people = |check: &&Check| {
        let entry = catalog.checks.iter().find(|entry| entry.id == check.id);
        entry.is_some_and(|entry| {
            entry.automation != "auto" || BEYOND_ANY_API.contains(&check.id.as_str())
        })
    };
    checks
        .iter()
        .filter(|check| check.result == CheckResult::Unknown && check.scope == "source")
        .filter(for_people)
        .map(|check| OpenQuestion {
            check: check.id.clone(),
            asks: check.title.clone(),
            yes_when: check.pass_when.clone(),
            resources: check.resources.len() as u64,
        })
        .collect()
}

/// Checks that the catalog marks as automatic, of which the part that decides lies outside of any API that discovery reads: idle things, restores, logs,
/// old names, alerts, repositories, health, staging copies, region.
const BEYOND_ANY_API: &[&str] = &[
    "RB-S-COST-01",
    "RB-S-OPS-07",
    "RB-S-OPS-08",
    "RB-S-OPS-09",
    "RB-S-OPS-10",
    "RB-S-OPS-11",
    "RB-S-PERF-03",
    "RB-S-REL-04",
    "RB-S-REL-06",
    "RB-S-REL-10",
    "RB-S-SUS-01",
];
