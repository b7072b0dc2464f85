//! What this assessment does not know.

use reberth_model::assessment::{Assessment, CheckResult};
use reberth_model::estate::Estate;

use super::element::{Html, element, paragraph, table, text};
use crate::report::words;

/// The checks without a verdict: of the source, of the target, and those that do not apply.
pub(super) fn unknown(assessment: &Assessment) -> Vec<Html> {
    let checks = |scope: &'static str, result| {
        let of_scope = assessment
            .checks
            .iter()
            .filter(move |check| check.scope == scope);
        let rows = words::by_severity(of_scope, result)
            .into_iter()
            .map(|check| {
                vec![
                    element("code", "", [text(&check.id)]),
                    text(&check.title),
                    text(words::severity(check.severity)),
                    text(&check.reason),
                ]
            });
        table(&["Check", "What is not known", "Severity", "Why"], rows)
    };
    vec![
        element("h3", "", [text("? At the source")]),
        checks("source", CheckResult::Unknown),
        element("h3", "", [text("? At the target")]),
        checks("target", CheckResult::Unknown),
        element("h3", "", [text("– Not applicable")]),
        checks("source", CheckResult::NotApplicable),
    ]
}

/// What the token may not read, and what was read but is not understood.
pub(super) fn not_visible(estate: &Estate) -> Vec<Html> {
    let hidden = estate
        .not_visible
        .iter()
        .map(|entry| vec![text(&entry.what), text(&entry.reason)]);
    let unmapped = estate
        .unmapped
        .iter()
        .map(|entry| vec![text(&entry.what), text(&entry.id)]);
    let mut parts = Vec::new();
    if estate.not_visible.is_empty() {
        parts.push(paragraph("Nothing was refused."));
    } else {
        parts.push(table(&["Not visible", "Why"], hidden));
    }
    if !estate.unmapped.is_empty() {
        parts.push(element("h3", "", [text("Read, but not understood yet")]));
        parts.push(table(&["Where", "What"], unmapped));
    }
    parts
}
