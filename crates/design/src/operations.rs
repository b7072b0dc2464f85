//! Alarms, backups, the budget.

use reberth_model::design::{MetricsStore, Operations};
use reberth_model::policy::Policy;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const NONE: &str = "none";
const PROMETHEUS: &str = "prometheus";
const CLOUDWATCH: &str = "cloudwatch";
/// Highest budget that can be set, in US dollars a month.
const BUDGET_MAX: u64 = 100_000_000;

/// Regions and the one that holds copies of their backups: in the same country where there is one, else near.
const COPY_REGIONS: [(&str, &str); 13] = [
    ("ap-northeast-1", "ap-northeast-3"),
    ("ap-south-1", "ap-south-2"),
    ("ap-southeast-1", "ap-southeast-3"),
    ("ap-southeast-2", "ap-southeast-4"),
    ("ca-central-1", "ca-west-1"),
    ("eu-central-1", "eu-west-1"),
    ("eu-north-1", "eu-central-1"),
    ("eu-west-1", "eu-central-1"),
    ("eu-west-2", "eu-west-1"),
    ("eu-west-3", "eu-central-1"),
    ("us-east-1", "us-west-2"),
    ("us-east-2", "us-west-2"),
    ("us-west-2", "us-east-2"),
];

/// Designs the operations of an environment.
pub(crate) fn design(
    policy: &Policy,
    decisions: &mut Decisions<'_>,
) -> Result<Operations, DesignError> {
    let days = decisions.number(&Question {
        id: "operations.backup_days",
        value: "35",
        alternative: "7",
        why: "a month and a few days, so that the last backup of every month is there when the month is closed",
        may_be: Values::Number(1, 3653),
    })?;
    Ok(Operations {
        copy_region: copy_region(policy, decisions)?,
        backup_days: days,
        budget_usd: budget(policy, decisions)?,
        metrics: metrics(decisions)?,
        log_search: log_search(decisions)?,
        datadog: datadog(decisions)?,
    })
}

fn log_search(decisions: &mut Decisions<'_>) -> Result<bool, DesignError> {
    const OPENSEARCH: &str = "opensearch";
    let choice = decisions.decide(&Question {
        id: "operations.log_search",
        value: NONE,
        alternative: OPENSEARCH,
        why: "logs lie in buckets and log groups and are searched there by query; a domain of six nodes finds them at once, and is paid for day and night",
        may_be: Values::OneOf(&[NONE, OPENSEARCH]),
    })?;
    Ok(choice.value == OPENSEARCH)
}

fn datadog(decisions: &mut Decisions<'_>) -> Result<bool, DesignError> {
    decisions.switch(&Question {
        id: "operations.datadog",
        value: "false",
        alternative: "true",
        why: "Prometheus and CloudWatch measure already; Datadog is for those who have it, and is billed by the host",
        may_be: Values::Switch,
    })
}

fn copy_region(
    policy: &Policy,
    decisions: &mut Decisions<'_>,
) -> Result<Option<String>, DesignError> {
    let target = &policy.target;
    let near = COPY_REGIONS
        .iter()
        .find(|(region, _)| *region == target.region)
        .map_or(NONE, |(_, copy)| *copy);
    let (value, alternative) = match (target.environment.as_str(), near) {
        (_, NONE) => (NONE, "a region of your choice"),
        ("prod", copy) => (copy, NONE),
        (_, copy) => (NONE, copy),
    };
    let choice = decisions.decide(&Question {
        id: "operations.copy_region",
        value,
        alternative,
        why: "copies outlive the region; in the same country where there is a second region, so that the data stays under its law. A newer region must be switched \
              on for the account first",
        may_be: Values::RegionOrNone,
    })?;
    if choice.value == target.region {
        return Err(DesignError::BadOverride {
            decision: "operations.copy_region".to_owned(),
            value: choice.value,
            may_be: "another region than the target's own | none".to_owned(),
        });
    }
    Ok((choice.value != NONE).then_some(choice.value))
}

fn metrics(decisions: &mut Decisions<'_>) -> Result<MetricsStore, DesignError> {
    let choice = decisions.decide(&Question {
        id: "operations.metrics",
        value: PROMETHEUS,
        alternative: CLOUDWATCH,
        why: "memory, disks and connections are not measured from outside a server; rules and dashboards are files that are reviewed and tested",
        may_be: Values::OneOf(&[PROMETHEUS, CLOUDWATCH]),
    })?;
    Ok(match choice.value.as_str() {
        PROMETHEUS => MetricsStore::Prometheus,
        _ => MetricsStore::Cloudwatch,
    })
}

/// What was promised; nothing where nothing was.
fn budget(policy: &Policy, decisions: &mut Decisions<'_>) -> Result<Option<u64>, DesignError> {
    let promised = policy.promises.monthly_cost_usd.unwrap_or(0.0).ceil();
    let promised = (promised.clamp(0.0, BUDGET_MAX as f64)) as u64;
    let usd = decisions.number(&Question {
        id: "operations.budget_usd",
        value: &promised.to_string(),
        alternative: "a monthly budget of your choice",
        why: "promises.monthly_cost_usd of the policy; 0 is no budget, because nothing was promised",
        may_be: Values::Number(0, BUDGET_MAX),
    })?;
    Ok((usd > 0).then_some(usd))
}
