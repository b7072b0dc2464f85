//! The cluster on the page: its nodes, whether everything fits on them, and what runs there.

use reberth_model::design::{
    ClusterAddon, Design, GroupPlacement, NodeGroup, PlacementScenario, Platform, Scaling, Setting,
    SettingFate, Workload, WorkloadKind, ZoneSpare,
};

use super::markup::{Cell, escaped, heading, note, table};

/// The cluster, its node groups and what EKS and charts bring.
pub(super) fn cluster(platform: &Platform) -> String {
    let own = &platform.cluster;
    let ends = own
        .standard_support_ends
        .as_deref()
        .unwrap_or("a day that no source tells");
    let reached = match &own.public_access_cidr {
        Some(cidr) => format!("inside the network and from {cidr}"),
        None => "inside the network only".to_owned(),
    };
    let facts = [
        ("name", Cell::code(&own.name)),
        (
            "Kubernetes",
            Cell::text(format!(
                "{}, in standard support until {ends}",
                own.version.value
            )),
        ),
        ("API reached", Cell::text(reached)),
        ("services", Cell::code(&own.service_cidr)),
        ("pods", Cell::text(pods(platform))),
    ];
    let facts: Vec<Vec<Cell>> = facts
        .into_iter()
        .map(|(name, cell)| vec![Cell::text(name), cell])
        .collect();
    [
        note(&crate::sentence(&own.origin.why)),
        table(&["", ""], &facts, ""),
        heading("Node groups"),
        node_groups(platform),
        heading("Add-ons and charts"),
        parts(platform),
    ]
    .concat()
}

fn pods(platform: &Platform) -> String {
    let own = &platform.pod_network;
    format!(
        "{}; nodes may hold {} addresses in one zone, an application subnet has {}",
        own.origin.why, own.addresses_needed_per_zone, own.addresses_in_app_subnet
    )
}

fn node_groups(platform: &Platform) -> String {
    let rows: Vec<Vec<Cell>> = platform
        .node_groups
        .iter()
        .map(|own| {
            vec![
                Cell::code(&own.key),
                Cell::text(&own.instance_type.value),
                Cell::number(format!("{} to {}", own.size.min, own.size.max)),
                Cell::number(processors(own.allocatable_cpu_millis)),
                Cell::number(gib(own.allocatable_memory_mib)),
                Cell::number(own.pods_max),
                Cell::text(&own.size.why),
            ]
        })
        .collect();
    let header = [
        "group",
        "type",
        "nodes",
        "processors for pods",
        "GiB for pods",
        "pods",
        "why so many",
    ];
    table(&header, &rows, "No node.")
}

fn parts(platform: &Platform) -> String {
    let of_addon = |own: &ClusterAddon| {
        vec![
            Cell::code(&own.name),
            Cell::text("EKS add-on"),
            Cell::code(&own.version.value),
            Cell::text(&own.origin.why),
        ]
    };
    let addons = platform.cluster_addons.iter().map(of_addon);
    let charts = platform.charts.iter().map(|own| {
        vec![
            Cell::code(&own.key),
            Cell::text("Helm chart"),
            Cell::code(&own.version.value),
            Cell::text(&own.origin.why),
        ]
    });
    let rows: Vec<Vec<Cell>> = addons.chain(charts).collect();
    table(&["part", "kind", "version", "what for"], &rows, "None.")
}

/// Whether everything fits, and with what to spare.
pub(super) fn placement(platform: &Platform) -> String {
    let intro = "Every pod is placed as the scheduler would, in three orders, by what it asks for. The bars are what is asked for of what pods may ask for, in each zone that stands.";
    let groups = platform
        .placements
        .iter()
        .filter_map(|own| Some((own, platform.node_group(&own.node_group)?)));
    let groups: String = groups.map(|(own, group)| of_group(own, group)).collect();
    note(intro) + &groups
}

fn of_group(own: &GroupPlacement, group: &NodeGroup) -> String {
    let title = format!(
        "{}: {} to {} x {}",
        own.node_group, group.size.min, group.size.max, group.instance_type.value
    );
    let scenarios: String = own.scenarios.iter().map(scenario).collect();
    let weighed: Vec<Vec<Cell>> = own
        .weighed
        .iter()
        .map(|one| {
            let count =
                |nodes: Option<u32>| nodes.map_or("none".to_owned(), |nodes| nodes.to_string());
            vec![
                Cell::code(&one.instance_type),
                Cell::number(count(one.nodes)),
                Cell::number(one.usd_hour_e5.map_or("not priced".to_owned(), |e5| {
                    format!("{:.4}", e5 as f64 / 100_000.0)
                })),
                Cell::text(&one.why),
            ]
        })
        .collect();
    [
        heading(&title),
        format!("<div class=\"scenarios\">\n{scenarios}</div>\n"),
        table(
            &["type weighed", "nodes", "$ an hour each", "why"],
            &weighed,
            "",
        ),
    ]
    .concat()
}

fn scenario(own: &PlacementScenario) -> String {
    let answer = match (own.fits, own.in_any_order) {
        (true, true) => "fits in any order",
        (true, false) => "fits",
        (false, _) => "does not fit",
    };
    let zones: String = own.zones.iter().map(zone).collect();
    format!(
        "<div class=\"scenario\"><p class=\"strong\">{}: {answer}</p><p class=\"note\">{} pods. {}</p>\n{zones}</div>\n",
        escaped(&own.name.replace('_', " ")),
        own.pods,
        escaped(&crate::sentence(&own.what)),
    )
}

