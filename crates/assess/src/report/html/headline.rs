//! The first page: headline numbers, what stops the migration, what moves together.

use reberth_model::assessment::{Assessment, Check, CheckResult, Severity, Side, Total};
use reberth_model::money::Usd;

use super::charts;
use super::element::{Html, element, label, paragraph, table, text};
use crate::report::{schedule, words};

/// What it costs, saves, risks and when, before anything else; then the same as pictures.
pub(super) fn headline(assessment: &Assessment) -> Vec<Html> {
    vec![
        element("p", "verdict", [text(&verdict(assessment))]),
        element(
            "div",
            "cards",
            [
                cost(assessment),
                saving(assessment),
                risk(assessment),
                time(assessment),
            ],
        ),
        element("h3", "", [text("The bill, each month")]),
        charts::bills(assessment),
        lacking(assessment),
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
    let totals = &assessment.totals;
    let saving = assessment.outlook.monthly_saving;
    let bill = if saving > Usd::ZERO {
        format!(
            "The bill falls by {}about {} USD, to {}{} USD a month",
            if totals.target.complete {
                ""
            } else {
                "at most "
            },
            words::whole(saving),
            at_least(&totals.target),
            words::whole(totals.target.likely)
        )
    } else {
        let more = Usd::ZERO - saving;
        format!(
            "The bill rises by {}about {} USD, to {0}{} USD a month",
            at_least(&totals.target),
            words::whole(more),
            words::whole(totals.target.likely)
        )
    };
    let pays = match assessment.outlook.break_even_months {
        Some(months) => format!(
            "which pays for the move ({} USD, once) in {months} months",
            words::whole(totals.once.likely)
        ),
        None => format!(
            "and the move itself costs about {} USD once: the reason to move is not the bill",
            words::whole(totals.once.likely)
        ),
    };
    let stop = match assessment.blockers.len() {
        0 => "Nothing that these checks see stands in the way.".to_owned(),
        count => {
            format!("{count} things stand in the way today; each is listed with what removes it.")
        }
    };
    format!("{bill}, {pays}. {stop}")
}

/// A sum that lacks lines is told as what it is.
fn at_least(total: &Total) -> &'static str {
    if total.complete { "" } else { "at least " }
}

fn cost(assessment: &Assessment) -> Html {
    let total = &assessment.totals.target;
    card(
        &format!("{} USD", words::whole(total.likely)),
        "a month at the target",
        &format!(
            "{}; now {} USD",
            completeness(total),
            words::whole(assessment.totals.source.likely)
        ),
    )
}

fn saving(assessment: &Assessment) -> Html {
    let outlook = &assessment.outlook;
    let (figure, what) = if outlook.monthly_saving >= Usd::ZERO {
        (words::whole(outlook.monthly_saving), "saved each month")
    } else {
        (
            words::whole(Usd::ZERO - outlook.monthly_saving),
            "more each month",
        )
    };
    let pays = outlook.break_even_months.map_or_else(
        || "never paid back by the bill alone".to_owned(),
        |months| format!("paid back in {months} months"),
    );
    let once = words::whole(assessment.totals.once.likely);
    card(
        &format!("{figure} USD"),
        what,
        &format!("{once} USD once for the move; {pays}"),
    )
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

/// What the target's sum lacks, by name: whoever decides about money must not take it for the whole.
fn lacking(assessment: &Assessment) -> Html {
    let lines = assessment.costs.iter();
    let open = lines.filter(|line| line.side == Side::Target && line.likely.is_none());
    let names: Vec<&str> = open.map(|line| line.item.as_str()).collect();
    if names.is_empty() {
        return paragraph("Every line of the target is priced.");
    }
    let elsewhere = match &assessment.outlook.not_priced_elsewhere {
        Some(other) => format!(
            " At the prices of {}, {} of them come to about {} USD a month: take that as an idea, it is in no sum.",
            other.region,
            other.lines,
            words::whole(other.likely)
        ),
        None => String::new(),
    };
    paragraph(&format!(
        "The target's sum is incomplete. {} of its lines have no price here, so the true bill is higher: {}.{elsewhere}",
        names.len(),
        names.join("; ")
    ))
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

fn completeness(total: &Total) -> String {
    let range = if total.low == total.high {
        "at list prices".to_owned()
    } else {
        format!(
            "{} to {}",
            words::whole(total.low),
            words::whole(total.high)
        )
    };
    if total.complete {
        format!("{range}; every line is priced")
    } else {
        format!("{range}; lines without a price: {}", total.lines_not_priced)
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
