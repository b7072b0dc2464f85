//! The estate as a table of comma-separated values (RFC 4180), one resource a line, for spreadsheets.

use reberth_model::estate::{Attributes, Estate, Resource};
use reberth_model::visible::visible;

/// The estate with a header line. A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub fn estate_csv(estate: &Estate) -> String {
    let head = [
        "kind",
        "id",
        "name",
        "region",
        "size",
        "state",
        "usd_a_month",
        "price_from",
        "environment",
    ];
    let mut out = line(head.map(str::to_owned));
    for resource in &estate.resources {
        out.push_str(&line(row(resource)));
    }
    out
}

fn row(resource: &Resource) -> [String; 9] {
    let (size, state) = size_and_state(&resource.attributes);
    let cost = resource.cost.as_ref();
    [
        resource.attributes.kind().to_owned(),
        resource.id.clone(),
        resource.name.clone(),
        resource.region.clone().unwrap_or_default(),
        size,
        state,
        cost.map_or_else(String::new, |cost| cost.usd.to_string()),
        cost.map_or_else(String::new, |cost| cost.source.clone()),
        crate::waves::environment_of(resource)
            .unwrap_or_default()
            .to_owned(),
    ]
}

fn size_and_state(attributes: &Attributes) -> (String, String) {
    match attributes {
        Attributes::Server(server) => (server.size.clone(), server.status.clone()),
        Attributes::Database(database) | Attributes::Cache(database) => (
            format!(
                "{} x {}, {} {}",
                database.nodes, database.size, database.engine, database.version
            ),
            database.status.clone(),
        ),
        Attributes::DatabaseReplica(replica) => (
            replica.size.clone().unwrap_or_default(),
            replica.status.clone(),
        ),
        Attributes::Volume(volume) => (format!("{} GiB", volume.size_gib), String::new()),
        Attributes::Snapshot(snapshot) => (format!("{} GiB", snapshot.size_gib), String::new()),
        Attributes::Process(process) => (
            format!("{} x {}", process.instances, process.size),
            format!("{} running", process.running),
        ),
        Attributes::Addon(addon) => (
            format!("{} {}", addon.service, addon.plan),
            addon.state.clone().unwrap_or_default(),
        ),
        Attributes::App(app) => (app.stack.clone(), String::new()),
        _ => (String::new(), String::new()),
    }
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(&text)).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(text: &str) -> String {
    let text = visible(text);
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\u{FFFD}']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_its_line() {
        for (text, expected) in [
            (
                "=HYPERLINK(\"http://x\")",
                "\"'=HYPERLINK(\"\"http://x\"\")\"",
            ),
            ("-2+3", "\"'-2+3\""),
            (" @SUM(1)", "\"' @SUM(1)\""),
            ("\t=1", "\"'\u{FFFD}=1\""),
            ("a\r\nb,c", "\"a\u{FFFD}\u{FFFD}b,c\""),
            ("plain", "\"plain\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
