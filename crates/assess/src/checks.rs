//! Runs the rules over the catalog and applies what people said.

use reberth_model::assessment::{Check, CheckResult, Evidence, ResourceName};
use reberth_model::estate::Estate;

use crate::catalog::CatalogCheck;
use crate::engine::Family;
use crate::rules::{self, Context};
use crate::statements::Statements;
use crate::target_rules::{self, Target};

/// Every check of the catalog with its result, ordered by id.
pub(crate) fn evaluate(
    estate: &Estate,
    context: &Context,
    target: &Target,
    statements: &Statements,
) -> Vec<Check> {
    context
        .catalog
        .checks
        .iter()
        .map(|entry| {
            let (mut evidence, reason) = if entry.scope == "source" {
                look(entry, estate, context)
            } else {
                look_ahead(entry, target)
            };
            evidence.sort_by(|a, b| {
                (a.result, &a.resource, &a.attribute).cmp(&(b.result, &b.resource, &b.attribute))
            });
            judge(entry, evidence, reason, statements)
        })
        .collect()
}

/// Why a rule gave no evidence, and whether the check is unknown or does not apply.
type Undecided = Option<(CheckResult, String)>;

/// What the rule of a check of the target says of the design and the estimate.
fn look_ahead(entry: &CatalogCheck, target: &Target) -> (Vec<Evidence>, Undecided) {
    let unknown = |reason: String| (Vec::new(), Some((CheckResult::Unknown, reason)));
    let stage = &entry.stage;
    let Some(rule) = target_rules::of(&entry.id) else {
        return unknown(format!(
            "decided at stage {stage}: it needs {}",
            entry.evidence.join("; ")
        ));
    };
    match (rule.check)(target) {
        None => unknown(format!(
            "decided at stage {stage}: there is no design to look at yet"
        )),
        Some(evidence) if evidence.is_empty() => {
            let reason = "the design has nothing of the kind".to_owned();
            (evidence, Some((CheckResult::NotApplicable, reason)))
        }
        Some(evidence) => (evidence, None),
    }
}

/// What the rule of a check of the source found; without evidence, the reason and whether it is unknown or does not apply.
fn look(entry: &CatalogCheck, estate: &Estate, context: &Context) -> (Vec<Evidence>, Undecided) {
    if !applies(entry, estate) {
        let reason = format!(
            "speaks of {}; this estate has none",
            entry.applies_to.join(", ")
        );
        return (Vec::new(), Some((CheckResult::NotApplicable, reason)));
    }
    let rule = rules::of(&entry.id)
        .expect("every check of the source has a rule, as a test of the rules shows");
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
    for item in &mut evidence {
        item.query = rules::query_behind(item, estate);
    }
    (evidence, None)
}

/// Whether the check speaks of this provider, or of something that the estate holds.
fn applies(entry: &CatalogCheck, estate: &Estate) -> bool {
    entry
        .applies_to
        .iter()
        .any(|subject| match subject.as_str() {
            "dns" => estate.of_kind("dns_record").next().is_some(),
            "postgres" => has_engine(estate, Family::Postgres),
            "mysql" => has_engine(estate, Family::Mysql),
            "redis" => has_engine(estate, Family::KeyValue),
            provider => provider == estate.provider,
        })
}

fn has_engine(estate: &Estate, family: Family) -> bool {
    // Databases that may not be listed may be of any engine.
    rules::hidden(estate, "database").is_some()
        || estate
            .data_stores()
            .any(|(_, database)| Family::of(&database.engine) == family)
}

fn judge(
    entry: &CatalogCheck,
    evidence: Vec<Evidence>,
    undecided: Undecided,
    statements: &Statements,
) -> Check {
    // The results are ordered from worst to best, and unknown is worse than pass.
    let worst = evidence.iter().map(|item| item.result).min();
    let (seen, mut reason) = match (undecided, worst) {
        (Some(undecided), _) => undecided,
        (None, Some(CheckResult::Unknown)) => (CheckResult::Unknown, open(entry, &evidence)),
        (None, Some(result)) => (result, count_in_words(&evidence)),
        (None, None) => (CheckResult::Unknown, "nothing was looked at".to_owned()),
    };
    // A person's word decides what the data leave open, and nothing else.
    let answer = statements
        .answer(&entry.id)
        .filter(|_| seen == CheckResult::Unknown);
    let found = match answer {
        Some(answer) if answer.holds => CheckResult::Pass,
        Some(_) => CheckResult::Fail,
        None => seen,
    };
    if let Some(answer) = answer {
        reason = format!(
            "answered by {} on {}: {}",
            answer.name, answer.on, answer.reason
        );
    }
    let waiver = statements
        .waiver(&entry.id)
        .filter(|_| found == CheckResult::Fail);
    Check {
        id: entry.id.clone(),
        scope: entry.scope.clone(),
        pillar: entry.pillar.clone(),
        question: entry.wa_question.clone(),
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
        resources: resources_with(&evidence, seen),
        evidence,
        pass_when: entry.pass_when.clone(),
        remedy: entry.remedy.clone(),
        waiver: waiver.cloned(),
        answer: answer.cloned(),
    }
}

fn problem(entry: &CatalogCheck) -> String {
    let source = rules::of(&entry.id).map(|rule| rule.problem);
    let target = target_rules::of(&entry.id).map(|rule| rule.problem);
    source
        .or(target)
        .map_or_else(|| format!("Not so: {}", entry.title), str::to_owned)
}

fn resources_with(evidence: &[Evidence], result: CheckResult) -> Vec<ResourceName> {
    let mut resources: Vec<ResourceName> = evidence
        .iter()
        .filter(|item| item.result == result)
        .filter_map(|item| item.resource.clone())
        .collect();
    // The evidence is ordered by resource within a result.
    resources.dedup();
    resources
}

/// How much is open, and who can close it.
fn open(entry: &CatalogCheck, evidence: &[Evidence]) -> String {
    let count = count_in_words(evidence);
    let needed = entry.evidence.join("; ");
    match entry.automation.as_str() {
        "ask" => format!("{count}; a question for people: {needed}"),
        "semi" => format!("{count}; needs a person's word beside what can be read: {needed}"),
        _ => format!("{count}; it needs: {needed}"),
    }
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
