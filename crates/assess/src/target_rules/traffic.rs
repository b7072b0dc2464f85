//! Checks of who may reach what in a design, and of its keys.

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::design::{Peer, SecurityGroup, TrafficRule};

use super::{Target, TargetRule, fail_if, item};

pub(super) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "RB-T-SEC-13",
        problem: "Something other than the load balancer takes traffic from any address",
        check: |target| of_groups(target, |_| true, open_to_all),
    },
    TargetRule {
        id: "RB-T-SEC-15",
        problem: "A database takes traffic from any address",
        check: |target| of_groups(target, |group| group.key.starts_with("db-"), open_at_all),
    },
    TargetRule {
        id: "RB-T-SEC-19",
        problem: "A security group opens SSH",
        check: |target| of_groups(target, |_| true, ssh),
    },
    TargetRule {
        id: "RB-T-SEC-22",
        problem: "A class of data has no key of its own",
        check: keys,
    },
    TargetRule {
        id: "RB-T-SEC-25",
        problem: "The public entry answers plain HTTP",
        check: redirects,
    },
];

fn of_groups(
    target: &Target,
    wanted: fn(&SecurityGroup) -> bool,
    fault: fn(&SecurityGroup) -> Option<String>,
) -> Option<Vec<Evidence>> {
    let groups = target.design?.security_groups.iter();
    let look = |group: &SecurityGroup| match fault(group) {
        Some(fault) => item(
            "security_group",
            &group.key,
            CheckResult::Fail,
            "ingress",
            fault,
        ),
        None => {
            let value = format!("{} rules, none of that kind", group.ingress.len());
            item(
                "security_group",
                &group.key,
                CheckResult::Pass,
                "ingress",
                value,
            )
        }
    };
    Some(groups.filter(|group| wanted(group)).map(look).collect())
}

fn from_internet(group: &SecurityGroup) -> impl Iterator<Item = &TrafficRule> {
    group
        .ingress
        .iter()
        .filter(|rule| rule.peer == Peer::Internet)
}

fn named(rule: &TrafficRule) -> String {
    format!(
        "{} from any address: {} {}-{}",
        rule.key, rule.protocol, rule.port_first, rule.port_last
    )
}

/// Ports that a load balancer may offer to everybody.
const PUBLIC_PORTS: [u16; 2] = [80, 443];

fn open_to_all(group: &SecurityGroup) -> Option<String> {
    let is_entry = group.key.starts_with("alb-");
    let allowed = |rule: &&TrafficRule| {
        is_entry && rule.port_first == rule.port_last && PUBLIC_PORTS.contains(&rule.port_first)
    };
    from_internet(group).find(|rule| !allowed(rule)).map(named)
}

fn open_at_all(group: &SecurityGroup) -> Option<String> {
    from_internet(group).next().map(named)
}

fn ssh(group: &SecurityGroup) -> Option<String> {
    let holds = |rule: &&TrafficRule| {
        rule.protocol == "tcp" && (rule.port_first..=rule.port_last).contains(&22)
    };
    group
        .ingress
        .iter()
        .find(holds)
        .map(|rule| format!("{} opens port 22", rule.key))
}

fn keys(target: &Target) -> Option<Vec<Evidence>> {
    let design = target.design?;
    let classes = [
        ("compute", !design.services.is_empty()),
        ("data", !design.databases.is_empty()),
    ];
    let needed = classes.into_iter().filter(|(_, needed)| *needed);
    Some(
        needed
            .map(|(class, _)| {
                let found = design.keys.iter().find(|key| key.key == class);
                let value = found
                    .map_or("none", |key| key.description.as_str())
                    .to_owned();
                item("key", class, fail_if(found.is_none()), "keys", value)
            })
            .collect(),
    )
}

fn redirects(target: &Target) -> Option<Vec<Evidence>> {
    let entries = target.design?.ingresses.iter();
    Some(
        entries
            .map(|entry| {
                let value = format!("{} for {}", entry.redirect_http, entry.domain);
                item(
                    "ingress",
                    &entry.key,
                    fail_if(!entry.redirect_http),
                    "redirect_http",
                    value,
                )
            })
            .collect(),
    )
}
