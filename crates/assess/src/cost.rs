//! What the estate costs, line by line. A line without a price stays without one: it is never filled with a guess.

mod assumed;
mod elsewhere;
mod instance;
mod outlook;
mod price_list;
mod price_table;
mod scenario;
mod source;
mod target;

pub(crate) use instance::processors;
pub use price_list::PriceList;
pub(crate) use price_table::PriceTable;
pub use scenario::Scenario;

use crate::rules::{self, Context};
use assumed::Assumed;
use price_table::Price;
use reberth_model::assessment::{
    CostLine, HowKnown, Outlook, PricedElsewhere, Side, Total, Totals,
};
use reberth_model::design::Design;
use reberth_model::estate::{Attributes, Estate};
use reberth_model::money::Usd;
use target::Scene;

/// Hours that a month is counted with, as the providers do.
pub(crate) const HOURS_PER_MONTH: u64 = 730;

/// What was priced.
pub(crate) struct Priced {
    /// Every line: the source, the target, and what the move costs once.
    pub(crate) lines: Vec<CostLine>,
    /// What those without a price cost elsewhere.
    elsewhere: Option<PricedElsewhere>,
}

/// Prices both sides and the move.
pub(crate) fn price(
    estate: &Estate,
    context: &Context,
    scenario: &Scenario,
    design: Option<&Design>,
) -> Priced {
    let mut lines = hidden(estate, Side::Source);
    lines.extend(not_understood(estate, Side::Source));
    lines.extend(source::lines(estate, &context.catalog.prices));
    let mut target = target_lines(estate, context, scenario, design);
    let there = scenario.in_region(elsewhere::REGION);
    let there = target_lines(estate, context, &there, design);
    elsewhere::tell(&mut target, &there);
    let elsewhere = elsewhere::sum(&target, &there);
    lines.extend(target);
    Priced { lines, elsewhere }
}

fn target_lines(
    estate: &Estate,
    context: &Context,
    scenario: &Scenario,
    design: Option<&Design>,
) -> Vec<CostLine> {
    let scene = Scene {
        estate,
        region: scenario.region(&context.policy.target.region),
        scenario,
        design,
        prices: &context.catalog.prices,
    };
    let mut lines = hidden(estate, Side::Target);
    lines.extend(not_understood(estate, Side::Target));
    lines.extend(target::lines(&scene, context));
    let once = target::once(&scene, &lines);
    lines.extend(once);
    lines
}

/// What the sums mean.
pub(crate) fn outlook(
    estate: &Estate,
    context: &Context,
    priced: &Priced,
    design: Option<&Design>,
) -> Outlook {
    let lines = &priced.lines;
    let region = &context.policy.target.region;
    let outlook = outlook::outlook(estate, lines, &totals(lines), region, |scenario| {
        totals(&target_lines(estate, context, scenario, design)).target
    });
    Outlook {
        not_priced_elsewhere: priced.elsewhere.clone(),
        ..outlook
    }
}

/// A line for each paid kind that could not be listed, so that a sum without it does not look whole.
fn hidden(estate: &Estate, side: Side) -> Vec<CostLine> {
    ["server", "database", "load_balancer", "volume", "address"]
        .into_iter()
        .filter_map(|kind| {
            let hidden = rules::hidden(estate, kind)?;
            let item = format!("Every {}", kind.replace('_', " "));
            let why = format!("{} could not be read: {}", hidden.what, hidden.reason);
            Some(not_priced(side, item, Vec::new(), why))
        })
        .collect()
}

/// Kinds that cost money and that no stage carries or prices yet.
const PAID_KINDS: [&str; 6] = [
    "app",
    "autoscale_pool",
    "cluster",
    "function_namespace",
    "nat_gateway",
    "registry",
];

