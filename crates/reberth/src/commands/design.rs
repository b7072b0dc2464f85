//! `reberth design`: the complete target, with its hash.

mod cluster;
mod explain;

pub(crate) use explain::explain;

use reberth_design::{Note, notes};
use reberth_model::design::{Design, Tier};
use reberth_model::document::to_bytes;
use serde_json::{Value, json};

use crate::atomic_file;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::{Project, optional};
use crate::record::Record;
use crate::table::table;

/// The design as a page for people.
const PAGE: &str = "report/design.html";

/// Writes `design.json` and its page. The design that is there already is the parent of the new one.
pub(crate) fn run(project: &Project, output: &Output) -> Result<Exit, Failure> {
    let policy = project.policy()?;
    let estate = project.estate()?;
    let assessment = project.assessment()?;
    if assessment.document.estate_sha256 != estate.sha256 {
        output.note("the assessment speaks of another estate.json than the present one; run `reberth assess` to renew it");
    }
    let assessment_sha256 = project.source_sha256(&assessment.document)?;
    let previous = optional(project.design())?.map(|loaded| loaded.document);
    let record = Record::begin(
        project,
        "design",
        &json!({ "policy": policy.sha256, "estate": estate.sha256, "assessment": assessment_sha256 }),
    )?;
    let designed = || -> Result<(Design, Value), Failure> {
        let design = reberth_design::design(
            &estate.document,
            &policy.document,
            &assessment_sha256,
            previous.as_ref(),
        )?;
        let bytes = to_bytes(&design)
            .map_err(|error| CliError::file(&project.design_path(), "written", error.into()))?;
        atomic_file::replace(&project.design_path(), &bytes)?;
        let page = reberth_design::page(&design, &assessment.document.costs);
        atomic_file::replace(&project.path(PAGE), page.as_bytes())?;
        let outputs = json!({ "design": design.hash, "parent": design.parent });
        Ok((design, outputs))
    };
    let design = record.end(designed())?;
    let problems = notes(&design);
    output.report(text(&design, &problems), &summary(&design, &problems))?;
    Ok(Exit::Done)
}

fn summary(design: &Design, problems: &[Note]) -> Value {
    json!({
        "cluster": design.platform.as_ref().map(cluster::summary),
        "hash": design.hash,
        "parent": design.parent,
        "network": design.network.cidr,
        "subnets": design.network.subnets,
        "services": design.services.len(),
        "databases": design.databases.len(),
        "ingresses": design.ingresses.len(),
        "not_carried": design.not_carried.len(),
        "notes": problems.iter().map(note_text).collect::<Vec<_>>(),
    })
}

fn note_text(note: &Note) -> String {
    format!("{}: {}", note.item, note.message)
}

fn text(design: &Design, problems: &[Note]) -> String {
    let runs = match &design.platform {
        Some(platform) => cluster::text(platform),
        None => services(design),
    };
    let mut parts = vec![network(design), runs, databases(design)];
    if !design.not_carried.is_empty() {
        parts.push(format!(
            "{} things are not carried; design.json lists each with the reason",
            design.not_carried.len()
        ));
    }
    if !problems.is_empty() {
        let lines: Vec<String> = problems
            .iter()
            .map(|note| format!("  {}", note_text(note)))
            .collect();
        parts.push(format!("notes on this design\n{}", lines.join("\n")));
    }
    parts.push(format!("design {}", design.hash));
    parts.join("\n\n")
}

fn network(design: &Design) -> String {
    let rows: Vec<Vec<String>> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let blocks = design
                .network
                .subnets
                .iter()
                .filter(|subnet| subnet.tier == tier);
            let blocks: Vec<&str> = blocks.map(|subnet| subnet.cidr.as_str()).collect();
            vec![tier.word().to_owned(), blocks.join("  ")]
        })
        .collect();
    let header = format!(
        "network {} in {}",
        design.network.cidr, design.target.region
    );
    format!("{header}\n{}", table(&["tier", "subnets"], &rows))
}

fn services(design: &Design) -> String {
    let rows: Vec<Vec<String>> = design
        .services
        .iter()
        .map(|service| {
            let capacity = &service.capacity;
            vec![
                service.key.clone(),
                service.environment.clone(),
                service.instance_type.value.clone(),
                format!(
                    "{} to {}, now {}",
                    capacity.min, capacity.max, capacity.desired
                ),
            ]
        })
        .collect();
    table(
        &["service", "environment", "instance type", "servers"],
        &rows,
    )
}

fn databases(design: &Design) -> String {
    let rows: Vec<Vec<String>> = design
        .databases
        .iter()
        .map(|database| {
            vec![
                database.key.clone(),
                format!("{} {}", database.engine, database.engine_version.value),
                database.instance_class.value.clone(),
                format!("{} GiB", database.storage_gib),
                if database.multi_az {
                    "two zones"
                } else {
                    "one zone"
                }
                .to_owned(),
                database.replicas.len().to_string(),
            ]
        })
        .collect();
    table(
        &[
            "database", "engine", "class", "storage", "zones", "replicas",
        ],
        &rows,
    )
}
