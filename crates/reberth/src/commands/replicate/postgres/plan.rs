//! `reberth replicate plan` of a PostgreSQL stream.

use reberth_replicate::ReplicateError;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::{preflight, schema, table};
use serde_json::{Value, json};

use super::source::writes;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::PostgresPlan;
use crate::quantity::{bytes, rows};
use crate::table::table as text_table;

/// Shows what is moved, how it is followed, and what is in the way. Returns the number of blockers.
pub(in crate::commands::replicate) async fn show(
    planned: &PostgresPlan,
    change: &Value,
    output: &Output,
) -> Result<usize, Failure> {
    let plan = &planned.stream;
    let mut source = Session::open(&plan.from).await?;
    let tables = table::read(&mut source).await?;
    let mut in_the_way = preflight::blockers(plan).await?;
    let read = schema::read(&plan.from, &plan.to, &plan.pg_dump()).await;
    let read = read.map_err(|error| match error {
        // Of tables that may not be read, `pg_dump` names the first: the blockers name what to grant.
        ReplicateError::SchemaUnread { .. } if !in_the_way.is_empty() => {
            in_the_way.push(error.to_string());
            ReplicateError::Blocked(std::mem::take(&mut in_the_way))
        }
        error => error,
    })?;
    let mut blockers = read.blockers();
    blockers.extend(in_the_way);
    let remarks = preflight::remarks(plan).await?;
    let cells: Vec<Vec<String>> = tables
        .iter()
        .map(|(path, table)| vec![path.clone(), rows(table.rows), bytes(table.bytes)])
        .collect();
    let written = writes(plan).await?;
    let left_out: Vec<String> = read
        .left_out
        .iter()
        .map(|left| format!("{}: {}", left.what, left.reason))
        .collect();
    let text = format!(
        "database {}: {} -> {}, {} blocker(s)\nmethod: {}: {}\n{}\n\nwritten on the source:{}\n\nBLOCKERS{}\n\nto know{}\n\nnot carried over{}",
        plan.database,
        plan.from.host(),
        plan.to.host(),
        blockers.len(),
        plan.method.word(),
        planned.because,
        text_table(&["table", "rows, about", "data"], &cells),
        listed(&written),
        listed(&blockers),
        listed(&remarks),
        listed(&left_out),
    );
    let document = json!({
        "database": plan.database, "engine": "postgres", "from": plan.from.host(), "to": plan.to.host(), "reader": plan.from.user(), "writer": plan.to.user(),
        "method": plan.method, "because": planned.because, "tables": tables.len(), "blockers": blockers, "remarks": remarks, "left_out": left_out,
        "writes_on_the_source": written, "change": change, "hash": crate::consent::hash(change),
    });
    output.report(text, &document)?;
    Ok(blockers.len())
}

fn listed(lines: &[String]) -> String {
    match lines.is_empty() {
        true => "\n  none".to_owned(),
        false => lines.iter().map(|line| format!("\n  {line}")).collect(),
    }
}
