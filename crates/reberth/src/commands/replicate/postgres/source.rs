//! What a PostgreSQL stream writes on its source.

use reberth_replicate::postgres::capture::install::{self, Writes};
use reberth_replicate::postgres::capture::{Captured, keys};
use reberth_replicate::postgres::logical::old_rows;
use reberth_replicate::postgres::pipeline::StreamPlan;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::table::{self, Tables};

use crate::failure::Failure;
use crate::plan::Plan;

/// Bytes of noted changes at which the capture switches itself off, before it fills the source's disk.
const NOTED_BYTES_MAX: u64 = 4 << 30;

/// Tables without a key that are named in a line.
const NAMED: usize = 10;

/// What it writes there, in lines.
pub(in crate::commands::replicate) async fn writes(
    plan: &StreamPlan,
) -> Result<Vec<String>, Failure> {
    let mut source = Session::open(&plan.from).await?;
    if plan.method == Method::Logical {
        let mut lines = vec![
            format!(
                "the replication slot {} and the publication of the same name",
                plan.mark()
            ),
            "while the stream stands still, the source keeps its log for the slot".to_owned(),
        ];
        lines.extend(old_row_line(&table::read(&mut source).await?));
        return Ok(lines);
    }
    if plan.method == Method::DumpWindow {
        return Ok(Vec::new());
    }
    let captured = captured(&mut source).await?;
    let writes = Writes::of(&captured, NOTED_BYTES_MAX);
    let mut lines = vec![
        "the schema reberth with a table of the keys that change".to_owned(),
        format!(
            "triggers on {} table(s), which note those keys in the application's own transactions",
            captured.len()
        ),
    ];
    lines.extend(whole_row_line(&captured));
    lines.push(format!(
        "all statements together have the SHA-256 {}",
        writes.hash()
    ));
    Ok(lines)
}

/// What is noted of tables that have no key to tell their rows by.
fn whole_row_line(captured: &[Captured]) -> Option<String> {
    let keyless = captured.iter().filter(|one| one.is_keyless());
    let paths: Vec<String> = keyless.map(|one| one.table.path()).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "whole rows instead of keys are noted of {} table(s) without a key, an UPDATE's twice, which takes as much room: {}",
            paths.len(),
            named(&paths)
        )
    })
}

/// The first of them, and how many more there are.
fn named(paths: &[String]) -> String {
    paths.get(..NAMED).map_or_else(
        || paths.join(", "),
        |first| format!("{} and {} more", first.join(", "), paths.len() - NAMED),
    )
}

/// What is altered on tables that have no key to tell their rows by.
fn old_row_line(tables: &Tables) -> Option<String> {
    let wanting: Vec<String> = old_rows::wanting(tables)
        .into_iter()
        .map(table::Table::path)
        .collect();
    let named = named(&wanting);
    let count = wanting.len();
    (count > 0).then(|| {
        format!(
            "REPLICA IDENTITY FULL on {count} table(s) without a key, so that the log tells their old rows, until `stop` or `finish`: {named}"
        )
    })
}

/// The tables with their keys, as triggers note them.
async fn captured(source: &mut Session) -> Result<Vec<Captured>, Failure> {
    let tables = table::read(source).await?;
    Ok(keys::read(source, &tables).await?)
}

/// Whether a start changes the application's own tables, by triggers or by what the log tells of them: naming addresses is no consent to that.
pub(in crate::commands::replicate) async fn alters_tables(plan: &Plan) -> Result<bool, Failure> {
    let Some(stream) = beginning(plan) else {
        return Ok(false);
    };
    match stream.method {
        Method::TriggerCapture => return Ok(true),
        Method::DumpWindow => return Ok(false),
        Method::Logical => {}
    }
    let tables = table::read(&mut Session::open(&stream.from).await?).await?;
    Ok(!old_rows::wanting(&tables).is_empty())
}

/// Prepares the tables of a stream that begins. It may be cut off and run again.
pub(in crate::commands::replicate) async fn prepare(plan: &Plan) -> Result<(), Failure> {
    let Some(stream) = beginning(plan) else {
        return Ok(());
    };
    let mut source = Session::open(&stream.from).await?;
    match stream.method {
        Method::TriggerCapture => {
            let captured = captured(&mut source).await?;
            install::install(&mut source, &captured, NOTED_BYTES_MAX).await?;
        }
        Method::Logical => {
            let tables = table::read(&mut source).await?;
            old_rows::ask(stream, &mut source, &tables).await?;
        }
        Method::DumpWindow => {}
    }
    Ok(())
}

/// The PostgreSQL stream of a plan, if it has not begun.
fn beginning(plan: &Plan) -> Option<&StreamPlan> {
    match plan {
        Plan::Postgres(plan) if !plan.is_begun => Some(&plan.stream),
        _ => None,
    }
}
