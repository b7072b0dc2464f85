use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate};

use super::{Context, Rule, evidence};
use crate::network_reach::Block;

/// Flags source networks that lie in a range which the target, its tools or the policy will want.
///
/// The target's network is cut as a whole /16 from 10.0.0.0/8. A source network as wide as that takes a candidate away whole; a
/// narrow one is stepped around by the design stage without anybody noticing, so it is not a finding.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-14",
    problem: "A source network lies in a range that the target will want",
    reads: &["network"],
    check,
};

/// Where the target's block is cut from, and the length of its prefix.
const CANDIDATES: (&str, u8) = ("10.0.0.0/8", 16);

/// Ranges that software around the target takes without asking.
const RESERVED: [(&str, &str); 5] = [
    ("172.17.0.0/16", "Docker's own network"),
    ("172.20.0.0/16", "the default service range of EKS"),
    ("10.100.0.0/16", "the default service range of EKS"),
    ("192.168.0.0/24", "a range that AWS DMS uses"),
    ("198.19.0.0/16", "a range that AWS keeps for itself"),
];

fn check(estate: &Estate, context: &Context) -> Vec<Evidence> {
    let avoid = &context.policy.target.avoid_cidrs;
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Network(network) => {
                let (result, value) = risk(&network.cidr, avoid);
                Some(evidence(resource, result, "cidr", value))
            }
            _ => None,
        })
        .collect()
}

fn risk(cidr: &str, avoid: &[String]) -> (CheckResult, String) {
    let Some(block) = Block::parse(cidr) else {
        return (CheckResult::Unknown, format!("{cidr} is not an IPv4 block"));
    };
    let overlaps = |other: &str| Block::parse(other).is_some_and(|other| other.overlaps(block));
    if let Some((range, owner)) = RESERVED.iter().find(|(range, _)| overlaps(range)) {
        return (
            CheckResult::Fail,
            format!("{cidr} overlaps {range}, {owner}"),
        );
    }
    if let Some(range) = avoid.iter().find(|range| overlaps(range)) {
        return (
            CheckResult::Fail,
            format!("{cidr} overlaps {range}, which the policy avoids"),
        );
    }
    let (pool, prefix) = CANDIDATES;
    if overlaps(pool) && block.prefix() <= prefix {
        return (
            CheckResult::Fail,
            format!(
                "{cidr} takes a whole /{prefix} of {pool}, where the target's block is cut from"
            ),
        );
    }
    (CheckResult::Pass, cidr.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_reserved_ranges_are_risks() {
        let avoid = ["10.50.0.0/16".to_owned()];
        for (cidr, result) in [
            ("10.139.0.0/16", CheckResult::Fail),
            ("10.0.0.0/8", CheckResult::Fail),
            ("10.122.0.0/20", CheckResult::Pass),
            ("10.50.4.0/24", CheckResult::Fail),
            ("10.100.7.0/24", CheckResult::Fail),
            ("172.17.3.0/24", CheckResult::Fail),
            ("172.18.0.0/16", CheckResult::Pass),
            ("fd00::/8", CheckResult::Unknown),
            ("", CheckResult::Unknown),
        ] {
            assert_eq!(risk(cidr, &avoid).0, result, "{cidr}");
        }
    }
}
