//! Changes in scope that the source holds behind a checkpoint, counted without applying them. The stream must stand still.

use std::time::Duration;

use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::capture::apply::stored_catalogue;
use crate::postgres::capture::reader::Reader;
use crate::postgres::capture::{Cut, keys};
use crate::postgres::logical::slot;
use crate::postgres::method;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::{self, Checkpoint, Method, stream_name};
use crate::postgres::value::quote_text;

/// How often, and how long, it is looked whether the slot is free.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS_MOST: usize = 200;

/// Counts those behind the checkpoint of a plan's stream.
pub async fn of_stream(plan: &StreamPlan) -> Result<u64, ReplicateError> {
    let mut target = Session::open(&plan.to).await?;
    let checkpoint = state::peek(&mut target, plan.direction, &plan.database).await?;
    let checkpoint = checkpoint.ok_or_else(|| ReplicateError::NotStarted {
        database: plan.database.clone(),
    })?;
    changes(
        plan,
        &stream_name(plan.direction, &plan.database),
        &checkpoint,
    )
    .await
}

/// Counts them. `stream` is the stream's name in the state tables.
pub(crate) async fn changes(
    plan: &StreamPlan,
    stream: &str,
    checkpoint: &Checkpoint,
) -> Result<u64, ReplicateError> {
    match checkpoint.method {
        Method::Logical => decoded(plan, checkpoint).await,
        Method::TriggerCapture => noted(plan, stream, checkpoint).await,
        Method::DumpWindow => Err(method::nothing_follows()),
    }
}

/// By the slot, which nobody reads now: its changes are looked at and stay there.
async fn decoded(plan: &StreamPlan, checkpoint: &Checkpoint) -> Result<u64, ReplicateError> {
    let doing = "looking for changes behind the checkpoint";
    let mut source = Session::open(&plan.from).await?;
    let (mark, position) = (quote_text(&plan.mark()), &checkpoint.position);
    wait_until_nobody_reads(&mut source, &mark).await?;
    // What the target has committed is passed first, so that it is not counted.
    slot::move_up(&mut source, &plan.mark(), position, LONG_STATEMENT_LIMIT).await?;
    // I, U, D, T: the tags of messages that tell of rows; but for the last, the number of the table follows (PostgreSQL manual, "Logical Replication Message
    // Formats"). Our own checkpoint is published too, for the way back.
    let count = format!(
        "SELECT count(*) FROM pg_logical_slot_peek_binary_changes({mark}, NULL, NULL, 'proto_version', '1', 'publication_names', {}) AS c \
         WHERE get_byte(c.data, 0) IN (68, 73, 84, 85) \
           AND (get_byte(c.data, 0) = 84 OR substring(c.data, 2, 4) IS DISTINCT FROM int4send(to_regclass('reberth.stream')::oid::int))",
        quote_text(&format!("\"{}\"", plan.mark()))
    );
    let rows: Vec<(u64,)> = source
        .rows_within(LONG_STATEMENT_LIMIT, doing, count)
        .await?;
    Ok(rows.first().map_or(0, |(changes,)| *changes))
}

/// The server notices only after a moment that the reader of a slot has gone.
pub(crate) async fn wait_until_nobody_reads(
    source: &mut Session,
    mark: &str,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT active_pid FROM pg_replication_slots WHERE slot_name = {mark} AND active_pid IS NOT NULL"
    );
    for _ in 0..LOOKS_MOST {
        let reader: Option<(i32,)> = source.row("asking who reads the slot", &sql).await?;
        if reader.is_none() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(ReplicateError::Blocked(vec![
        "another process reads the stream's slot: end it first".to_owned(),
    ]))
}

/// By the noted keys that the checkpoint's snapshot does not show.
async fn noted(
    plan: &StreamPlan,
    stream: &str,
    checkpoint: &Checkpoint,
) -> Result<u64, ReplicateError> {
    let mut target = Session::open(&plan.to).await?;
    let catalogue = stored_catalogue(&mut target, stream).await?;
    let from = Cut::parse(&checkpoint.position).ok_or_else(|| {
        ReplicateError::Blocked(vec![
            "the checkpoint on the target is not one of a stream that follows by capture"
                .to_owned(),
        ])
    })?;
    let mut source = Session::open(&plan.from).await?;
    let captured = keys::read(&mut source, &checkpoint.tables).await?;
    let mut reader = Reader::open(&plan.from, captured).await?;
    let batch = reader.cut(&from, &catalogue).await?;
    reader.end().await?;
    // A table that was emptied or rewritten counts, though no key of it is noted.
    Ok(batch.touched().max(batch.tables.len() as u64))
}
