//! The report as Markdown, for reviews and for diffs.

use reberth_model::assessment::{Assessment, Check, CheckResult, CostLine, Side};
use reberth_model::estate::Estate;

use super::words;
use reberth_model::visible::visible;

/// The report as Markdown. Names that came from outside cannot break a table or become markup.
pub fn markdown(assessment: &Assessment, estate: &Estate) -> String {
    [
        headline(assessment, estate),
        blockers(assessment),
        findings(assessment),
        costs(assessment),
        waves(assessment),
        methods(assessment),
        questions(assessment),
        inventory(estate),
        unknown(assessment),
        not_visible(estate),
    ]
    .join("\n")
}

/// Text that stays text, also inside a table: it makes no line, no cell, no markup and no link.
pub(super) fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in visible(plain).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '`' => out.push('\''),
            '\\' | '|' | '[' | ']' | '!' | '*' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

/// A table of cells that are text already.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule = format!("|{}\n", " --- |".repeat(heads.len()));
    let rows: String = rows.into_iter().map(|row| line(&row)).collect();
    format!("{}{rule}{rows}", line(&heads))
}

fn headline(assessment: &Assessment, estate: &Estate) -> String {
    format!(
        "# Migration assessment: {} to AWS {}\n\n{}, as of {}. Estate SHA-256 `{}`, catalog of checks {}.\n\n\
         - {} checks fail, {} are waived, {} unknown, {} pass\n- {} blockers\n- now: {} a month\n- at the target: {} a month\n",
        text(words::provider(&estate.provider)),
        text(&assessment.target_region),
        text(estate.account.as_deref().unwrap_or("Account not told")),
        assessment.as_of,
        assessment.estate_sha256,
        assessment.catalog_version,
        assessment.count(CheckResult::Fail),
        assessment.count(CheckResult::Waived),
        assessment.count(CheckResult::Unknown),
        assessment.count(CheckResult::Pass),
        assessment.blockers.len(),
        words::sum(&assessment.totals.source),
        words::sum(&assessment.totals.target),
    )
}

fn blockers(assessment: &Assessment) -> String {
    let rows = assessment.blockers.iter().map(|blocker| {
        vec![
            blocker.stops.clone(),
            text(&blocker.what),
            text(&words::names(&blocker.resources)),
            text(&blocker.remedy),
        ]
    });
    format!(
        "## What stops the migration\n\n{}",
        table(&["Stops", "What", "Where", "What removes it"], rows)
    )
}

fn findings(assessment: &Assessment) -> String {
    let mut out = "## Findings\n".to_owned();
    for (pillar, title) in words::PILLARS {
        let of_pillar = || {
            assessment
                .checks
                .iter()
                .filter(|check| check.pillar == pillar)
        };
        let failed = words::by_severity(of_pillar(), CheckResult::Fail);
        let waived = words::by_severity(of_pillar(), CheckResult::Waived);
        if !failed.is_empty() || !waived.is_empty() {
            out.push_str(&format!("\n### {title}\n"));
        }
        out.extend(failed.into_iter().chain(waived).map(finding));
    }
    let passed = words::by_severity(assessment.checks.iter(), CheckResult::Pass);
    let rows = passed.iter().map(|check| {
        vec![
            check.id.clone(),
            text(&check.title),
            text(&check.reason),
            "pass".to_owned(),
        ]
    });
    out + "\n### What passes\n\n" + &table(&["Check", "What is so", "Looked at", "Result"], rows)
}

fn finding(check: &Check) -> String {
    let waiver = check.waiver.as_ref().map_or(String::new(), |waiver| {
        format!(
            "Waived by {} until {}: {}.\n\n",
            text(&waiver.name),
            text(&waiver.expires),
            text(&waiver.reason)
        )
    });
    let rows = words::not_passing(check).into_iter().map(|same| {
        vec![
            words::result(same.result).1.to_owned(),
            text(&words::listed(&same.names)),
            text(same.attribute),
            text(same.value),
            text(&same.query),
        ]
    });
    format!(
        "\n#### {} ({}, {}): {}\n\n{waiver}{}\nWhat to do: {}.\n",
        check.id,
        words::severity(check.severity),
        words::result(check.result).1,
        text(check.problem.as_deref().unwrap_or(&check.title)),
        table(&["Says", "Where", "Attribute", "Value", "Query"], rows),
        text(&check.remedy)
    )
}

