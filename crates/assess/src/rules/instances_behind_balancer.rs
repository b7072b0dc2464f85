use reberth_model::assessment::Evidence;
use reberth_model::estate::{Attributes, Estate, LoadBalancer};

use super::{Context, Rule, evidence, fail_if};

/// Flags load balancers with fewer than two servers behind them.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-01",
    reads: &["load_balancer", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::LoadBalancer(balancer) => {
                let servers = servers_behind(estate, balancer);
                let value = format!("{servers} servers");
                Some(evidence(
                    resource,
                    fail_if(servers < 2),
                    "server_ids",
                    value,
                ))
            }
            _ => None,
        })
        .collect()
}

fn servers_behind(estate: &Estate, balancer: &LoadBalancer) -> usize {
    estate
        .servers()
        .filter(|(resource, server)| {
            balancer.server_ids.contains(&resource.id)
                || balancer
                    .server_tag
                    .as_ref()
                    .is_some_and(|tag| server.tags.contains(tag))
        })
        .count()
}
