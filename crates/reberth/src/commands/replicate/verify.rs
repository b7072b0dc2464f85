//! `reberth replicate verify`: compares both sides by hashes, while the stream runs. Exits 4 on differences.

use reberth_model::document::{sha256_hex, to_bytes};
use reberth_replicate::verify_report::VerifyReport;
use reberth_replicate::{mysql, postgres};
use serde_json::json;

use super::direction;
use crate::cli::VerifyArgs;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::project::Project;
use crate::scope::{Scope, inputs};
use crate::table::table;

/// Differences named on the terminal; the report holds all that were found.
const NAMED: usize = 20;

pub(super) async fn run(
    args: &VerifyArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut is_equal = true;
    for plan in scope.plans(direction(args.reverse), environment).await? {
        let work = async {
            let told =
                |table: &str, rows| output.progress(format!("{table}: {rows} rows compared"));
            let report = match &plan {
                Plan::MySql(plan) => mysql::verify::verify(plan, told).await?,
                Plan::Postgres(plan) => postgres::verify::verify(&plan.stream, told).await?,
            };
            let (hash, place) = keep(plan.database(), &report, scope.project())?;
            let summary = json!({ "rows": report.rows, "differing": report.differing, "open": report.undecided, "equal_until": report.holds_until.to_string(), "report_sha256": hash });
            Ok(((report, hash, place), summary))
        };
        let run = inputs(std::slice::from_ref(&plan));
        let (report, hash, place) = scope.recorded("verify", run, work).await?;
        is_equal &= report.is_equal();
        output.report(text(plan.database(), &report, &hash, &place), &report)?;
    }
    Ok(if is_equal {
        Exit::Done
    } else {
        Exit::Differences
    })
}

/// The report's hash, and where it was put.
fn keep(
    database: &str,
    report: &VerifyReport,
    project: Option<&Project>,
) -> Result<(String, String), Failure> {
    let bytes = to_bytes(report)
        .map_err(|error| Failure::io("the report could not be serialised", error.into()))?;
    let place = match project {
        Some(project) => {
            let file = format!("report/verify-{database}.json");
            crate::atomic_file::replace(&project.path(&file), &bytes)?;
            file
        }
        None => "the report is printed with --json".to_owned(),
    };
    Ok((sha256_hex(&bytes), place))
}

fn text(database: &str, report: &VerifyReport, hash: &str, place: &str) -> String {
    let rows: Vec<Vec<String>> = report
        .tables
        .iter()
        .map(|verified| {
            vec![
                verified.name.clone(),
                verified.rows.to_string(),
                verified.chunks.to_string(),
            ]
        })
        .collect();
    let differences = report.differences.iter().chain(&report.open).take(NAMED);
    let named: Vec<String> = differences
        .map(|difference| {
            let columns = match difference.columns.as_slice() {
                [] => String::new(),
                columns => format!(" in {}", columns.join(", ")),
            };
            format!(
                "\n  {} {}: {}{columns}",
                difference.table, difference.key, difference.kind
            )
        })
        .collect();
    let schema: Vec<String> = report
        .schema_differences
        .iter()
        .chain(&report.counters_behind)
        .chain(&report.not_compared)
        .chain(&report.told)
        .map(|difference| format!("\n  {difference}"))
        .collect();
    let rights = match report.rights_differ.len() {
        0 => String::new(),
        count => format!(
            "\n  {count} owner(s) and grant(s) are not alike; `reberth replicate grants` prints the script"
        ),
    };
    let verdict = if report.is_equal() {
        "equal"
    } else {
        "NOT EQUAL"
    };
    format!(
        "{}\ndatabase {}: {verdict}; {} rows compared, {} differ, {} open, up to {}{}{}{rights}\n{place}, sha256 {hash}",
        table(&["table", "rows", "chunks"], &rows),
        database,
        report.rows,
        report.differing,
        report.undecided,
        report.holds_until,
        named.concat(),
        schema.concat(),
    )
}
