//! What the move does to the bill, in words that say how far they can be relied on.
//!
//! A sum that lacks lines is a lower bound: lines only add to it. A difference of two sums has a bound only where one of them is whole, and what is
//! reckoned from a difference has no more of one than the difference.

use reberth_model::assessment::{Assessment, Outlook, Side, Total, Totals};
use reberth_model::money::Usd;

use super::element::{Html, paragraph};
use super::headline::card;
use crate::report::words;

/// How a figure stands to the true one, which lines without a price would give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// It is the figure.
    Exact,
    /// The true one is no smaller.
    AtLeast,
    /// The true one is no larger.
    AtMost,
    /// The true one may be either.
    Open,
}

impl Bound {
    /// Of a sum.
    fn of(total: &Total) -> Bound {
        match total.complete {
            true => Bound::Exact,
            false => Bound::AtLeast,
        }
    }

    /// Of the sum of two figures.
    fn and(self, other: Bound) -> Bound {
        match (self, other) {
            (Bound::Exact, bound) | (bound, Bound::Exact) => bound,
            (one, other) if one == other => one,
            _ => Bound::Open,
        }
    }

    /// Of the figure with the other sign, or of one that it divides.
    fn inverse(self) -> Bound {
        match self {
            Bound::AtLeast => Bound::AtMost,
            Bound::AtMost => Bound::AtLeast,
            same => same,
        }
    }

    /// What stands before the figure.
    fn before(self) -> &'static str {
        match self {
            Bound::Exact | Bound::Open => "",
            Bound::AtLeast => "at least ",
            Bound::AtMost => "at most ",
        }
    }

    /// What stands behind the words of a figure that stands alone.
    fn behind(self) -> &'static str {
        match self {
            Bound::Exact => "",
            Bound::AtLeast => ", at the least",
            Bound::AtMost => ", at the most",
            Bound::Open => OPEN,
        }
    }

    /// What stands behind a number of months.
    fn behind_months(self) -> &'static str {
        match self {
            Bound::Exact => "",
            Bound::AtLeast => " at the earliest",
            Bound::AtMost => " at the latest",
            Bound::Open => OPEN,
        }
    }
}

const OPEN: &str = " by the lines that are priced";

/// Of the source's sum less the target's.
fn of_saving(totals: &Totals) -> Bound {
    Bound::of(&totals.source).and(Bound::of(&totals.target).inverse())
}

/// A sum, with what it is where it lacks lines.
fn sum(total: &Total) -> String {
    format!(
        "{}{} USD",
        Bound::of(total).before(),
        words::whole(total.likely)
    )
}

/// The answer about the bill, in one sentence without its end.
pub(super) fn verdict(assessment: &Assessment) -> String {
    let (totals, outlook) = (&assessment.totals, &assessment.outlook);
    let saving = of_saving(totals);
    let (verb, bound, amount) = match outlook.monthly_saving > Usd::ZERO {
        true => ("falls", saving, outlook.monthly_saving),
        false => (
            "rises",
            saving.inverse(),
            Usd::ZERO - outlook.monthly_saving,
        ),
    };
    let open = match bound {
        Bound::Open => format!("{OPEN} (both sums lack lines)"),
        _ => String::new(),
    };
    let target = sum(&totals.target);
    let once = sum(&totals.once);
    let pays = match outlook.break_even_months {
        Some(months) => format!(
            "which pays for the move ({once}, once) in {}",
            until_paid(totals, months)
        ),
        None => format!(
            "and the move itself costs {once} once: {}",
            unpaid(totals).0
        ),
    };
    format!(
        "The bill {verb} by {}about {} USD{open}, to {target} a month, {pays}",
        bound.before(),
        words::whole(amount),
    )
}

fn until_paid(totals: &Totals, months: u64) -> String {
    let bound = Bound::of(&totals.once).and(of_saving(totals).inverse());
    format!("{months} months{}", bound.behind_months())
}

/// What it means that the saving never pays, in the words of the sentence and of the card.
fn unpaid(totals: &Totals) -> (&'static str, &'static str) {
    match of_saving(totals) {
        Bound::Exact | Bound::AtMost => (
            "the reason to move is not the bill",
            "never paid back by the bill alone",
        ),
        Bound::AtLeast | Bound::Open => (
            "the lines that are priced do not pay for it",
            "not paid back by the lines that are priced",
        ),
    }
}

/// The card of the target's sum.
pub(super) fn cost(assessment: &Assessment) -> Html {
    let totals = &assessment.totals;
    let now = sum(&totals.source);
    let bound = Bound::of(&totals.target);
    card(
        &figure(totals.target.likely),
        &format!("a month at the target{}", bound.behind()),
        &format!("{}; now {now}", completeness(&totals.target)),
    )
}

/// The large words of a card, which have no room for more than the sum.
fn figure(amount: Usd) -> String {
    format!("{} USD", words::whole(amount))
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

/// The card of the difference.
pub(super) fn saving(assessment: &Assessment) -> Html {
    let (totals, outlook) = (&assessment.totals, &assessment.outlook);
    let saving = of_saving(totals);
    let (amount, what, bound) = match outlook.monthly_saving >= Usd::ZERO {
        true => (outlook.monthly_saving, "saved each month", saving),
        false => (
            Usd::ZERO - outlook.monthly_saving,
            "more each month",
            saving.inverse(),
        ),
    };
    card(
        &figure(amount),
        &format!("{what}{}", bound.behind()),
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
        |months| format!("paid back in {}", until_paid(totals, months)),
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

    fn total(complete: bool) -> Total {
        Total {
            low: Usd::ZERO,
            likely: Usd::ZERO,
            high: Usd::ZERO,
            complete,
            lines_not_priced: u64::from(!complete),
        }
    }

    #[test]
    fn a_difference_has_a_bound_only_where_one_sum_is_whole() {
        for (source, target, once, saving, months) in [
            (true, true, true, Bound::Exact, ""),
            (true, true, false, Bound::Exact, " at the earliest"),
            (true, false, true, Bound::AtMost, " at the earliest"),
            (true, false, false, Bound::AtMost, " at the earliest"),
            (false, true, true, Bound::AtLeast, " at the latest"),
            (false, true, false, Bound::AtLeast, OPEN),
            (false, false, true, Bound::Open, OPEN),
            (false, false, false, Bound::Open, OPEN),
        ] {
            let totals = Totals {
                source: total(source),
                target: total(target),
                once: total(once),
            };
            assert_eq!(of_saving(&totals), saving, "{totals:?}");
            assert_eq!(
                until_paid(&totals, 7),
                format!("7 months{months}"),
                "{totals:?}"
            );
        }
    }
}
