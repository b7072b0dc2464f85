//! What the sums mean: the saving, when it has paid for the move, what one decision changes, and how the bill agrees with the invoice.

use reberth_model::assessment::{
    CostLine, HowKnown, InvoiceGap, Outlook, ScenarioSum, Side, Total, Totals,
};
use reberth_model::estate::{Attributes, Estate};
use reberth_model::money::Usd;

use super::scenario::{Scenario, WEIGHED};

/// The outlook. `target_in` prices the target in a scenario.
pub(super) fn outlook(
    estate: &Estate,
    lines: &[CostLine],
    totals: &Totals,
    region: &str,
    target_in: impl Fn(&Scenario) -> Total,
) -> Outlook {
    let monthly_saving = totals.source.likely - totals.target.likely;
    Outlook {
        monthly_saving,
        target_committed: committed(lines),
        lines_committed: lines.iter().filter(|line| line.committed.is_some()).count() as u64,
        break_even_months: break_even(totals.once.likely, monthly_saving),
        known_percent: known_percent(lines, totals.target.likely),
        invoice: invoice(estate, lines, totals),
        scenarios: scenarios(totals.target.likely, region, target_in),
        not_priced_elsewhere: None,
    }
}

fn committed(lines: &[CostLine]) -> Usd {
    lines
        .iter()
        .filter(|line| line.side == Side::Target)
        .filter_map(|line| line.committed.or(line.likely))
        .sum()
}

/// Whole months, rounded up. Without a saving the move is never paid back by the bill.
fn break_even(once: Usd, monthly_saving: Usd) -> Option<u64> {
    (monthly_saving > Usd::ZERO).then(|| (once.as_f64() / monthly_saving.as_f64()).ceil() as u64)
}

fn known_percent(lines: &[CostLine], likely: Usd) -> u64 {
    let known: Usd = lines
        .iter()
        .filter(|line| line.side == Side::Target)
        .filter(|line| matches!(line.how_known, HowKnown::Measured | HowKnown::Derived))
        .filter_map(|line| line.likely)
        .sum();
    if likely == Usd::ZERO {
        return 0;
    }
    (known.as_f64() / likely.as_f64() * 100.0).round() as u64
}

fn scenarios(
    likely: Usd,
    region: &str,
    target_in: impl Fn(&Scenario) -> Total,
) -> Vec<ScenarioSum> {
    let is_planned = |what_if: &str| what_if.strip_prefix("region=") == Some(region);
    WEIGHED
        .iter()
        .filter(|(what_if, _)| !is_planned(what_if))
        .filter_map(|(what_if, meaning)| {
            let scenario = Scenario::parse(&[(*what_if).to_owned()]).ok()?;
            let total = target_in(&scenario);
            Some(ScenarioSum {
                what_if: (*what_if).to_owned(),
                meaning: (*meaning).to_owned(),
                difference: total.likely - likely,
                total,
            })
        })
        .collect()
}

/// A gap smaller than this share of the invoice needs no explanation.
const GAP_PERCENT_MIN: f64 = 2.0;

fn invoice(estate: &Estate, lines: &[CostLine], totals: &Totals) -> Option<InvoiceGap> {
    let invoices = estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Other(other) if other.word == "invoice" => {
                let amount = other.facts.get("amount")?.as_str()?.parse().ok()?;
                Some((resource.name.clone(), Usd::from_f64(amount)?))
            }
            _ => None,
        });
    let (month, amount) = invoices.max()?;
    let gap = amount - totals.source.likely;
    Some(InvoiceGap {
        month,
        amount,
        gap,
        explained_by: explained_by(amount, gap, lines),
    })
}

fn explained_by(amount: Usd, gap: Usd, lines: &[CostLine]) -> Vec<String> {
    let percent = gap.as_f64() / amount.as_f64().max(1.0) * 100.0;
    if percent.abs() < GAP_PERCENT_MIN {
        return vec![format!("nothing to explain: {percent:.1} % of the invoice")];
    }
    let not_priced = lines
        .iter()
        .filter(|line| line.side == Side::Source && line.likely.is_none());
    let mut reasons: Vec<String> = if gap > Usd::ZERO {
        not_priced
            .map(|line| format!("not in the sum: {}", line.item))
            .collect()
    } else {
        vec![
            "something was added since that month: the invoice does not have it yet".to_owned(),
            "a discount, a credit or a contract price lowers the invoice".to_owned(),
        ]
    };
    reasons.push(
        "the invoice may hold taxes, and part of a month of what was added or removed".to_owned(),
    );
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: f64) -> Usd {
        Usd::from_f64(amount).expect("an amount")
    }

    #[test]
    fn a_move_that_saves_nothing_never_pays_for_itself() {
        assert_eq!(break_even(usd(1000.0), usd(300.0)), Some(4));
        assert_eq!(break_even(usd(0.0), usd(300.0)), Some(0));
        assert_eq!(break_even(usd(1000.0), usd(0.0)), None);
        assert_eq!(break_even(usd(1000.0), usd(-5.0)), None);
    }

    #[test]
    fn a_gap_is_explained_in_its_direction() {
        let more = explained_by(usd(100.0), usd(20.0), &[]);
        assert_eq!(more.len(), 1);
        let less = explained_by(usd(100.0), usd(-20.0), &[]);
        assert!(less[0].contains("added since"));
        assert!(explained_by(usd(100.0), usd(1.0), &[])[0].starts_with("nothing to explain"));
    }
}
