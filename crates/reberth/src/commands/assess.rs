//! `reberth assess`: findings, costs and blockers, and the report that people read.

mod what_if;

use std::fs;
use std::path::PathBuf;

use reberth_assess::{PriceList, Question, Scenario};
use reberth_model::assessment::{Assessment, CheckResult, Severity, Total};
use reberth_model::design::Design;
use reberth_model::document::{sha256_hex, to_bytes};
use reberth_model::estate::Estate;
use serde_json::{Value, json};

use crate::atomic_file;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::{Project, optional};
use crate::record::Record;
use crate::settings::AssessSettings;
use crate::table::table;

const SEVERITIES: [(Severity, &str); 4] = [
    (Severity::Critical, "critical"),
    (Severity::High, "high"),
    (Severity::Medium, "medium"),
    (Severity::Low, "low"),
];

const RESULTS: [(CheckResult, &str); 5] = [
    (CheckResult::Fail, "fail"),
    (CheckResult::Waived, "waived"),
    (CheckResult::Unknown, "unknown"),
    (CheckResult::Pass, "pass"),
    (CheckResult::NotApplicable, "not applicable"),
];

/// Judges the estate and writes `assessment.json` and `report/`.
pub(crate) fn run(
    settings: &AssessSettings,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy()?;
    let estate = project.estate()?;
    let (price_lists, price_hashes) = price_lists(&settings.prices)?;
    if !settings.what_if.is_empty() {
        let question = Question {
            estate: &estate.document,
            estate_bytes: &estate.bytes,
            policy: &policy.document,
            today: &settings.today,
            design: None,
            price_lists: &price_lists,
            scenario: &Scenario::default(),
        };
        return what_if::run(&settings.what_if, question, output);
    }
    let design = design_of(project, &estate.sha256, output)?;
    let inputs = json!({
        "policy": policy.sha256, "estate": estate.sha256, "as_of": settings.today,
        "design": design.as_ref().map(|design| &design.hash), "prices": price_hashes,
    });
    let record = Record::begin(project, "assess", &inputs)?;
    let assessed = || -> Result<(Assessment, Value), Failure> {
        let assessment = reberth_assess::assess(Question {
            estate: &estate.document,
            estate_bytes: &estate.bytes,
            policy: &policy.document,
            today: &settings.today,
            design: design.as_ref(),
            price_lists: &price_lists,
            scenario: &Scenario::default(),
        })?;
        let path = project.assessment_path();
        let bytes = to_bytes(&assessment)
            .map_err(|error| CliError::file(&path, "written", error.into()))?;
        for (name, text) in reports(&assessment, &estate.document) {
            atomic_file::replace(&project.path(name), text.as_bytes())?;
        }
        atomic_file::replace(&path, &bytes)?;
        Ok((assessment, json!({ "assessment": sha256_hex(&bytes) })))
    };
    let assessment = record.end(assessed())?;
    output.report(text(&assessment), &summary(&assessment))?;
    Ok(Exit::Done)
}

/// The files that people read, with their texts.
fn reports(assessment: &Assessment, estate: &Estate) -> [(&'static str, String); 5] {
    [
        (
            "report/index.html",
            reberth_assess::html(assessment, estate),
        ),
        (
            "report/assessment.md",
            reberth_assess::markdown(assessment, estate),
        ),
        (
            "report/scope-of-work.html",
            reberth_assess::scope_of_work_html(assessment, estate),
        ),
        (
            "report/scope-of-work.md",
            reberth_assess::scope_of_work_markdown(assessment, estate),
        ),
        ("report/estate.csv", reberth_assess::estate_csv(estate)),
    ]
}

/// The price lists with the hashes of their files.
fn price_lists(paths: &[PathBuf]) -> Result<(Vec<PriceList>, Vec<String>), Failure> {
    let mut lists = Vec::new();
    let mut hashes = Vec::new();
    for path in paths {
        let bytes = fs::read(path).map_err(|error| CliError::file(path, "read", error))?;
        lists.push(PriceList::parse(&bytes)?);
        hashes.push(sha256_hex(&bytes));
    }
    Ok((lists, hashes))
}

/// The design to judge too: the one there is, unless it was made for another estate.
fn design_of(
    project: &Project,
    estate_sha256: &str,
    output: &Output,
) -> Result<Option<Design>, Failure> {
    let design = optional(project.design())?.map(|loaded| loaded.document);
    let (same, other): (Option<Design>, Option<Design>) = match design {
        Some(design) if design.inputs.estate_sha256 == estate_sha256 => (Some(design), None),
        other => (None, other),
    };
    if other.is_some() {
        output.note("design.json speaks of another estate.json than the present one, so the target is not judged; run `reberth design` to renew it");
    }
    Ok(same)
}

fn count(assessment: &Assessment, severity: Severity, result: CheckResult) -> usize {
    let matching = assessment
        .checks
        .iter()
        .filter(|check| check.severity == severity && check.result == result);
    matching.count()
}

fn summary(assessment: &Assessment) -> Value {
    let results = |severity| -> Value {
        RESULTS
            .iter()
            .map(|(result, word)| {
                (
                    word.replace(' ', "_"),
                    json!(count(assessment, severity, *result)),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let checks: serde_json::Map<String, Value> = SEVERITIES
        .iter()
        .map(|(severity, word)| ((*word).to_owned(), results(*severity)))
        .collect();
    json!({
        "as_of": assessment.as_of,
        "checks": checks,
        "totals": assessment.totals,
        "blockers": assessment.blockers,
        "waves": assessment.waves.len(),
    })
}

fn text(assessment: &Assessment) -> String {
    let mut header = vec!["severity"];
    header.extend(RESULTS.map(|(_, word)| word));
    let rows: Vec<Vec<String>> = SEVERITIES
        .iter()
        .map(|(severity, word)| {
            let counts = RESULTS
                .iter()
                .map(|(result, _)| count(assessment, *severity, *result).to_string());
            std::iter::once((*word).to_owned()).chain(counts).collect()
        })
        .collect();
    let mut parts = vec![table(&header, &rows), costs(assessment)];
    if !assessment.blockers.is_empty() {
        let lines: Vec<String> = assessment
            .blockers
            .iter()
            .map(|blocker| format!("  {}: {}", blocker.stops, blocker.what))
            .collect();
        parts.push(format!("blockers\n{}", lines.join("\n")));
    }
    parts.push("wrote assessment.json and report/: index.html, assessment.md, scope-of-work.html and .md, estate.csv".to_owned());
    parts.join("\n\n")
}

fn costs(assessment: &Assessment) -> String {
    let line = |side: &str, total: &Total| {
        let whole = if total.complete {
            "complete".to_owned()
        } else {
            format!("incomplete: {}", total.not_priced())
        };
        let amounts = [total.low, total.likely, total.high].map(|amount| format!("${amount}"));
        std::iter::once(side.to_owned())
            .chain(amounts)
            .chain([whole])
            .collect()
    };
    let totals = &assessment.totals;
    let rows = [
        line("source", &totals.source),
        line("target", &totals.target),
    ];
    table(&["monthly cost", "low", "likely", "high", ""], &rows)
}
