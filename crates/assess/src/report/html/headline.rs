//! The first page: headline numbers, what stops the migration, what moves together.

use reberth_model::assessment::{Assessment, Check, CheckResult, Severity, Total};

use super::element::{Html, element, label, paragraph, table, text};
use super::{bill, charts};
use crate::report::{schedule, words};

/// What it costs, saves, risks and when, before anything else; then the same as pictures.
pub(super) fn headline(assessment: &Assessment) -> Vec<Html> {
    vec![
        element("p", "verdict", [text(&verdict(assessment))]),
        element(
            "div",
            "cards",
            [
                bill::cost(assessment),
                bill::saving(assessment),
                risk(assessment),
                time(assessment),
            ],
        ),
        element("h3", "", [text("The bill, each month")]),
        charts::bills(assessment),
        bill::lacking(assessment),
        levers(assessment),
        element(
            "h3",
            "",
            [text(
                "The checks, by pillar of the Well-Architected Framework",
            )],
        ),
        charts::pillars(assessment),
        paragraph(INTRODUCTION),
        pillars(&assessment.checks),
    ]
}

const INTRODUCTION: &str = "Each check says pass, fail or unknown from what the provider's API tells, and shows what it read. \
    Many unknowns are checks of the target: they are decided when it is designed, provisioned and rehearsed.";

/// The answer in two sentences.
fn verdict(assessment: &Assessment) -> String {
    let stop = match assessment.blockers.len() {
        0 => "Nothing that these checks see stands in the way.".to_owned(),
        count => {
            format!("{count} things stand in the way today; each is listed with what removes it.")
        }
    };
    format!("{}. {stop}", bill::verdict(assessment))
}

fn risk(assessment: &Assessment) -> Html {
    let grave = assessment
        .checks
        .iter()
        .filter(|check| check.result == CheckResult::Fail && check.severity <= Severity::High)
        .count();
    card(
        &assessment.blockers.len().to_string(),
        "blockers to remove first",
        &format!(
            "{} checks fail, {grave} of them critical or high; {} questions wait for people",
            assessment.count(CheckResult::Fail),
            assessment.questions_for_people.len()
        ),
    )
}

fn time(assessment: &Assessment) -> Html {
    let plans = schedule::plan(assessment);
    let days = plans.last().map_or(0, schedule::WavePlan::last_day);
    let hours: u64 = plans.iter().map(|plan| plan.copy_hours).sum();
    let unknown: usize = plans.iter().map(|plan| plan.unknown_sizes).sum();
    let open = if unknown > 0 {
        format!(", {unknown} stores of unknown size")
    } else {
        String::new()
    };
    card(
        &format!("{days} days"),
        "once nothing blocks",
        &format!(
            "{} waves one after another; {hours} h of copying{open}",
            plans.len()
        ),
    )
}

/// What one decision changes, and how the bill agrees with the invoice.
fn levers(assessment: &Assessment) -> Html {
    let outlook = &assessment.outlook;
    let rows = outlook.scenarios.iter().map(|scenario| {
        let other = scenario.total.lines_not_priced != assessment.totals.target.lines_not_priced;
        let note = if other { " *" } else { "" };
        vec![
            element("code", "", [text(&scenario.what_if)]),
            text(&words::signed(scenario.difference)),
            text(&format!(
                "{}{note}",
                words::amount(Some(scenario.total.likely))
            )),
            text(&scenario.meaning),
        ]
    });
    let mut parts = vec![
        element("h3", "", [text("What one decision changes")]),
        table(
            // The sums come first, so that a narrow screen shows them.
            &["Decision", "#USD a month", "#The target then", "Meaning"],
            rows,
        ),
    ];
    let unpriced = assessment.totals.target.lines_not_priced;
    let differs = |total: &Total| total.lines_not_priced != unpriced;
    if outlook.scenarios.iter().any(|one| differs(&one.total)) {
        parts.push(paragraph(
            "* Here other lines have a price than in the estimate, so the sums do not compare one to one.",
        ));
    }
    parts.extend(outlook.invoice.as_ref().map(|invoice| {
        paragraph(&format!(
            "The invoice of {} was {} USD, {} against the sum of today's lines. What may explain it: {}.",
            invoice.month,
            words::amount(Some(invoice.amount)),
            words::signed(invoice.gap),
            invoice.explained_by.join("; ")
        ))
    }));
    parts.push(paragraph(&format!(
        "{} % of the target's sum rests on counted or measured quantities. {}",
        outlook.known_percent,
        commitment(assessment)
    )));
    element("div", "", parts)
}

fn commitment(assessment: &Assessment) -> String {
    let outlook = &assessment.outlook;
    match outlook.lines_committed {
        0 => "No price of a one-year commitment was read: give AWS's price lists with --prices."
            .to_owned(),
        lines => format!(
            "With one-year commitments where such a price is known (lines: {lines}): {} USD a month.",
            words::amount(Some(outlook.target_committed))
        ),
    }
}

/// One figure with what it is.
pub(super) fn card(figure: &str, what: &str, note: &str) -> Html {
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