fn costs(assessment: &Assessment) -> String {
    let side = |side: Side| {
        let of_side = assessment
            .costs
            .iter()
            .filter(move |line| line.side == side);
        table(
            &[
                "Item",
                "Low",
                "Likely",
                "High",
                "Known",
                "Reckoning",
                "Price from",
            ],
            of_side.map(cost_row),
        )
    };
    format!(
        "## Costs\n\nUS dollars a month of 730 hours. A line that is not priced is missing from the sum.\n\n\
         ### Now: {}\n\n{}\n### At the target: {}\n\n{}\n### The move, once: {}\n\n{}",
        words::sum(&assessment.totals.source),
        side(Side::Source),
        words::sum(&assessment.totals.target),
        side(Side::Target),
        words::sum(&assessment.totals.once),
        side(Side::Once)
    )
}

fn cost_row(line: &CostLine) -> Vec<String> {
    let source = line.price_source.as_deref().unwrap_or("–");
    let as_of = line
        .as_of
        .as_ref()
        .map_or(String::new(), |day| format!(" ({day})"));
    vec![
        text(&line.item),
        words::amount(line.low),
        words::amount(line.likely),
        words::amount(line.high),
        words::how_known(line.how_known).to_owned(),
        text(&line.working),
        text(&format!("{source}{as_of}")),
    ]
}

fn waves(assessment: &Assessment) -> String {
    let rows = assessment.waves.iter().map(|wave| {
        vec![
            wave.number.to_string(),
            text(&wave.name),
            text(wave.environment.as_deref().unwrap_or("not labelled")),
            text(&words::names(&wave.members)),
        ]
    });
    format!(
        "## What moves together\n\n{}",
        table(&["Wave", "Name", "Environment", "Members"], rows)
    )
}

fn methods(assessment: &Assessment) -> String {
    let rows = assessment.methods.iter().map(|method| {
        vec![
            text(&method.database.name),
            text(&method.engine),
            words::method(method.method).to_owned(),
            text(&method.write_stop),
            text(&method.before.join("; ")),
        ]
    });
    let heads = [
        "Data store",
        "Engine",
        "How it moves",
        "Time without writes",
        "Before that",
    ];
    format!("## How the data move\n\n{}", table(&heads, rows))
}

fn questions(assessment: &Assessment) -> String {
    let rows = assessment
        .questions_for_people
        .iter()
        .map(|open| vec![open.check.clone(), text(&open.asks), text(&open.yes_when)]);
    format!(
        "## Questions for people\n\n{}",
        table(&["Check", "Is it so", "Yes when"], rows)
    )
}

fn inventory(estate: &Estate) -> String {
    let counts: Vec<String> = estate
        .counts
        .iter()
        .map(|(kind, count)| format!("- {}: {count}\n", text(&words::kind(kind))))
        .collect();
    format!("## What was found\n\n{}", counts.concat())
}

fn unknown(assessment: &Assessment) -> String {
    let undecided = [CheckResult::Unknown, CheckResult::NotApplicable]
        .into_iter()
        .flat_map(|result| words::by_severity(assessment.checks.iter(), result));
    let rows = undecided.map(|check| {
        vec![
            check.id.clone(),
            text(&check.title),
            words::result(check.result).1.to_owned(),
            text(&check.reason),
        ]
    });
    format!(
        "## What is unknown\n\n{}",
        table(&["Check", "What is not known", "Result", "Why"], rows)
    )
}

fn not_visible(estate: &Estate) -> String {
    let hidden = estate
        .not_visible
        .iter()
        .map(|entry| format!("- {}: {}\n", text(&entry.what), text(&entry.reason)));
    let unmapped = estate.unmapped.iter().map(|entry| {
        format!(
            "- {} {}: read, not understood yet\n",
            text(&entry.what),
            text(&entry.id)
        )
    });
    let lines: String = hidden.chain(unmapped).collect();
    let body = if lines.is_empty() {
        "Nothing was refused.\n".to_owned()
    } else {
        lines
    };
    format!("## What is not visible\n\n{body}")
}
