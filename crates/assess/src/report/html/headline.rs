//! The first page: headline numbers, what stops the migration, what moves together.

use reberth_model::assessment::{Assessment, Check, CheckResult, Severity, Total};
use reberth_model::estate::Estate;

use super::element::{Html, element, label, paragraph, table, text};
use crate::report::words;

/// Headline numbers, and the checks by pillar.
pub(super) fn headline(assessment: &Assessment, estate: &Estate) -> Vec<Html> {
    let of = |kind: &str| estate.counts.get(kind).copied().unwrap_or(0);
    let failed = assessment.count(CheckResult::Fail);
    let grave = assessment
        .checks
        .iter()
        .filter(|check| check.result == CheckResult::Fail && check.severity <= Severity::High)
        .count();
    let cards = element(
        "div",
        "cards",
        [
            card(
                &of("server").to_string(),
                "servers",
                &format!("of {} resources in all", estate.resources.len()),
            ),
            card(
                &of("database").to_string(),
                "database clusters",
                &format!("and {} read-only copies", of("database_replica")),
            ),
            card(
                &failed.to_string(),
                "checks fail",
                &format!("{grave} of them critical or high"),
            ),
            card(
                &assessment.blockers.len().to_string(),
                "blockers",
                "to be mended or waived before the cutover",
            ),
            card(
                &words::amount(Some(assessment.totals.source.likely)),
                "USD a month now",
                &completeness(&assessment.totals.source),
            ),
            card(
                &words::amount(Some(assessment.totals.target.likely)),
                "USD a month at the target",
                &completeness(&assessment.totals.target),
            ),
        ],
    );
    vec![cards, paragraph(INTRODUCTION), pillars(&assessment.checks)]
}

const INTRODUCTION: &str = "Each check says pass, fail or unknown from what the provider's API tells, and shows what it read. \
    Most unknowns are checks of the target, which does not exist yet: they are decided when it is designed, provisioned and rehearsed.";

fn completeness(total: &Total) -> String {
    let range = if total.low == total.high {
        "at list prices".to_owned()
    } else {
        format!(
            "{} to {}",
            words::amount(Some(total.low)),
            words::amount(Some(total.high))
        )
    };
    if total.complete {
        format!("{range}; every line is priced")
    } else {
        format!(
            "{range}; incomplete: {} lines are not priced",
            total.lines_not_priced
        )
    }
}

fn card(figure: &str, what: &str, note: &str) -> Html {
    element(
        "div",
        "card",
        [
            element("p", "figure", [text(figure)]),
            element("p", "what", [text(what)]),
            element("p", "note", [text(note)]),
        ],
    )
}

/// Number of checks by pillar and result.
fn pillars(checks: &[Check]) -> Html {
    let rows = words::PILLARS.iter().map(|(pillar, title)| {
        let count = |wanted: &dyn Fn(&&Check) -> bool| {
            let found = checks
                .iter()
                .filter(|check| check.pillar == *pillar)
                .filter(wanted)
                .count();
            text(&if found == 0 {
                "·".to_owned()
            } else {
                found.to_string()
            })
        };
        let failing = |severity| {
            count(&|check| check.result == CheckResult::Fail && check.severity == severity)
        };
        let having = |result| count(&|check| check.result == result);
        vec![
            text(title),
            failing(Severity::Critical),
            failing(Severity::High),
            failing(Severity::Medium),
            failing(Severity::Low),
            having(CheckResult::Waived),
            having(CheckResult::Unknown),
            having(CheckResult::Pass),
            having(CheckResult::NotApplicable),
        ]
    });
    let heads = [
        "Pillar",
        "#✕ critical",
        "#✕ high",
        "#✕ medium",
        "#✕ low",
        "#◇ waived",
        "#? unknown",
        "#✓ pass",
        "#– n/a",
    ];
    table(&heads, rows)
}

/// What stops the migration, and what removes it.
pub(super) fn blockers(assessment: &Assessment) -> Vec<Html> {
    if assessment.blockers.is_empty() {
        return vec![paragraph("Nothing that these checks see.")];
    }
    let intro = paragraph(
        "■ stops the load of the data and has to be mended. ▲ stops the cutover until it is mended, or until a person waives it in \
         reberth.yaml with name, reason and last day.",
    );
    let rows = assessment.blockers.iter().map(|blocker| {
        let stops = if blocker.waivable {
            label(
                "severity high",
                "▲",
                &format!("the {}", step(&blocker.stops)),
            )
        } else {
            label(
                "severity critical",
                "■",
                &format!("the {}", step(&blocker.stops)),
            )
        };
        let mut what = vec![text(&blocker.what)];
        what.extend(
            blocker
                .check
                .iter()
                .map(|check| element("div", "note", [element("code", "", [text(check)])])),
        );
        vec![
            stops,
            element("div", "", what),
            text(&words::names(&blocker.resources)),
            text(&blocker.remedy),
        ]
    });
    vec![
        intro,
        table(&["Stops", "What", "Where", "What removes it"], rows),
    ]
}

/// A step that is stopped, as a noun.
fn step(stops: &str) -> &str {
    if stops == "replicate" { "load" } else { stops }
}

/// What moves together, in the order proposed.
pub(super) fn waves(assessment: &Assessment) -> Vec<Html> {
    let intro = paragraph(
        "Servers and databases that may reach each other move at one time. What is not production goes first, then the small before the large. \
         The API shows who may connect, not who does: let the owners confirm each wave.",
    );
    let rows = assessment.waves.iter().map(|wave| {
        vec![
            text(&wave.number.to_string()),
            text(&wave.name),
            text(wave.environment.as_deref().unwrap_or("not labelled")),
            text(&words::names(&wave.members)),
            element(
                "ul",
                "",
                wave.why.iter().map(|why| element("li", "", [text(why)])),
            ),
        ]
    });
    vec![
        intro,
        table(&["#Wave", "Name", "Environment", "Members", "Why"], rows),
    ]
}
