use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;
use std::collections::BTreeMap;

use super::{Context, Rule, evidence_of_all};

/// Flags a target on another continent than the source: every user and every row of the copy then crosses an ocean. On the same continent
/// only measured round trips tell, which stay open here.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-PERF-03",
    problem: "The target lies on another continent than the source",
    reads: &["server", "database", "app"],
    check,
};

/// Beginnings of region names and their continent, for the source's providers and for AWS.
const CONTINENTS: &[(&str, &str)] = &[
    ("nyc", "North America"),
    ("sfo", "North America"),
    ("tor", "North America"),
    ("atl", "North America"),
    ("ric", "North America"),
    ("us", "North America"),
    ("virginia", "North America"),
    ("oregon", "North America"),
    ("montreal", "North America"),
    ("ca-", "North America"),
    ("mx-", "North America"),
    ("ams", "Europe"),
    ("lon", "Europe"),
    ("fra", "Europe"),
    ("eu", "Europe"),
    ("dublin", "Europe"),
    ("frankfurt", "Europe"),
    ("london", "Europe"),
    ("blr", "Asia"),
    ("sgp", "Asia"),
    ("tokyo", "Asia"),
    ("mumbai", "Asia"),
    ("singapore", "Asia"),
    ("ap-southeast-2", "Australia"),
    ("ap-southeast-4", "Australia"),
    ("ap-", "Asia"),
    ("syd", "Australia"),
    ("sa-", "South America"),
    ("af-", "Africa"),
    ("me-", "Middle East"),
    ("il-", "Middle East"),
];

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    let target = &context.policy.target.region;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in &estate.resources {
        if let (Some(region), "server" | "database" | "app") =
            (resource.region.as_deref(), resource.attributes.kind())
        {
            *counts.entry(region).or_default() += 1;
        }
    }
    let look = |(region, count): (&str, usize)| {
        let (result, value) = compare(region, target);
        let value = format!("{count} resources in {region}, target {target}: {value}");
        evidence_of_all(result, "region", value)
    };
    counts.into_iter().map(look).collect()
}

fn compare(source: &str, target: &str) -> (CheckResult, &'static str) {
    match (continent(source), continent(target)) {
        (Some(one), Some(other)) if one != other => (CheckResult::Fail, "another continent"),
        (Some(_), Some(_)) => (
            CheckResult::Unknown,
            "the same continent; the round trips were not measured",
        ),
        _ => (
            CheckResult::Unknown,
            "where the region lies is not known here",
        ),
    }
}

fn continent(region: &str) -> Option<&'static str> {
    let region = region.to_lowercase();
    let found = CONTINENTS
        .iter()
        .find(|(start, _)| region.starts_with(start));
    found.map(|(_, continent)| *continent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continents_are_told_apart() {
        for (source, target, result) in [
            ("blr1", "ap-south-1", CheckResult::Unknown),
            ("nyc3", "ap-south-1", CheckResult::Fail),
            ("us", "us-east-1", CheckResult::Unknown),
            ("eu", "us-east-1", CheckResult::Fail),
            ("syd1", "ap-southeast-2", CheckResult::Unknown),
            ("mars1", "us-east-1", CheckResult::Unknown),
        ] {
            assert_eq!(compare(source, target).0, result, "{source} {target}");
        }
    }
}
