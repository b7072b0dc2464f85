//! Runs the rules over the catalog and applies the waivers.

use std::collections::BTreeMap;

use reberth_model::assessment::{Check, CheckResult, Evidence, ResourceName};
use reberth_model::estate::Estate;
use reberth_model::policy::{Policy, Waiver};

use crate::catalog::{Catalog, CatalogCheck};
use crate::date::Date;
use crate::error::AssessError;
use crate::rules::{self, Context};

/// The waivers that hold on `today`, by check. An expired one is left out; one that can never hold is refused.
pub(crate) fn waivers_in_force(
    policy: &Policy,
    catalog: &Catalog,
    today: Date,
) -> Result<BTreeMap<String, Waiver>, AssessError> {
    let mut in_force = BTreeMap::new();
    for waiver in &policy.waivers {
        if !catalog.checks.iter().any(|check| check.id == waiver.check) {
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

/// Every check of the catalog with its result, ordered by id.
pub(crate) fn evaluate(
    estate: &Estate,
    context: &Context,
    waivers: &BTreeMap<String, Waiver>,
) -> Vec<Check> {
    context
        .catalog
        .checks
        .iter()
        .map(|entry| {
            let (evidence, reason) = look(entry, estate, context);
            judge(entry, evidence, reason, waivers.get(&entry.id))
        })
        .collect()
}

/// What the rule of a check found; without evidence, the reason and whether it is unknown or does not apply.
fn look(
    entry: &CatalogCheck,
    estate: &Estate,
    context: &Context,
) -> (Vec<Evidence>, Option<(CheckResult, String)>) {
    if entry.scope != "source" {
        let reason = format!(
            "decided at stage {}: there is no target to look at yet",
            entry.stage
        );
        return (Vec::new(), Some((CheckResult::Unknown, reason)));
    }
    if !applies(entry, estate) {
        let reason = format!(
            "speaks of {}; this estate has none",
            entry.applies_to.join(", ")
        );
        return (Vec::new(), Some((CheckResult::NotApplicable, reason)));
    }
    let Some(rule) = rules::RULES.iter().find(|rule| rule.id == entry.id) else {
        return (
            Vec::new(),
            Some((CheckResult::Unknown, open_question(entry))),
        );
    };
    if let Some(hidden) = rule
        .reads
        .iter()
        .find_map(|kind| rules::hidden(estate, kind))
    {
        let reason = format!("{} could not be read: {}", hidden.what, hidden.reason);
        return (Vec::new(), Some((CheckResult::Unknown, reason)));
    }
    let mut evidence = (rule.check)(estate, context);
    evidence.extend(
        rule.reads
            .iter()
            .flat_map(|kind| rules::hidden_in_part(estate, kind)),
    );
    if evidence.is_empty() {
        let reason = format!(
            "the estate has no {}",
            rule.reads.join(" and no ").replace('_', " ")
        );
        return (evidence, Some((CheckResult::NotApplicable, reason)));
    }
    evidence.sort_by(|a, b| {
        (a.result, &a.resource, &a.attribute).cmp(&(b.result, &b.resource, &b.attribute))
    });
    (evidence, None)
}

/// Why a check without a rule is not decided: what it needs is not in the estate.
fn open_question(entry: &CatalogCheck) -> String {
    let needed = entry.evidence.join("; ");
    match entry.automation.as_str() {
        "ask" => format!("a question for people: {needed}"),
        "semi" => format!("needs a person's word and more than the provider's API tells: {needed}"),
        _ => format!("the provider's API does not tell; it needs: {needed}"),
    }
}

/// Whether the check speaks of this provider, or of something that the estate holds.
fn applies(entry: &CatalogCheck, estate: &Estate) -> bool {
    entry
        .applies_to
        .iter()
        .any(|subject| match subject.as_str() {
            "dns" => estate.of_kind("dns_record").next().is_some(),
            "postgres" => has_engine(estate, &["pg", "advanced_pg", "postgres"]),
            "mysql" => has_engine(estate, &["mysql", "advanced_mysql"]),
            "redis" => has_engine(estate, &["redis", "valkey"]),
            provider => provider == estate.provider,
        })
}

fn has_engine(estate: &Estate, names: &[&str]) -> bool {
    // Databases that may not be listed may be of any engine.
    rules::hidden(estate, "database").is_some()
        || estate
            .data_stores()
            .any(|(_, database)| names.contains(&database.engine.as_str()))
}

fn judge(
    entry: &CatalogCheck,
    evidence: Vec<Evidence>,
    undecided: Option<(CheckResult, String)>,
    waiver: Option<&Waiver>,
) -> Check {
    // The results are ordered from worst to best, and unknown is worse than pass.
    let worst = evidence.iter().map(|item| item.result).min();
    let (found, reason) = match (undecided, worst) {
        (Some(undecided), _) => undecided,
        (None, Some(result)) => (result, count_in_words(&evidence)),
        (None, None) => (CheckResult::Unknown, "nothing was looked at".to_owned()),
    };
    let waiver = waiver.filter(|_| found == CheckResult::Fail).cloned();
    Check {
        id: entry.id.clone(),
        scope: entry.scope.clone(),
        pillar: entry.pillar.clone(),
        best_practice: entry.wa_best_practice.clone(),
        title: entry.title.clone(),
        problem: (found == CheckResult::Fail).then(|| problem(entry)),
        severity: entry.severity,
        result: if waiver.is_some() {
            CheckResult::Waived
        } else {
            found
        },
        reason,
        resources: resources_with(&evidence, found),
        evidence,
        pass_when: entry.pass_when.clone(),
        remedy: entry.remedy.clone(),
        waiver,
    }
}

fn problem(entry: &CatalogCheck) -> String {
    let rule = rules::RULES.iter().find(|rule| rule.id == entry.id);
    rule.map_or_else(
        || format!("Not so: {}", entry.title),
        |rule| rule.problem.to_owned(),
    )
}

fn resources_with(evidence: &[Evidence], result: CheckResult) -> Vec<ResourceName> {
    let mut resources: Vec<ResourceName> = Vec::new();
    for item in evidence.iter().filter(|item| item.result == result) {
        if let Some(resource) = &item.resource
            && !resources.contains(resource)
        {
            resources.push(resource.clone());
        }
    }
    resources
}

fn count_in_words(evidence: &[Evidence]) -> String {
    let count = |result| evidence.iter().filter(|item| item.result == result).count();
    [
        (count(CheckResult::Fail), "fail"),
        (count(CheckResult::Unknown), "unknown"),
        (count(CheckResult::Pass), "pass"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}
