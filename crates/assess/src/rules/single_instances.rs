use std::collections::BTreeSet;

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{
    Attributes, DnsRecord, Estate, LoadBalancer, Process, Resource, Server,
};

use super::{Context, Rule, evidence, fail_if};

/// Flags entries that a single server answers: load balancers with fewer than two servers behind them, and servers that a name in
/// the DNS leads to alone. What answers behind the first server is not visible from outside.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-01",
    problem: "Some entries are answered by a single server",
    reads: &["load_balancer", "server", "dns_record", "process"],
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
            Attributes::Server(server) => named_alone(estate, resource, server),
            Attributes::Process(process) => one_of_its_kind(estate, resource, process),
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

/// Evidence when names lead to the server: it fails when one of them leads nowhere else.
fn named_alone(estate: &Estate, resource: &Resource, server: &Server) -> Option<Evidence> {
    let names: BTreeSet<(&str, &str)> = address_records(estate)
        .filter(|(_, record)| server.public_ipv4.contains(&record.data))
        .map(|(name, record)| (name, record.domain.as_str()))
        .collect();
    let alone: Vec<String> = names
        .iter()
        .filter(|(name, domain)| {
            let same_name =
                |(other, record): &(&str, &DnsRecord)| other == name && record.domain == *domain;
            address_records(estate).filter(same_name).count() == 1
        })
        .map(|(name, domain)| format!("{name} of {domain}"))
        .collect();
    let attribute = "public_ipv4 in DNS records";
    match (names.is_empty(), alone.is_empty()) {
        (true, _) => None,
        (false, true) => Some(evidence(
            resource,
            CheckResult::Pass,
            attribute,
            "shares its names with others",
        )),
        (false, false) => {
            let value = format!("alone answers {}", alone.join(", "));
            Some(evidence(resource, CheckResult::Fail, attribute, value))
        }
    }
}

fn address_records(estate: &Estate) -> impl Iterator<Item = (&str, &DnsRecord)> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::DnsRecord(record) if record.record_type == "A" => {
                Some((resource.name.as_str(), record))
            }
            _ => None,
        })
}

/// Evidence of a kind of process in production that should run: one instance stops with its machine, once a day at the least.
fn one_of_its_kind(estate: &Estate, resource: &Resource, process: &Process) -> Option<Evidence> {
    let is_production = estate.apps().any(|(app, attributes)| {
        app.id == process.app_id && matches!(attributes.stage.as_deref(), None | Some("production"))
    });
    (is_production && process.instances > 0).then(|| {
        let value = format!("{} instance(s) of `{}`", process.instances, process.command);
        evidence(resource, fail_if(process.instances < 2), "instances", value)
    })
}
