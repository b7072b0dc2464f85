//! Asks both servers where a stream stands.

use std::collections::BTreeMap;

use reberth_replicate::LogPosition;
use reberth_replicate::mysql::{self, log_room, server};
use reberth_replicate::operation::Operation;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::{self, kept};
use reberth_replicate::progress::TableProgress;
use reberth_replicate::stream::Phase;

use super::keeping::Keeping;
use crate::failure::Failure;
use crate::plan::Plan;

/// Where a stream stands.
pub(super) struct Stand {
    /// What it moves.
    pub(super) plan: Plan,
    /// How far it has come.
    pub(super) phase: Phase,
    /// The word for it.
    pub(super) stage: &'static str,
    /// The checkpoint: a place in the source's log, or a snapshot of the source.
    pub(super) checkpoint: String,
    /// What is known of it besides.
    pub(super) operation: Operation,
    /// The end of the source's log.
    pub(super) log_end: LogPosition,
    /// Bytes of log between the two, where they can be compared.
    pub(super) lag_bytes: Option<u64>,
    /// What the source keeps.
    pub(super) keeping: Keeping,
    /// What stands on the target, by table.
    pub(super) tables: BTreeMap<String, TableProgress>,
}

/// Reads it. `None`: the stream was never begun.
pub(super) async fn read(plan: &Plan) -> Result<Option<Stand>, Failure> {
    let stand = match plan {
        Plan::MySql(stream) => of_mysql(plan, stream).await?,
        Plan::Postgres(postgres) => of_postgres(plan, &postgres.stream).await?,
    };
    Ok(stand.map(with_rates))
}

/// What the process says of the speed of each table, while it is fresh.
fn with_rates(mut stand: Stand) -> Stand {
    let report = stand.operation.report.as_ref();
    let lately = report.filter(|report| report.is_fresh());
    for (name, table) in &mut stand.tables {
        let lately = lately.and_then(|report| report.progress.tables.get(name));
        table.rows_per_s = lately.and_then(|table| table.rows_per_s);
        table.left_s = lately.and_then(|table| table.left_s);
    }
    stand
}

async fn of_mysql(
    plan: &Plan,
    stream: &mysql::pipeline::StreamPlan,
) -> Result<Option<Stand>, Failure> {
    use mysql::state::{copy_totals, operation, peek};
    let (direction, database) = (stream.direction, &stream.database);
    let mut to = server::writer(&stream.to).await?;
    let Some(checkpoint) = peek(&mut to, direction, database).await? else {
        return Ok(None);
    };
    let operation = operation::read(&mut to, direction, database).await?;
    let totals = copy_totals(&mut to, direction, database).await?;
    let mut from = server::reader(&stream.from).await?;
    let flavour = server::version(&mut from).await?.flavour;
    let log_end = server::log_end(&mut from, flavour).await?;
    let files = server::log_files(&mut from).await?;
    let room = log_room::read(&mut from, &checkpoint.position).await?;
    let tables = totals
        .into_iter()
        .map(|(name, chunks, chunks_done, rows, bytes)| {
            let known = checkpoint.schema.tables.get(&name);
            let progress = TableProgress {
                chunks,
                chunks_done,
                rows,
                bytes,
                rows_total: known.map_or(0, |table| table.estimated_rows),
                bytes_total: known.map_or(0, |table| table.data_bytes),
                ..TableProgress::default()
            };
            (name, progress)
        });
    Ok(Some(Stand {
        plan: plan.clone(),
        phase: checkpoint.phase,
        stage: checkpoint.phase.word(),
        checkpoint: checkpoint.position.to_string(),
        lag_bytes: checkpoint.position.bytes_until(&log_end, &files),
        operation,
        log_end,
        keeping: Keeping::Log(room),
        tables: tables.collect(),
    }))
}

async fn of_postgres(
    plan: &Plan,
    stream: &postgres::pipeline::StreamPlan,
) -> Result<Option<Stand>, Failure> {
    use postgres::state::{copy_totals, operation, peek};
    let (direction, database) = (stream.direction, &stream.database);
    let mut to = Session::open(&stream.to).await?;
    let Some(checkpoint) = peek(&mut to, direction, database).await? else {
        return Ok(None);
    };
    let operation = operation::read(&mut to, direction, database).await?;
    let totals = copy_totals(&mut to, direction, database).await?;
    let mut from = Session::open(&stream.from).await?;
    let log_end = postgres::server::log_end(&mut from).await?;
    let kept = kept::read(&mut from, checkpoint.method, &stream.mark()).await?;
    // The checkpoint of a capture is a snapshot; the place in the log that it stands for is known to its process.
    let at: Option<LogPosition> = match checkpoint.method {
        Method::Logical => checkpoint.position.parse().ok(),
        Method::TriggerCapture => {
            let report = operation.report.as_ref();
            report.and_then(|report| report.progress.applied.clone())
        }
        Method::DumpWindow => None,
    };
    let tables = totals
        .iter()
        .map(|(path, total)| (path.clone(), total.progress(checkpoint.tables.get(path))));
    Ok(Some(Stand {
        plan: plan.clone(),
        phase: checkpoint.phase,
        stage: checkpoint.stage(),
        tables: tables.collect(),
        checkpoint: checkpoint.position,
        lag_bytes: at.and_then(|at| at.bytes_until(&log_end, &[])),
        operation,
        log_end,
        keeping: Keeping::Marked(kept),
    }))
}
