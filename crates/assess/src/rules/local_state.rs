use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Resource};

use super::{Context, Rule, evidence};

/// Flags servers with a volume: what lies on it is state that no database holds, and moves by a step of its own. What a server without one writes to its root
/// disk is not visible from outside. A platform throws the disks of its instances away, so that applications there cannot keep anything.
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
            Attributes::Server(_) => Some(of_server(estate, resource)),
            Attributes::App(_) => {
                let value = "the platform throws local files away with each restart";
                Some(evidence(resource, CheckResult::Pass, "stack", value))
            }
            _ => None,
        })
        .collect()
}

fn of_server(estate: &Estate, server: &Resource) -> Evidence {
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
    if volumes.is_empty() {
        let value = "no volume; what is written to its root disk is not visible from outside";
        evidence(server, CheckResult::Unknown, "write paths", value)
    } else {
        evidence(server, CheckResult::Fail, "volumes", volumes.join(", "))
    }
}
