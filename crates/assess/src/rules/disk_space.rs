use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Estate, Inside, Resource};

use super::{Context, Rule, evidence, fail_if};
use crate::server_inside::used_percent;

/// Flags servers with a file system that is nearly full, as seen from inside.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-15",
    problem: "Disks of some servers are nearly full",
    reads: &["server"],
    check,
};

const USED_MAX_PERCENT: f64 = 85.0;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let servers = estate.servers();
    servers
        .map(|(resource, server)| match &server.inside {
            Some(inside) if !inside.mounts.is_empty() => of_mounts(resource, inside),
            _ => {
                let value = "not visible from outside; discover --ssh looks";
                evidence(resource, CheckResult::Unknown, "inside.mounts", value)
            }
        })
        .collect()
}

fn of_mounts(resource: &Resource, inside: &Inside) -> Evidence {
    let used = |mount| Some((mount, used_percent(mount)?));
    let mut mounts: Vec<_> = inside.mounts.iter().filter_map(used).collect();
    mounts.sort_by(|one, other| other.1.total_cmp(&one.1));
    let fullest = mounts.first().map_or(0.0, |(_, used)| *used);
    let shown = mounts.iter().filter(|(_, used)| *used > USED_MAX_PERCENT);
    let shown = shown.chain(mounts.first().filter(|_| fullest <= USED_MAX_PERCENT));
    let value: Vec<String> = shown
        .map(|(mount, used)| format!("{} {used:.0} %", mount.path))
        .collect();
    let result = fail_if(fullest > USED_MAX_PERCENT);
    evidence(resource, result, "inside.mounts", value.join(", "))
}
