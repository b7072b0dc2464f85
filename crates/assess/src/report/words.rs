//! Words and orders that both forms of the report share.

use reberth_model::assessment::{
    Check, CheckResult, HowKnown, Method, ResourceName, Risk, Severity, Total,
};
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
    gravest_first(checks.filter(|check| check.result == result))
}

/// The checks in the order of their weight.
pub(super) fn gravest_first<'a>(checks: impl Iterator<Item = &'a Check>) -> Vec<&'a Check> {
    let mut found: Vec<&Check> = checks.collect();
    found.sort_by_key(|check| (check.severity, check.id.as_str()));
    found
}

/// A method as words.
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Binlog => "copy, then the log of changes",
        Method::Logical => "copy, then logical replication",
        Method::TriggerCapture => "copy, then changes captured by triggers",
        Method::WalArchive => "from the provider's archive of the log",
        Method::DumpWindow => "copy in a window without writes",
        Method::KeyCopy => "copy of keys, or an empty start",
        Method::Unknown => "no method is known",
    }
}

/// A risk as a symbol and a word.
pub(super) fn risk(risk: Risk) -> (&'static str, &'static str) {
    match risk {
        Risk::High => ("▲", "high risk"),
        Risk::Medium => ("●", "medium risk"),
        Risk::Unanswered => ("?", "unanswered"),
        Risk::None => ("✓", "no risk found"),
        Risk::NotApplicable => ("–", "not applicable"),
    }
}

/// An amount in whole dollars, for figures that are read at a glance.
pub(super) fn whole(usd: Usd) -> String {
    let text = amount(Usd::from_f64(usd.as_f64().round()));
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

/// Evidence that says the same of several resources.
pub(super) struct SameEvidence<'a> {
    pub(super) result: CheckResult,
    pub(super) attribute: &'a str,
    pub(super) value: &'a str,
    /// The query that gave it; of one resource for all, `*` stands for its id.
    pub(super) query: String,
    /// Names of the resources; of the whole estate when empty.
    pub(super) names: Vec<&'a str>,
}

/// What does not pass, with the resources of which the same is said taken together.
pub(super) fn not_passing(check: &Check) -> Vec<SameEvidence<'_>> {
    let mut groups: Vec<SameEvidence> = Vec::new();
    for item in check
        .evidence
        .iter()
        .filter(|item| item.result != CheckResult::Pass)
    {
        let name = item
            .resource
            .as_ref()
            .map(|resource| resource.name.as_str());
        let same = groups.iter_mut().find(|group| {
            (group.result, group.attribute, group.value)
                == (item.result, &item.attribute, &item.value)
        });
        match same {
            Some(group) => {
                group.names.extend(name);
                group.query = without_id(&group.query, check);
            }
            None => groups.push(SameEvidence {
                result: item.result,
                attribute: &item.attribute,
                value: &item.value,
                query: item.query.clone(),
                names: name.into_iter().collect(),
            }),
        }
    }
    groups
}

/// The query with `*` for the id or the name of whichever resource of the check stands in it.
fn without_id(query: &str, check: &Check) -> String {
    let resources = check
        .evidence
        .iter()
        .filter_map(|item| item.resource.as_ref());
    let named = resources.flat_map(|resource| [resource.id.as_str(), resource.name.as_str()]);
    let found = named.filter(|name| name.len() >= NAME_LENGTH_MIN && query.contains(name));
    match found.max_by_key(|name| name.len()) {
        Some(name) => query.replace(name, "*"),
        None => query.to_owned(),
    }
}

/// A shorter name could stand in a query by chance.
const NAME_LENGTH_MIN: usize = 5;

/// Names as one text; of the whole estate when there are none.
pub(super) fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "whole estate".to_owned()
    } else {
        names.join(", ")
    }
}

/// Names of resources as one text.
pub(super) fn names(resources: &[ResourceName]) -> String {
    let names: Vec<&str> = resources
        .iter()
        .map(|resource| resource.name.as_str())
        .collect();
    names.join(", ")
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

/// A difference with its sign.
pub(super) fn signed(usd: Usd) -> String {
    let text = amount(Some(usd));
    if usd > Usd::ZERO {
        format!("+{text}")
    } else {
        text
    }
}

/// A sum, with its gap named when it is not whole.
pub(super) fn sum(total: &Total) -> String {
    let likely = amount(Some(total.likely));
    if total.complete {
        format!("{likely} USD")
    } else {
        format!("{likely} USD + {}", total.not_priced())
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
