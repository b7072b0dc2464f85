//! `00-network`: the VPC of the environment.

use reberth_model::design::{Design, NatPlacement, Network, Tier};

use super::{Root, module, origin};
use crate::folder::{Folder, Output, output};
use crate::hcl::{Block, Body, Expression, code, object, template};

const TEXT: &str = "\
The VPC and its subnets. Blocks are written out, never computed: what stands here is what the design allocated, and none of
it may move, because a moved block destroys the subnet.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let network = &design.network;
    let pods = pods(design);
    let mut outputs = outputs();
    if pods.is_some() {
        outputs.push(output(
            "pod_subnets",
            "Ids of the pods' subnets by zone slot, with the names of their zones.",
            "module.pod_network.subnets",
        ));
    }
    let main = Body::new()
        .commented("Logs are a class of data of their own.", log_key())
        .commented(comment(network), call(network));
    Root {
        name: "00-network",
        text: TEXT,
        reads: &[],
        outputs,
        variables: Vec::new(),
        files: std::iter::once(("main.tf", main))
            .chain(pods.map(|pods| ("pods.tf", pods)))
            .collect(),
    }
    .folder(design)
}

fn outputs() -> Vec<Output> {
    vec![
        output("vpc_id", "Id of the VPC.", "module.network.vpc_id"),
        output(
            "public_subnet_ids",
            "Ids of the public subnets by zone slot.",
            "module.network.public_subnet_ids",
        ),
        output(
            "app_subnet_ids",
            "Ids of the application subnets by zone slot.",
            "module.network.app_subnet_ids",
        ),
        output(
            "data_subnet_ids",
            "Ids of the data subnets by zone slot.",
            "module.network.data_subnet_ids",
        ),
        output(
            "nat_public_ips",
            "Addresses that outbound traffic comes from, by zone slot.",
            "module.network.nat_public_ips",
        ),
        output(
            "log_kms_key_arn",
            "Key that encrypts logs.",
            "module.log_key.arn",
        ),
    ]
}

/// The block that only pods live in; `None` where they live in the application subnets.
fn pods(design: &Design) -> Option<Body> {
    let own = &design.platform.as_ref()?.pod_network;
    let block = own.secondary_cidr.as_ref()?;
    let subnets = own.subnets.iter();
    let call = module("pod_network", "pod-network")
        .gap()
        .set("name", code("local.name"))
        .set("vpc_id", code("module.network.vpc_id"))
        .set("cidr_block", block)
        .set("zones", zones(&design.network))
        .set(
            "subnets",
            object(subnets.map(|subnet| (subnet.zone.as_str(), subnet.cidr.as_str()))),
        )
        .set(
            "route_table_ids",
            code("module.network.app_route_table_ids"),
        );
    Some(Body::new().commented(origin(&own.origin), call))
}

fn zones(network: &Network) -> Expression {
    let zones = network.zones.iter();
    object(zones.map(|zone| (zone.key.as_str(), zone.id.as_str())))
}

fn log_key() -> Block {
    module("log_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-logs"))
        .set("description", template("Logs of ${local.name}"))
        .set("encrypts_logs", true)
}

fn comment(network: &Network) -> Vec<String> {
    let mut paragraphs = origin(&network.origin);
    paragraphs.push("Kept free:".to_owned());
    let kept = network.reserved.iter();
    paragraphs.extend(kept.map(|block| format!("- {}: {}", block.cidr, block.purpose)));
    paragraphs
}

fn call(network: &Network) -> Block {
    let subnets = |tier: Tier| -> Expression {
        let of_tier = network.subnets.iter().filter(|subnet| subnet.tier == tier);
        object(of_tier.map(|subnet| (subnet.zone.as_str(), subnet.cidr.as_str())))
    };
    module("network", "network")
        .gap()
        .set("name", code("local.name"))
        .set("cidr_block", &network.cidr)
        .set("zones", zones(network))
        .gap()
        .set("public_subnets", subnets(Tier::Public))
        .set("app_subnets", subnets(Tier::App))
        .set("data_subnets", subnets(Tier::Data))
        .gap()
        .comment(nat_comment(network.nat))
        .set("nat_zones", nat_zones(network))
        .gap()
        .set("log_kms_key_arn", code("module.log_key.arn"))
}

fn nat_comment(nat: NatPlacement) -> &'static str {
    match nat {
        NatPlacement::PerZone => {
            "A gateway in each zone: the loss of a zone cuts off that zone only."
        }
        NatPlacement::Single => {
            "One gateway for all zones: outside production its loss is bearable, its price is not."
        }
    }
}

fn nat_zones(network: &Network) -> Expression {
    let first = network.zones.first().map_or("a", |zone| zone.key.as_str());
    object(network.zones.iter().map(|zone| {
        let gateway = match network.nat {
            NatPlacement::PerZone => zone.key.as_str(),
            NatPlacement::Single => first,
        };
        (zone.key.as_str(), gateway)
    }))
}
