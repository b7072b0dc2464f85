//! The cluster of a design on the terminal.

use reberth_model::design::{Fate, Platform};
use serde_json::{Value, json};

use crate::table::table;

/// Node groups with what is left on them, workloads, and what waits for a decision.
pub(super) fn text(platform: &Platform) -> String {
    let cluster = &platform.cluster;
    let header = format!(
        "cluster {}, Kubernetes {}",
        cluster.name, cluster.version.value
    );
    let mut parts = vec![
        format!("{header}\n{}", node_groups(platform)),
        placement(platform),
        workloads(platform),
    ];
    let waiting: Vec<&str> = undecided(platform);
    if !waiting.is_empty() {
        parts.push(format!(
            "added services that a person must decide about: {}",
            waiting.join(", ")
        ));
    }
    parts.join("\n\n")
}

/// The same for programs.
pub(super) fn summary(platform: &Platform) -> Value {
    json!({
        "name": platform.cluster.name,
        "version": platform.cluster.version.value,
        "node_groups": platform.node_groups,
        "placements": platform.placements,
        "workloads": platform.workloads.len(),
        "undecided_services": undecided(platform),
    })
}

fn undecided(platform: &Platform) -> Vec<&str> {
    let fates = platform
        .addon_fates
        .iter()
        .filter(|own| own.fate == Fate::Undecided);
    fates.map(|own| own.name.as_str()).collect()
}

fn node_groups(platform: &Platform) -> String {
    let rows: Vec<Vec<String>> = platform
        .node_groups
        .iter()
        .map(|own| {
            vec![
                own.key.clone(),
                own.instance_type.value.clone(),
                format!("{} to {}", own.size.min, own.size.max),
                own.size.why.clone(),
            ]
        })
        .collect();
    table(&["nodes", "instance type", "count", "why so many"], &rows)
}

/// Of each situation the zone in which least is left.
fn placement(platform: &Platform) -> String {
    let rows: Vec<Vec<String>> = platform
        .placements
        .iter()
        .flat_map(|own| own.scenarios.iter().map(move |scenario| (own, scenario)))
        .map(|(own, scenario)| {
            let zones = scenario.zones.iter();
            let left = |has: u64, asked: u64| has.saturating_sub(asked);
            let cpu = zones
                .clone()
                .map(|zone| left(zone.cpu_allocatable_millis, zone.cpu_asked_millis))
                .min();
            let memory = zones
                .map(|zone| left(zone.memory_allocatable_mib, zone.memory_asked_mib))
                .min();
            vec![
                own.node_group.clone(),
                scenario.name.replace('_', " "),
                scenario.pods.to_string(),
                if scenario.fits {
                    "fits"
                } else {
                    "does not fit"
                }
                .to_owned(),
                format!(
                    "{:.2} processors, {:.1} GiB",
                    cpu.unwrap_or(0) as f64 / 1000.0,
                    memory.unwrap_or(0) as f64 / 1024.0
                ),
            ]
        })
        .collect();
    table(
        &[
            "placement",
            "situation",
            "pods",
            "answer",
            "left in the fullest zone",
        ],
        &rows,
    )
}

fn workloads(platform: &Platform) -> String {
    let rows: Vec<Vec<String>> = platform
        .workloads
        .iter()
        .map(|own| {
            vec![
                own.key.clone(),
                own.kind.word().to_owned(),
                format!("{} to {}", own.replicas.min, own.replicas.max),
                format!("{} m", own.resources.cpu_request_millis),
                format!("{} MiB", own.resources.memory_request_mib),
                own.resources.basis.word().to_owned(),
            ]
        })
        .collect();
    table(
        &[
            "workload",
            "kind",
            "pods",
            "processors",
            "memory",
            "how known",
        ],
        &rows,
    )
}
