//! What was found: counts, servers, databases.

use reberth_model::estate::{Estate, Server, Utilisation};

use super::element::{Html, element, table, text};
use crate::queues;
use crate::report::words;

/// The estate in up to three tables.
pub(super) fn inventory(estate: &Estate) -> Vec<Html> {
    let counts = estate
        .counts
        .iter()
        .map(|(kind, count)| vec![text(&words::kind(kind)), text(&count.to_string())]);
    let mut shown = vec![table(&["Kind", "#Found"], counts)];
    if estate.servers().next().is_some() {
        shown.extend([element("h3", "", [text("Servers")]), servers(estate)]);
    }
    if estate.data_stores().next().is_some() {
        shown.extend([element("h3", "", [text("Databases")]), databases(estate)]);
    }
    let found = queues::of(estate);
    if !found.is_empty() {
        shown.extend([element("h3", "", [text("Queues")]), queues_table(&found)]);
    }
    shown
}

fn servers(estate: &Estate) -> Html {
    let mut servers: Vec<_> = estate.servers().collect();
    servers.sort_by_key(|(resource, _)| &resource.name);
    let rows = servers.into_iter().map(|(resource, server)| {
        vec![
            text(&resource.name),
            text(&server.size),
            text(server.operating_system.as_deref().unwrap_or("not told")),
            text(&percent(server, |measured| measured.cpu_p95_percent)),
            text(&percent(server, |measured| measured.memory_p99_percent)),
            text(&words::amount(resource.cost.as_ref().map(|cost| cost.usd))),
        ]
    });
    table(
        &[
            "Name",
            "Size",
            "Operating system",
            "#CPU p95 %",
            "#Memory p99 %",
            "#USD a month",
        ],
        rows,
    )
}

fn percent(server: &Server, of: fn(&Utilisation) -> Option<f64>) -> String {
    server.utilisation.as_ref().and_then(of).map_or_else(
        || "not measured".to_owned(),
        |percent| format!("{percent:.0}"),
    )
}

fn databases(estate: &Estate) -> Html {
    let mut databases: Vec<_> = estate.data_stores().collect();
    databases.sort_by_key(|(resource, _)| &resource.name);
    let rows = databases.into_iter().map(|(resource, database)| {
        let or_hidden = |known: Option<String>| known.unwrap_or_else(|| "not visible".to_owned());
        vec![
            text(&resource.name),
            text(&format!("{} {}", database.engine, database.version)),
            text(&database.size),
            text(&database.nodes.to_string()),
            text(&or_hidden(database.replicas.map(|count| count.to_string()))),
            text(&or_hidden(
                database.storage_mib.map(|mib| (mib / 1024).to_string()),
            )),
            text(&database.databases.join(", ")),
        ]
    });
    table(
        &[
            "Name",
            "Engine",
            "Size",
            "#Nodes",
            "#Read-only copies",
            "#Storage GiB",
            "Databases on it",
        ],
        rows,
    )
}

fn queues_table(found: &[queues::Queue<'_>]) -> Html {
    let rows = found.iter().map(|queue| {
        let list = |words: &[&str]| text(&words.join(", "));
        vec![
            text(&queue.resource.name),
            list(&queue.software),
            list(&queue.users),
            list(&queue.told_by),
            text(queues::at_the_switch(queue.holder)),
            text(queues::target_price(queue.holder)),
        ]
    });
    table(
        &[
            "Name",
            "Software",
            "Used by",
            "Told by",
            "At the switch",
            "Price at the target",
        ],
        rows,
    )
}