/// A line for each resource of these kinds that the provider gives no price of.
fn not_understood(estate: &Estate, side: Side) -> Vec<CostLine> {
    estate
        .resources
        .iter()
        .filter(|resource| {
            // What an application costs, on both sides, stands with its processes.
            let by_process = matches!(resource.attributes, Attributes::App(_));
            let told = by_process || (side == Side::Source && resource.cost.is_some());
            PAID_KINDS.contains(&resource.attributes.kind()) && !told
        })
        .map(|resource| {
            let kind = resource.attributes.kind().replace('_', " ");
            let item = format!("{}: {kind}", resource.name);
            let why = format!("this build does not price a {kind}");
            not_priced(side, item, vec![resource.id.clone()], why)
        })
        .collect()
}

/// The sums of the priced lines. A side with a line that is not priced is marked incomplete.
pub(crate) fn totals(lines: &[CostLine]) -> Totals {
    let total = |side| {
        let of_side: Vec<&CostLine> = lines.iter().filter(|line| line.side == side).collect();
        let sum = |amount: fn(&CostLine) -> Option<Usd>| {
            of_side.iter().filter_map(|line| amount(line)).sum()
        };
        let not_priced = of_side.iter().filter(|line| line.likely.is_none()).count();
        Total {
            low: sum(|line| line.low),
            likely: sum(|line| line.likely),
            high: sum(|line| line.high),
            complete: not_priced == 0,
            lines_not_priced: not_priced as u64,
        }
    };
    Totals {
        source: total(Side::Source),
        target: total(Side::Target),
        once: total(Side::Once),
    }
}

/// The least, the likely and the highest amount of a line.
#[derive(Clone, Copy)]
struct Range {
    low: Usd,
    likely: Usd,
    high: Usd,
}

impl Range {
    /// One amount that is known exactly.
    fn exactly(amount: Usd) -> Range {
        Range {
            low: amount,
            likely: amount,
            high: amount,
        }
    }
}

/// A line that is priced.
fn priced(
    side: Side,
    item: String,
    resources: Vec<String>,
    range: Range,
    known: (HowKnown, String),
    source: (&str, &str),
) -> CostLine {
    CostLine {
        side,
        item,
        resources,
        low: Some(range.low),
        likely: Some(range.likely),
        high: Some(range.high),
        how_known: known.0,
        working: known.1,
        price_source: Some(source.0.to_owned()),
        as_of: (!source.1.is_empty()).then(|| source.1.to_owned()),
        committed: None,
    }
}

/// A line of a quantity that is assumed: `count` times the range of `assumed`, times the price and a factor.
fn assumed_line(
    side: Side,
    about: (String, Vec<String>),
    assumed: &Assumed,
    count: f64,
    price: (Option<&Price>, f64),
) -> CostLine {
    let (item, ids) = about;
    let Assumed {
        low,
        likely,
        high,
        of,
    } = assumed;
    let words = format!("assumed: {low} to {high}, likely {likely} {of}");
    let (Some(price), factor) = price else {
        return not_priced(side, item, ids, format!("{words}; no price was read"));
    };
    let amount = |quantity: f64| price.usd.scaled(quantity * count * factor);
    let (Some(low), Some(likely), Some(high)) = (amount(*low), amount(*likely), amount(*high))
    else {
        return not_priced(side, item, ids, "the quantity is too large to be true");
    };
    let range = Range { low, likely, high };
    let times = if factor == 1.0 {
        String::new()
    } else {
        format!(" x {factor}")
    };
    let working = format!(
        "{words}; {count} of them{times} x {:.5}",
        price.usd.as_f64()
    );
    let known = (HowKnown::Assumed, working);
    priced(side, item, ids, range, known, (&price.source, &price.as_of))
}

/// A line that has no price, and why.
fn not_priced(
    side: Side,
    item: impl Into<String>,
    resources: Vec<String>,
    why: impl Into<String>,
) -> CostLine {
    CostLine {
        side,
        item: item.into(),
        resources,
        low: None,
        likely: None,
        high: None,
        how_known: HowKnown::NotPriced,
        working: why.into(),
        price_source: None,
        as_of: None,
        committed: None,
    }
}
