//! How servers arrive, what becomes of their files, and where all of it is written.
//!
//! The paths are those that `reberth generate` writes; a test there holds them against its files.

use std::collections::BTreeMap;

use reberth_model::design::{ArrivalWay, Design, FileForm, FileStore, Service};

use super::markup::{Cell, heading, note, table};

/// Services with their ways, one row for those that arrive alike, and the files that outlive servers.
pub(super) fn servers(design: &Design) -> String {
    let mut alike: BTreeMap<(String, String, &str), Vec<&str>> = BTreeMap::new();
    for service in &design.services {
        let arrival = &service.arrival;
        let arrives = format!("{}; {}", way(arrival.way), looked_into(service));
        let row = (
            arrives,
            written_in(design, arrival.way),
            arrival.why.as_str(),
        );
        alike.entry(row).or_default().push(&service.key);
    }
    let rows: Vec<Vec<Cell>> = alike
        .into_iter()
        .map(|((arrives, written_in, why), services)| {
            vec![
                Cell::text(arrives),
                Cell::code(services.join(", ")),
                Cell::code(written_in),
                Cell::text(crate::sentence(why)),
            ]
        })
        .collect();
    let header = ["arrive as", "services", "written in", "why"];
    [
        table(&header, &rows, "No service."),
        left_to_people(design),
        heading("Files that outlive servers"),
        files(&design.files),
    ]
    .concat()
}

fn way(way: ArrivalWay) -> &'static str {
    match way {
        ArrivalWay::PlainImage => "a maker's image as it is",
        ArrivalWay::ImagePipeline => "an image that a pipeline makes",
        ArrivalWay::ApplicationMigration => "a copy of its disks (Application Migration Service)",
    }
}

/// How many servers of the source somebody looked into.
fn looked_into(service: &Service) -> String {
    let contents = &service.arrival.contents;
    let all = contents.seen.len() + contents.unseen.len();
    match contents.seen.len() {
        0 => "nobody looked into the servers".to_owned(),
        seen => format!("{seen} of {all} servers were looked into"),
    }
}

fn written_in(design: &Design, way: ArrivalWay) -> String {
    match way {
        ArrivalWay::PlainImage => root(design, "40-apps"),
        ArrivalWay::ImagePipeline => root(design, "35-images/components"),
        ArrivalWay::ApplicationMigration => root(design, "90-migration/servers.tf"),
    }
}

fn root(design: &Design, below: &str) -> String {
    format!("infra/live/{}/{below}", design.target.environment)
}

fn left_to_people(design: &Design) -> String {
    let rows: Vec<Vec<Cell>> = design
        .services
        .iter()
        .flat_map(|service| {
            let left = service.arrival.contents.left_to_people.iter();
            left.map(|what| vec![Cell::code(&service.key), Cell::text(what)])
        })
        .collect();
    let none = "Nothing that was found inside is left to people.";
    heading("Left to people") + &table(&["service", "what"], &rows, none)
}

fn files(stores: &[FileStore]) -> String {
    let rows: Vec<Vec<Cell>> = stores
        .iter()
        .map(|one| {
            let form = match one.form {
                FileForm::Disk => "a disk",
                FileForm::Shared => "a shared file system",
            };
            vec![
                Cell::code(&one.key),
                Cell::text(form),
                Cell::code(&one.service),
                Cell::code(&one.path),
                Cell::number(one.size_gib),
                Cell::text(&one.origin.why),
            ]
        })
        .collect();
    let header = ["files", "kept on", "service", "mounted at", "GiB", "why"];
    table(&header, &rows, "No files are kept apart from servers.")
}

/// Where `reberth generate` writes what, for a reader who comes from here.
pub(super) fn places(design: &Design) -> String {
    let mut rows = vec![
        (
            "infra/README.md".to_owned(),
            "what stands there, and the order of applies",
        ),
        (
            format!("infra/live/{}", design.target.environment),
            "folders with one state each, applied in the order that the README has",
        ),
        (
            "infra/modules".to_owned(),
            "the modules that they call, each with its tests",
        ),
    ];
    if design.organization.is_some() {
        let accounts = "accounts of the organization, applied before all others";
        rows.push(("infra/live/org".to_owned(), accounts));
    }
    rows.extend([
        (
            "docs/runbook.md".to_owned(),
            "the order of the move, with what it leaves to people",
        ),
        (
            "docs/disaster-recovery.md".to_owned(),
            "the rebuild after a loss",
        ),
        (
            "monitoring".to_owned(),
            "rules, their tests, and a dashboard",
        ),
    ]);
    let rows: Vec<Vec<Cell>> = rows
        .into_iter()
        .map(|(path, what)| vec![Cell::code(path), Cell::text(what)])
        .collect();
    note("Beside this design in the folder of the project, after reberth generate.")
        + &table(&["where", "what"], &rows, "")
}
