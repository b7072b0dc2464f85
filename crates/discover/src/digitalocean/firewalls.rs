//! Cloud firewalls.

use serde::Deserialize;

use reberth_model::estate::{Attributes, Firewall, FirewallRule, Resource};

use super::collection::Collection;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;

#[derive(Debug, Deserialize)]
struct CloudFirewall {
    id: String,
    name: String,
    inbound_rules: Option<Vec<Rule>>,
    outbound_rules: Option<Vec<Rule>>,
    droplet_ids: Option<Vec<u64>>,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    protocol: String,
    ports: Option<String>,
    #[serde(alias = "destinations")]
    sources: Option<Peers>,
}

#[derive(Debug, Default, Deserialize)]
struct Peers {
    addresses: Option<Vec<String>>,
    droplet_ids: Option<Vec<u64>>,
    load_balancer_uids: Option<Vec<String>>,
    kubernetes_ids: Option<Vec<String>>,
    tags: Option<Vec<String>>,
}

impl Identified for CloudFirewall {
    fn id(&self) -> String {
        self.id.clone()
    }
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let firewalls = Collection::new("/v2/firewalls", "firewalls").with_items("firewall");
    for firewall in reader.list(firewalls).await?.unwrap_or_default() {
        add(firewall, gathered);
    }
    Ok(())
}

fn add(firewall: CloudFirewall, gathered: &mut Gathered) {
    let id = firewall.id;
    let server_ids = numbers(firewall.droplet_ids);
    let tags = sorted(firewall.tags);
    for server in &server_ids {
        gathered.refer(&id, "protects", server.as_str());
    }
    for tag in &tags {
        gathered.refer_tagged(&id, "protects", tag);
    }
    let inbound: Vec<FirewallRule> = firewall
        .inbound_rules
        .into_iter()
        .flatten()
        .map(rule)
        .collect();
    for rule in &inbound {
        allow(&id, rule, gathered);
    }
    gathered.add(Resource {
        id,
        name: firewall.name,
        region: None,
        cost: None,
        attributes: Attributes::Firewall(Firewall {
            inbound,
            outbound: firewall
                .outbound_rules
                .into_iter()
                .flatten()
                .map(rule)
                .collect(),
            server_ids,
            tags,
        }),
    });
}

/// Who of the account may come in. A firewall may outlive those that it names.
fn allow(id: &str, rule: &FirewallRule, gathered: &mut Gathered) {
    let named = rule.server_ids.iter().chain(&rule.load_balancer_ids);
    for peer in named.chain(&rule.cluster_ids) {
        gathered.refer_known(id, "allows", peer);
    }
    for tag in &rule.tags {
        gathered.refer_tagged(id, "allows", tag);
    }
}

fn rule(rule: Rule) -> FirewallRule {
    let peers = rule.sources.unwrap_or_default();
    FirewallRule {
        protocol: rule.protocol,
        ports: rule.ports.unwrap_or_else(|| "0".to_owned()),
        addresses: sorted(peers.addresses),
        server_ids: numbers(peers.droplet_ids),
        tags: sorted(peers.tags),
        load_balancer_ids: sorted(peers.load_balancer_uids),
        cluster_ids: sorted(peers.kubernetes_ids),
    }
}

fn sorted(values: Option<Vec<String>>) -> Vec<String> {
    let mut values = values.unwrap_or_default();
    values.sort();
    values
}

fn numbers(values: Option<Vec<u64>>) -> Vec<String> {
    sorted(values.map(|values| values.iter().map(u64::to_string).collect()))
}