fn zone(own: &ZoneSpare) -> String {
    let cpu = format!(
        "{} of {} processors",
        processors(own.cpu_asked_millis),
        processors(own.cpu_allocatable_millis)
    );
    let memory = format!(
        "{} of {} GiB",
        gib(own.memory_asked_mib),
        gib(own.memory_allocatable_mib)
    );
    let pods = format!("{} of {} pods", own.pods, own.pods_max);
    format!(
        "<p class=\"zone\">zone {}, {} node{}</p>{}{}{}",
        escaped(&own.zone),
        own.nodes,
        if own.nodes == 1 { "" } else { "s" },
        bar(own.cpu_asked_millis, own.cpu_allocatable_millis, &cpu),
        bar(own.memory_asked_mib, own.memory_allocatable_mib, &memory),
        bar(own.pods, own.pods_max, &pods),
    )
}

/// A bar that is full to the share that is asked for, and says so in words.
fn bar(asked: u64, has: u64, words: &str) -> String {
    let share = (asked * 100).checked_div(has).unwrap_or(0).min(100);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{words}\"><rect class=\"room\" width=\"100\" height=\"8\"/><rect class=\"asked\" width=\"{share}\" height=\"8\"/></svg><p class=\"words\">{words}</p>\n"
    )
}

/// Everything that runs, with the application that it belongs to.
pub(super) fn workloads(platform: &Platform) -> String {
    let rows: Vec<Vec<Cell>> = platform.workloads.iter().map(workload).collect();
    let header = [
        "workload",
        "kind",
        "on",
        "pods",
        "scaled by",
        "processors",
        "MiB",
        "how known",
    ];
    let mut text = table(&header, &rows, "Nothing runs.");
    if let Some(previews) = &platform.previews {
        text.push_str(&note(&format!(
            "Room for {} applications under review on {}: {}.",
            previews.count_max, previews.node_group, previews.origin.why
        )));
    }
    text
}

fn workload(own: &Workload) -> Vec<Cell> {
    let kind = match &own.kind {
        WorkloadKind::Scheduled(schedule) => {
            format!("at {} UTC, {}", schedule.cron, schedule.concurrency.value)
        }
        kind => kind.word().to_owned(),
    };
    let pods = match (own.replicas.min, own.replicas.max) {
        (min, max) if min == max => min.to_string(),
        (min, max) => format!("{min} to {max}"),
    };
    let scaled = match &own.scaling {
        Scaling::Fixed => "nothing".to_owned(),
        Scaling::Cpu(percent) => format!("processors at {percent} %"),
        Scaling::Queue(queue) => format!("{} in {}", queue.list, queue.cache),
    };
    vec![
        Cell::code(&own.key),
        Cell::text(kind),
        Cell::code(&own.node_group),
        Cell::number(pods),
        Cell::text(scaled),
        Cell::number(processors(own.resources.cpu_request_millis)),
        Cell::number(own.resources.memory_request_mib),
        Cell::text(own.resources.basis.word()),
    ]
}

/// What becomes of added services, and of the settings that are not just carried.
pub(super) fn services_and_settings(platform: &Platform) -> String {
    let fates: Vec<Vec<Cell>> = platform
        .addon_fates
        .iter()
        .map(|own| {
            vec![
                Cell::code(&own.service),
                Cell::text(own.application.as_deref().unwrap_or("none")),
                Cell::text(own.fate.word()),
                Cell::text(&own.why),
            ]
        })
        .collect();
    let settings: Vec<Vec<Cell>> = platform
        .applications
        .iter()
        .flat_map(|app| {
            app.settings
                .settings
                .iter()
                .flatten()
                .map(move |setting| (app, setting))
        })
        .filter(|(_, setting)| setting.fate != SettingFate::Carried)
        .map(|(app, setting)| {
            vec![
                Cell::code(&setting.name),
                Cell::text(&app.name),
                Cell::text(fate(setting)),
                Cell::text(&setting.why),
            ]
        })
        .collect();
    [
        table(
            &["service", "application", "becomes", "why"],
            &fates,
            "None was added.",
        ),
        heading("Settings that are not carried as they are"),
        table(
            &["setting", "application", "becomes", "why"],
            &settings,
            "All are carried.",
        ),
    ]
    .concat()
}

fn fate(own: &Setting) -> String {
    match &own.fate {
        SettingFate::Carried => "carried".to_owned(),
        SettingFate::Database(key) => format!("address of the database {key}"),
        SettingFate::Cache(key) => format!("address of the cache {key}"),
        SettingFate::Dropped => "dropped".to_owned(),
        SettingFate::Undecided => "carried until decided".to_owned(),
    }
}

/// Cards for the head of the page.
pub(super) fn cards(design: &Design) -> Vec<(usize, &'static str)> {
    let Some(platform) = &design.platform else {
        return vec![(design.services.len(), "services")];
    };
    let nodes: u32 = platform
        .node_groups
        .iter()
        .map(|own| own.size.desired)
        .sum();
    vec![
        (platform.applications.len(), "applications"),
        (platform.workloads.len(), "workloads"),
        (nodes as usize, "nodes"),
    ]
}

fn processors(millis: u64) -> String {
    format!("{:.2}", millis as f64 / 1000.0)
}

fn gib(mib: u64) -> String {
    format!("{:.1}", mib as f64 / 1024.0)
}
