//! Words and orders that both forms of the report share.

use reberth_model::assessment::{Check, CheckResult, HowKnown, Severity, Total};
use reberth_model::money::Usd;

/// The six pillars in the framework's order, with the word in the documents and the word for people.
pub(super) const PILLARS: [(&str, &str); 6] = [
    ("operational-excellence", "Operational excellence"),
    ("security", "Security"),
    ("reliability", "Reliability"),
    ("performance-efficiency", "Performance efficiency"),
    ("cost-optimization", "Cost optimization"),
    ("sustainability", "Sustainability"),
];

/// The checks with that result, the gravest first.
pub(super) fn by_severity<'a>(
    checks: impl Iterator<Item = &'a Check>,
    result: CheckResult,
) -> Vec<&'a Check> {
    let mut found: Vec<&Check> = checks.filter(|check| check.result == result).collect();
    found.sort_by_key(|check| (check.severity, check.id.as_str()));
    found
}

/// A severity as a word.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

/// A result as a symbol and a word, so that neither colour nor font carries the meaning.
pub(super) fn result(result: CheckResult) -> (&'static str, &'static str) {
    match result {
        CheckResult::Fail => ("✕", "fail"),
        CheckResult::Waived => ("◇", "waived"),
        CheckResult::Unknown => ("?", "unknown"),
        CheckResult::Pass => ("✓", "pass"),
        CheckResult::NotApplicable => ("–", "not applicable"),
    }
}

/// How an amount was come by, as words.
pub(super) fn how_known(known: HowKnown) -> &'static str {
    match known {
        HowKnown::Measured => "measured",
        HowKnown::Derived => "derived",
        HowKnown::Assumed => "assumed",
        HowKnown::NotPriced => "not priced",
    }
}

/// An amount with commas between the thousands, or a dash.
pub(super) fn amount(usd: Option<Usd>) -> String {
    let Some(usd) = usd else {
        return "–".to_owned();
    };
    let plain = usd.to_string();
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{cents}")
}

/// A sum, with its gap named when it is not whole.
pub(super) fn sum(total: &Total) -> String {
    let likely = amount(Some(total.likely));
    if total.complete {
        format!("{likely} USD")
    } else {
        format!("{likely} USD + {} lines not priced", total.lines_not_priced)
    }
}

/// A kind as people write it: `load_balancer` is `load balancer`.
pub(super) fn kind(word: &str) -> String {
    word.replace('_', " ")
}

/// A provider as people write it.
pub(super) fn provider(word: &str) -> &str {
    match word {
        "digitalocean" => "DigitalOcean",
        "heroku" => "Heroku",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (usd, text) in [
            (0.0, "0.00"),
            (999.994, "999.99"),
            (1000.0, "1,000.00"),
            (-1234567.5, "-1,234,567.50"),
        ] {
            assert_eq!(amount(Usd::from_f64(usd)), text);
        }
        assert_eq!(amount(None), "–");
    }
}
