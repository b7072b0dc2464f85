//! `reberth assess --what-if`: the target's price if decisions were others, line by line. Writes nothing.

use reberth_assess::{Question, Scenario};
use reberth_model::assessment::{Assessment, CostLine, Side, Total};
use reberth_model::money::Usd;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::table;

/// Prices the estimate and the scenario, and shows what differs.
pub(super) fn run(
    decisions: &[String],
    question: Question,
    output: &Output,
) -> Result<Exit, Failure> {
    let scenario = Scenario::parse(decisions)?;
    let planned = reberth_assess::assess(question)?;
    let weighed = reberth_assess::assess(Question {
        scenario: &scenario,
        ..question
    })?;
    let changed = changed(&planned, &weighed);
    let (before, after) = (&planned.totals.target, &weighed.totals.target);
    let document = json!({
        "what_if": decisions,
        "planned": before,
        "weighed": after,
        "difference_likely": after.likely - before.likely,
        "changed": changed.iter().map(|(old, new)| json!({ "planned": old, "weighed": new })).collect::<Vec<_>>(),
    });
    let parts = [lines(&changed), sums(before, after)];
    output.report(parts.join("\n\n"), &document)?;
    Ok(Exit::Done)
}

/// A line before and after; `None` where it is on one side only.
type Change<'a> = (Option<&'a CostLine>, Option<&'a CostLine>);

/// The lines that differ. A line is the same one when it speaks of the same thing: what stands before the first colon, or its words.
fn changed<'a>(planned: &'a Assessment, weighed: &'a Assessment) -> Vec<Change<'a>> {
    let of = |assessment: &'a Assessment| -> Vec<&'a CostLine> {
        let lines = assessment.costs.iter();
        lines.filter(|line| line.side == Side::Target).collect()
    };
    let (before, after) = (of(planned), of(weighed));
    let twin = |line: &CostLine, others: &[&'a CostLine]| {
        others
            .iter()
            .copied()
            .find(|other| about(other) == about(line))
    };
    let mut changes: Vec<Change> = before
        .iter()
        .map(|line| (Some(*line), twin(line, &after)))
        .filter(|(old, new)| old.map(amount) != new.map(amount))
        .collect();
    let added = after.iter().filter(|line| twin(line, &before).is_none());
    changes.extend(added.map(|line| (None, Some(*line))));
    changes
}

/// What a line speaks of: the text before a colon, without quantities.
fn about(line: &CostLine) -> String {
    let name = line.item.split(':').next().unwrap_or_default();
    name.chars()
        .filter(|c| !c.is_ascii_digit() || line.item.contains(':'))
        .collect()
}

fn amount(line: &CostLine) -> (Option<Usd>, &str) {
    (line.likely, &line.item)
}

fn words(usd: Option<Usd>) -> String {
    usd.map_or_else(|| "not priced".to_owned(), |usd| format!("${usd}"))
}

fn lines(changed: &[Change]) -> String {
    if changed.is_empty() {
        return "no line changes".to_owned();
    }
    let cell =
        |line: Option<&CostLine>| line.map_or_else(|| "-".to_owned(), |line| words(line.likely));
    let rows: Vec<Vec<String>> = changed
        .iter()
        .map(|(old, new)| {
            let name = new.or(*old).map_or("", |line| line.item.as_str());
            vec![name.to_owned(), cell(*old), cell(*new)]
        })
        .collect();
    table(&["line", "estimate", "what if"], &rows)
}

fn sums(before: &Total, after: &Total) -> String {
    let row = |name: &str, total: &Total| {
        let amounts = [total.low, total.likely, total.high].map(|amount| format!("${amount}"));
        std::iter::once(name.to_owned())
            .chain(amounts)
            .chain([total.not_priced()])
            .collect()
    };
    let rows = [row("estimate", before), row("what if", after)];
    let difference = after.likely - before.likely;
    let sums = table(&["target, a month", "low", "likely", "high", ""], &rows);
    let comparable = if before.lines_not_priced == after.lines_not_priced {
        ""
    } else {
        "; other lines are priced, so the sums do not compare one to one"
    };
    format!("{sums}\n\ndifference ${difference} a month by the likely amounts{comparable}")
}
