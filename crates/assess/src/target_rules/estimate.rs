//! Checks of the estimate itself. They need no design.

use reberth_model::assessment::{CheckResult, CostLine, Evidence, HowKnown, Side};
use reberth_model::money::Usd;

use super::{Target, TargetRule, fail_if};

pub(super) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "RB-T-COST-02",
        problem: "Too much of the estimate rests on assumptions",
        check: measured_share,
    },
    TargetRule {
        id: "RB-T-COST-04",
        problem: "Transfer is missing from the estimate",
        check: |target| Some(present(target, &TRANSFERS)),
    },
    TargetRule {
        id: "RB-T-COST-09",
        problem: "Small fixed lines are missing from the estimate",
        check: |target| Some(present(target, &SMALL_LINES)),
    },
];

/// Share of the priced amount whose quantity must be known.
const KNOWN_PERCENT_MIN: f64 = 80.0;

/// Words in the lines that transfer is estimated by.
const TRANSFERS: [&str; 3] = ["to the internet", "between zones", "Replication"];

/// Words in the lines that estimates forget.
const SMALL_LINES: [&str; 9] = [
    "Public IPv4",
    "NAT gateways, hours",
    "Load Balancer, hours",
    "capacity units",
    "KMS",
    "GuardDuty",
    "WAF",
    "Secrets Manager",
    "CloudWatch",
];

fn evidence(result: CheckResult, attribute: &str, value: String) -> Evidence {
    Evidence {
        result,
        resource: None,
        attribute: attribute.to_owned(),
        value,
        query: "assessment.json: costs of the target".to_owned(),
    }
}

fn of_target<'a>(target: &'a Target) -> impl Iterator<Item = &'a CostLine> {
    let costs = target.costs.iter();
    costs.filter(|line| matches!(line.side, Side::Target | Side::Once))
}

fn measured_share(target: &Target) -> Option<Vec<Evidence>> {
    let monthly = || of_target(target).filter(|line| line.side == Side::Target);
    let sum = |known: &dyn Fn(HowKnown) -> bool| -> Usd {
        let lines = monthly().filter(|line| known(line.how_known));
        lines.filter_map(|line| line.likely).sum()
    };
    let all = sum(&|_| true).as_f64();
    let known = sum(&|known| matches!(known, HowKnown::Measured | HowKnown::Derived)).as_f64();
    let missing = monthly().filter(|line| line.likely.is_none()).count();
    let percent = if all > 0.0 { known / all * 100.0 } else { 0.0 };
    let result = if percent < KNOWN_PERCENT_MIN {
        CheckResult::Fail
    } else if missing > 0 {
        CheckResult::Unknown
    } else {
        CheckResult::Pass
    };
    let value = format!(
        "{percent:.0} % of the priced amount rests on known quantities; {missing} lines have no price"
    );
    Some(vec![evidence(result, "how_known", value)])
}

/// A line that is there passes, with a price or with the reason why there is none.
fn present(target: &Target, words: &[&str]) -> Vec<Evidence> {
    words
        .iter()
        .map(|word| {
            let line = of_target(target).find(|line| line.item.contains(word));
            let value = line.map_or_else(
                || "no line".to_owned(),
                |line| format!("{}: {}", line.item, line.working),
            );
            evidence(fail_if(line.is_none()), word, value)
        })
        .collect()
}
