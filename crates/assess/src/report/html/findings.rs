//! The findings by pillar and severity, each with its evidence and what to do.

use reberth_model::assessment::{Assessment, Check, CheckResult, Severity};

use super::element::{Html, element, label, paragraph, table, text};
use crate::report::words;

/// Failed checks in full, then waived ones, then a list of what passed.
pub(super) fn findings(assessment: &Assessment) -> Vec<Html> {
    let mut parts = Vec::new();
    for (pillar, title) in words::PILLARS {
        let of_pillar = || {
            assessment
                .checks
                .iter()
                .filter(|check| check.pillar == pillar)
        };
        let failed = words::by_severity(of_pillar(), CheckResult::Fail);
        let waived = words::by_severity(of_pillar(), CheckResult::Waived);
        if failed.is_empty() && waived.is_empty() {
            continue;
        }
        parts.push(element("h3", "", [text(title)]));
        parts.extend(failed.into_iter().chain(waived).map(finding));
    }
    if parts.is_empty() {
        parts.push(paragraph("No check fails."));
    }
    parts.extend(passed(assessment));
    parts
}

fn finding(check: &Check) -> Html {
    let (symbol, word) = words::result(check.result);
    let head = element(
        "p",
        "labels",
        [
            severity(check.severity),
            text(" "),
            label("result", symbol, word),
            text(" "),
            element("code", "", [text(&check.id)]),
            text(
                &check
                    .best_practice
                    .as_ref()
                    .map_or(String::new(), |practice| format!(" · {practice}")),
            ),
        ],
    );
    let mut parts = vec![
        head,
        element(
            "h4",
            "",
            [text(check.problem.as_deref().unwrap_or(&check.title))],
        ),
    ];
    parts.extend(waiver(check));
    parts.extend(answer(check));
    parts.push(evidence(check));
    parts.push(labelled("What should be so", &check.title));
    parts.push(labelled("Passes when", &check.pass_when));
    parts.push(labelled("What to do", &check.remedy));
    element("article", "", parts)
}

fn severity(severity: Severity) -> Html {
    let (class, symbol) = match severity {
        Severity::Critical => ("severity critical", "■"),
        Severity::High => ("severity high", "▲"),
        Severity::Medium => ("severity medium", "●"),
        Severity::Low => ("severity low", "○"),
    };
    label(class, symbol, words::severity(severity))
}

fn waiver(check: &Check) -> Option<Html> {
    let waiver = check.waiver.as_ref()?;
    let text = format!(
        "{} until {}: {}",
        waiver.name, waiver.expires, waiver.reason
    );
    Some(labelled("Waived by", &text))
}

/// A check that a person's word decided.
fn answer(check: &Check) -> Option<Html> {
    check.answer.as_ref()?;
    Some(labelled("Decided by", &check.reason))
}

fn labelled(what: &str, says: &str) -> Html {
    element(
        "p",
        "",
        [
            element("strong", "", [text(what)]),
            text(": "),
            text(says),
            text("."),
        ],
    )
}

/// What does not pass, and how many do: a reader looks for what to mend.
fn evidence(check: &Check) -> Html {
    let rows = words::not_passing(check).into_iter().map(row);
    let passing = check
        .evidence
        .iter()
        .filter(|item| item.result == CheckResult::Pass)
        .count();
    let mut parts = vec![table(
        &["Says", "Where", "Attribute", "Value", "Query"],
        rows,
    )];
    if passing > 0 {
        parts.push(element(
            "p",
            "note",
            [text(&format!("✓ {passing} more pass"))],
        ));
    }
    element("div", "evidence", parts)
}

fn row(same: words::SameEvidence) -> Vec<Html> {
    let (symbol, word) = words::result(same.result);
    vec![
        label("result", symbol, word),
        text(&words::listed(&same.names)),
        element("code", "", [text(same.attribute)]),
        text(same.value),
        element("code", "", [text(&same.query)]),
    ]
}

fn passed(assessment: &Assessment) -> Vec<Html> {
    let passed = words::by_severity(assessment.checks.iter(), CheckResult::Pass);
    if passed.is_empty() {
        return Vec::new();
    }
    let rows = passed.iter().map(|check| {
        vec![
            element("code", "", [text(&check.id)]),
            text(&check.title),
            text(&check.reason),
        ]
    });
    vec![
        element("h3", "", [text("✓ What passes")]),
        table(&["Check", "What is so", "Looked at"], rows),
    ]
}
