//! What the move does to the bill, in words that say how far they can be relied on.
//!
//! A sum is what is likely: the true bill may be below it, where a quantity was assumed, and above it by the lines without a price. So neither a sum that
//! lacks lines nor a difference of two is told as a bound; how many lines have no price stands beside them.

use reberth_model::assessment::{Assessment, Outlook, Side, Total, Totals};
use reberth_model::money::Usd;

use super::element::{Html, paragraph};
use super::headline::card;
use crate::report::words;

/// How sums that lack `lines` are to be read; nothing when they lack none.
fn lack(lines: u64) -> String {
    match lines {
        0 => String::new(),
        1 => "likely; 1 line has no price".to_owned(),
        lines => format!("likely; {lines} lines have no price"),
    }
}

/// A sum, with what it lacks.
fn sum(total: &Total) -> String {
    let likely = words::whole(total.likely);
    match lack(total.lines_not_priced) {
        lack if lack.is_empty() => format!("{likely} USD"),
        lack => format!("{likely} USD ({lack})"),
    }
}

/// Lines that the difference of both sums lacks.
fn not_compared(totals: &Totals) -> u64 {
    totals.source.lines_not_priced + totals.target.lines_not_priced
}

/// The answer about the bill, in one sentence without its end.
pub(super) fn verdict(assessment: &Assessment) -> String {
    let (totals, outlook) = (&assessment.totals, &assessment.outlook);
    let (verb, amount) = match outlook.monthly_saving > Usd::ZERO {
        true => ("falls", outlook.monthly_saving),
        false => ("rises", Usd::ZERO - outlook.monthly_saving),
    };
    let once = words::whole(totals.once.likely);
    let pays = match outlook.break_even_months {
        Some(months) => {
            format!("which pays for the move ({once} USD, once) in {months} months")
        }
        None => format!(
            "and the move itself costs {once} USD once: {}",
            unpaid(totals).0
        ),
    };
    let lack = match lack(not_compared(totals) + totals.once.lines_not_priced) {
        lack if lack.is_empty() => lack,
        lack => format!(". All of this is {lack}"),
    };
    format!(
        "The bill {verb} by about {} USD, to {} USD a month, {pays}{lack}",
        words::whole(amount),
        words::whole(totals.target.likely),
    )
}

/// What it means that the saving never pays, in the words of the sentence and of the card.
fn unpaid(totals: &Totals) -> (&'static str, &'static str) {
    match not_compared(totals) {
        0 => (
            "the reason to move is not the bill",
            "never paid back by the bill alone",
        ),
        _ => (
            "the lines that are priced do not pay for it",
            "not paid back by the lines that are priced",
        ),
    }
}

/// The card of the target's sum.
pub(super) fn cost(assessment: &Assessment) -> Html {
    let totals = &assessment.totals;
    card(
        &figure(totals.target.likely),
        "a month at the target",
        &format!("{}; now {}", standing(&totals.target), sum(&totals.source)),
    )
}

/// The large words of a card, which have no room for more than `1,234,567 USD`.
fn figure(amount: Usd) -> String {
    const MILLION: f64 = 1_000_000.0;
    let (count, unit) = match amount.as_f64().abs().round() {
        dollars if dollars < 10.0 * MILLION => (1.0, ""),
        dollars if dollars < 10_000.0 * MILLION => (MILLION, "M "),
        _ => (1_000.0 * MILLION, "B "),
    };
    let shown = amount.scaled(1.0 / count).unwrap_or(amount);
    format!("{} {unit}USD", words::whole(shown))
}

/// The range of a sum, and whether it is whole.
fn standing(total: &Total) -> String {
    let range = if total.low == total.high {
        "at list prices".to_owned()
    } else {
        format!(
            "{} to {}",
            words::whole(total.low),
            words::whole(total.high)
        )
    };
    match lack(total.lines_not_priced) {
        lack if lack.is_empty() => format!("{range}; every line is priced"),
        lack => format!("{range}, {lack}"),
    }
}

/// The card of the difference.
pub(super) fn saving(assessment: &Assessment) -> Html {
    let (totals, outlook) = (&assessment.totals, &assessment.outlook);
    let (amount, what) = match outlook.monthly_saving >= Usd::ZERO {
        true => (outlook.monthly_saving, "saved each month"),
        false => (Usd::ZERO - outlook.monthly_saving, "more each month"),
    };
    let what = match lack(not_compared(totals)) {
        lack if lack.is_empty() => what.to_owned(),
        lack => format!("{what}, {lack}"),
    };
    card(
        &figure(amount),
        &what,
        &format!(
            "{} once for the move; {}",
            sum(&totals.once),
            paid_back(totals, outlook)
        ),
    )
}

fn paid_back(totals: &Totals, outlook: &Outlook) -> String {
    outlook.break_even_months.map_or_else(
        || unpaid(totals).1.to_owned(),
        |months| format!("paid back in {months} months"),
    )
}

/// What the target's sum lacks, by name: whoever decides about money must not take it for the whole.
pub(super) fn lacking(assessment: &Assessment) -> Html {
    let lines = assessment.costs.iter();
    let open = lines.filter(|line| line.side == Side::Target && line.likely.is_none());
    let names: Vec<&str> = open.map(|line| line.item.as_str()).collect();
    if names.is_empty() {
        return paragraph("Every line of the target is priced.");
    }
    let elsewhere = match &assessment.outlook.not_priced_elsewhere {
        Some(other) => format!(
            " At the prices of {}, {} of these {} come to about {} USD a month: take that as an idea, it is in no sum.",
            other.region,
            other.lines,
            names.len(),
            words::whole(other.likely)
        ),
        None => String::new(),
    };
    paragraph(&format!(
        "The target's sum is incomplete. {} of its lines {} no price here, so the true bill may be higher: {}.{elsewhere}",
        names.len(),
        if names.len() == 1 { "has" } else { "have" },
        names.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: f64) -> Usd {
        Usd::from_f64(amount).expect("an amount")
    }

    #[test]
    fn a_sum_that_lacks_lines_is_no_bound() {
        let total = |lines_not_priced| Total {
            low: usd(80.0),
            likely: usd(1234.4),
            high: usd(2000.0),
            complete: lines_not_priced == 0,
            lines_not_priced,
        };
        for (lines, told, standing_of) in [
            (0, "1,234 USD", "80 to 2,000; every line is priced"),
            (
                1,
                "1,234 USD (likely; 1 line has no price)",
                "80 to 2,000, likely; 1 line has no price",
            ),
            (
                12,
                "1,234 USD (likely; 12 lines have no price)",
                "80 to 2,000, likely; 12 lines have no price",
            ),
        ] {
            assert_eq!(sum(&total(lines)), told);
            assert_eq!(standing(&total(lines)), standing_of);
        }
    }

    #[test]
    fn every_figure_fits_its_card() {
        for (amount, told) in [
            (0.4, "0 USD"),
            (9_999_999.4, "9,999,999 USD"),
            (12_345_678.0, "12 M USD"),
            (9_999_400_000.0, "9,999 M USD"),
            (9_999_999.7, "10 M USD"),
            (80_000_000_000.0, "80 B USD"),
        ] {
            let figure = figure(usd(amount));
            assert_eq!(figure, told);
            assert!(figure.chars().count() <= "1,234,567 USD".len(), "{figure}");
        }
    }
}
