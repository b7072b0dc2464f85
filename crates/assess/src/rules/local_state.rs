use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Inside, Resource, Server};

use super::{Context, Rule, evidence};
use crate::server_inside;

/// Flags servers with a volume: what lies on it is state that no database holds, and moves by a step of its own. What a server without one writes to its root
/// disk is not visible from outside; from inside its file systems, shares and the folders of its sites are. A platform throws the disks of its instances away, so that applications there cannot keep anything.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-05",
    problem: "Files on local disks have to move too",
    reads: &["server", "volume", "app"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Server(server) => Some(of_server(estate, resource, server)),
            Attributes::App(_) => {
                let value = "the platform throws local files away with each restart";
                Some(evidence(resource, CheckResult::Pass, "stack", value))
            }
            _ => None,
        })
        .collect()
}

fn of_server(estate: &Estate, server: &Resource, attributes: &Server) -> Evidence {
    let volumes: Vec<String> = estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Volume(volume) if volume.server_ids.contains(&server.id) => {
                Some(format!("{} ({} GiB)", resource.name, volume.size_gib))
            }
            _ => None,
        })
        .collect();
    let places = attributes.inside.as_ref().map(places).unwrap_or_default();
    if !places.is_empty() {
        let value = volumes.into_iter().chain(places).collect::<Vec<_>>();
        return evidence(
            server,
            CheckResult::Fail,
            "inside.mounts, sites",
            value.join(", "),
        );
    }
    if volumes.is_empty() && attributes.inside.is_some() {
        let value = "no file system beside the system's own, and no folder of a web server; what programs write elsewhere only their owner knows";
        return evidence(server, CheckResult::Unknown, "inside.mounts, sites", value);
    }
    if volumes.is_empty() {
        let value = "no volume; what is written to its root disk is not visible from outside";
        evidence(server, CheckResult::Unknown, "write paths", value)
    } else {
        evidence(server, CheckResult::Fail, "volumes", volumes.join(", "))
    }
}

/// Where data may lie, as seen from inside: file systems with what they hold, and the folders that web servers serve.
fn places(inside: &Inside) -> Vec<String> {
    let mounts = server_inside::data_mounts(inside).into_iter();
    let mounts = mounts.map(|mount| {
        let gib = mount.used_bytes as f64 / f64::from(1 << 30);
        format!("{} holds {gib:.1} GiB ({})", mount.path, mount.kind)
    });
    let roots = inside.sites.iter().flat_map(|site| &site.roots);
    let mut roots: Vec<String> = roots.map(|root| format!("{root} is served")).collect();
    roots.sort();
    roots.dedup();
    mounts.chain(roots).collect()
}
