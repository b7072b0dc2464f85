//! The costs of both sides with their sources.

use reberth_model::assessment::{Assessment, CostLine, Side, Total};

use super::element::{Html, element, paragraph, table, text};
use crate::date::Date;
use crate::report::words;

/// Both sides, line by line.
pub(super) fn costs(assessment: &Assessment) -> Vec<Html> {
    let side = |side| {
        assessment
            .costs
            .iter()
            .filter(move |line| line.side == side)
    };
    let mut parts = vec![paragraph(
        "US dollars a month of 730 hours, on demand, before taxes, discounts and credits. Low and high are the cheapest and the dearest \
         of the instance types that were weighed, or the range of a quantity that is assumed. A line that is not priced is missing from the sum: the true bill may be higher.",
    )];
    parts.push(element("h3", "", [text("Now, at the source")]));
    parts.push(lines(side(Side::Source), &assessment.totals.source));
    parts.push(element("h3", "", [text("At the target")]));
    parts.push(lines(side(Side::Target), &assessment.totals.target));
    parts.push(element("h3", "", [text("The move, once")]));
    parts.push(lines(side(Side::Once), &assessment.totals.once));
    parts.push(element("h3", "", [text("Where the prices are from")]));
    parts.push(sources(assessment));
    parts
}

fn lines<'a>(lines: impl Iterator<Item = &'a CostLine>, total: &Total) -> Html {
    let rows = lines.map(|line| {
        vec![
            text(&line.item),
            text(&words::amount(line.low)),
            text(&words::amount(line.likely)),
            text(&words::amount(line.high)),
            text(words::how_known(line.how_known)),
            text(&line.working),
        ]
    });
    let strong = |plain: &str| element("strong", "", [text(plain)]);
    let sum = vec![
        strong(if total.complete {
            "Sum"
        } else {
            "Sum, incomplete"
        }),
        strong(&words::amount(Some(total.low))),
        strong(&words::amount(Some(total.likely))),
        strong(&words::amount(Some(total.high))),
        strong(&format!("{} not priced", total.lines_not_priced)),
        text(""),
    ];
    table(
        &["Item", "#Low", "#Likely", "#High", "Known", "Reckoning"],
        rows.chain([sum]),
    )
}

/// Each source once, with its date and how many lines rest on it.
fn sources(assessment: &Assessment) -> Html {
    let mut seen: Vec<(&str, &str, usize)> = Vec::new();
    for line in &assessment.costs {
        let Some(source) = line.price_source.as_deref() else {
            continue;
        };
        let as_of = line.as_of.as_deref().unwrap_or("not told");
        match seen
            .iter_mut()
            .find(|(known, date, _)| (*known, *date) == (source, as_of))
        {
            Some((_, _, lines)) => *lines += 1,
            None => seen.push((source, as_of, 1)),
        }
    }
    let rows = seen.into_iter().map(|(source, as_of, lines)| {
        vec![
            text(&lines.to_string()),
            text(source),
            text(&format!("{as_of}{}", age_note(as_of, &assessment.as_of))),
        ]
    });
    table(&["#Lines", "Source", "As of"], rows)
}

/// Prices older than this are marked.
const OLD_DAYS: i64 = 730;

/// A mark for a price list that is old on the day of the assessment; none when its day is not told exactly.
fn age_note(as_of: &str, today: &str) -> &'static str {
    match (Date::parse(as_of), Date::parse(today)) {
        (Some(read), Some(today)) if read.days_until(today) > OLD_DAYS => {
            " (▲ more than two years old)"
        }
        _ => "",
    }
}
