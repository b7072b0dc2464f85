//! `reberth replicate status`: where each stream stands, by the checkpoint on the server that is written to, and by the last word of its process while that
//! is fresh. It works from every machine that reaches both servers.

use reberth_model::policy::Policy;
use reberth_replicate::mysql::log_room::{self, LogRoom};
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::operation::{self, Operation};
use reberth_replicate::mysql::state::{self, Checkpoint, Direction, Phase};
use reberth_replicate::position::LogPosition;
use reberth_replicate::progress::{Progress, TableProgress};
use serde_json::{Value, json};

use super::start::line;
use crate::connections::stream_plan;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::quantity::{bytes, duration_s, rows};
use crate::scope::Scope;
use crate::table::table;

/// A log that may end within this time is worth a warning.
const LOG_WARNING_S: u64 = 6 * 3_600;

pub(super) async fn run(
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    for plan in scope.all_plans(environment)? {
        match Stand::read(&plan).await? {
            Some(stand) => output.report(stand.text(), &stand.document())?,
            None if plan.direction == Direction::Forward => output.report(
                format!("{}: not started", plan.database),
                &json!({ "database": plan.database, "state": "not started" }),
            )?,
            None => {}
        }
    }
    Ok(Exit::Done)
}

/// A line for each stream of each database, for `reberth status`. A server that does not answer is said to be so; nothing fails.
pub(crate) async fn status_lines(policy: &Policy, environment: &Environment) -> Vec<String> {
    let mut lines = Vec::new();
    for database in &policy.databases {
        for direction in [Direction::Forward, Direction::Reverse] {
            let read = async {
                let plan = stream_plan(database, direction, environment)?;
                Stand::read(&plan).await
            };
            match read.await {
                Ok(Some(stand)) => lines.push(stand.headline()),
                Ok(None) if direction == Direction::Forward => {
                    lines.push(format!("{}: not started", database.name));
                }
                Ok(None) => {}
                Err(failure) => {
                    lines.push(format!(
                        "{}: not known ({})",
                        database.name,
                        failure.message()
                    ));
                    break;
                }
            }
        }
    }
    lines
}

/// Where a stream stands.
struct Stand {
    plan: StreamPlan,
    checkpoint: Checkpoint,
    operation: Operation,
    log_end: LogPosition,
    lag_bytes: Option<u64>,
    room: LogRoom,
    tables: Vec<(String, TableProgress)>,
}

impl Stand {
    async fn read(plan: &StreamPlan) -> Result<Option<Stand>, Failure> {
        let mut to = server::writer(&plan.to).await?;
        let Some(checkpoint) = state::peek(&mut to, plan.direction, &plan.database).await? else {
            return Ok(None);
        };
        let operation = operation::read(&mut to, plan.direction, &plan.database).await?;
        let totals = state::copy_totals(&mut to, plan.direction, &plan.database).await?;
        let mut from = server::reader(&plan.from).await?;
        let flavour = server::version(&mut from).await?.flavour;
        let log_end = server::log_end(&mut from, flavour).await?;
        let files = server::log_files(&mut from).await?;
        let room = log_room::read(&mut from, &checkpoint.position).await?;
        let lag_bytes = checkpoint.position.bytes_until(&log_end, &files);
        let running = operation.report.as_ref().filter(|report| report.is_fresh());
        let lately = running.map(|report| &report.progress.tables);
        let tables = totals
            .into_iter()
            .map(|(name, chunks, chunks_done, rows, bytes)| {
                let known = checkpoint.schema.tables.get(&name);
                let lately = lately.and_then(|tables| tables.get(&name));
                let progress = TableProgress {
                    chunks,
                    chunks_done,
                    rows,
                    bytes,
                    rows_total: known.map_or(0, |table| table.estimated_rows),
                    bytes_total: known.map_or(0, |table| table.data_bytes),
                    rows_per_s: lately.and_then(|table| table.rows_per_s),
                    left_s: lately.and_then(|table| table.left_s),
                };
                (name, progress)
            })
            .collect();
        Ok(Some(Stand {
            plan: plan.clone(),
            checkpoint,
            operation,
            log_end,
            lag_bytes,
            room,
            tables,
        }))
    }

    /// The word of the process, while it is fresh.
    fn running(&self) -> Option<&Progress> {
        let report = self.operation.report.as_ref()?;
        report.is_fresh().then_some(&report.progress)
    }

    fn name(&self) -> String {
        match self.plan.direction {
            Direction::Forward => self.plan.database.clone(),
            Direction::Reverse => format!("{} (way back)", self.plan.database),
        }
    }

    fn state(&self) -> &'static str {
        if self.operation.pause.is_some() {
            "paused"
        } else if self.running().is_some() {
            "running"
        } else {
            "not running"
        }
    }

    fn gear(&self) -> Option<&'static str> {
        self.running().and_then(Progress::gear)
    }

    fn lag_ms(&self) -> Option<u64> {
        self.running().and_then(|progress| progress.lag_ms)
    }

    fn headline(&self) -> String {
        let lag_bytes = self
            .lag_bytes
            .map_or_else(|| "an unknown number of bytes".to_owned(), bytes);
        let lag = match self.lag_ms() {
            Some(lag_ms) => format!("{lag_ms} ms and {lag_bytes} behind"),
            None => format!("{lag_bytes} behind"),
        };
        let state = match (
            &self.operation.pause,
            self.running(),
            &self.operation.report,
        ) {
            (Some(pause), _, _) => format!(
                "PAUSED for {} by {}",
                duration_s(pause.age_ms / 1_000),
                pause.by
            ),
            (None, Some(_), _) => "running".to_owned(),
            (None, None, Some(report)) => format!(
                "NOT RUNNING, its process has been silent for {}",
                duration_s(report.age_ms / 1_000)
            ),
            (None, None, None) => "NOT RUNNING, no process is applying".to_owned(),
        };
        format!(
            "{}: {} at {}, {lag}; {state}",
            self.name(),
            self.gear().unwrap_or(self.checkpoint.phase.word()),
            self.checkpoint.position
        )
    }

    /// Seconds that the source keeps its log for this stream at the least. `None`: not known, or it does not age.
    fn log_left_s(&self) -> Option<u64> {
        let report = self.operation.report.as_ref();
        let reported_s = report
            .map(|report| (report.age_ms + report.progress.lag_ms.unwrap_or_default()) / 1_000);
        let paused_s = self
            .operation
            .pause
            .as_ref()
            .map(|pause| pause.age_ms / 1_000);
        let age_s = match (
            self.running().is_some() && paused_s.is_none(),
            paused_s,
            reported_s,
        ) {
            (true, _, reported_s) => reported_s?,
            (false, Some(paused_s), _) => paused_s,
            (false, None, reported_s) => reported_s?,
        };
        self.room.left_s(age_s)
    }

    fn log_line(&self) -> String {
        if !self.room.is_kept {
            return "  LOST: the source has removed the log that the target needs next; `reberth replicate stop`, empty the target, and start anew".to_owned();
        }
        let Some(retention_s) = self.room.retention_s else {
            return "  the source removes nothing of its log by age".to_owned();
        };
        match self.log_left_s() {
            Some(left_s) if left_s < LOG_WARNING_S && self.state() != "running" => format!(
                "  WARNING: the source may remove the log that is needed next in {}",
                duration_s(left_s)
            ),
            Some(left_s) => format!(
                "  the source keeps the log that is needed next for {} at least",
                duration_s(left_s)
            ),
            None => format!("  the source keeps its log for {}", duration_s(retention_s)),
        }
    }

    fn text(&self) -> String {
        let mut parts = vec![self.headline()];
        if let Some(progress) = self.running() {
            parts.push(format!("  {}", line("its process", progress)));
            if let Some(why) = &progress.throttle {
                parts.push(format!("  the copy is slowed: {why}"));
            }
            if let Some(warning) = &progress.spool_warning {
                parts.push(format!("  WARNING: {warning}"));
            }
            if progress.spool_bytes > 0 {
                parts.push(format!(
                    "  spool: {} of the source's log",
                    bytes(progress.spool_bytes)
                ));
            }
        }
        parts.push(self.log_line());
        parts.push(self.table());
        parts.join("\n")
    }

    fn table(&self) -> String {
        let cells: Vec<Vec<String>> = self
            .tables
            .iter()
            .map(|(name, copied)| {
                let is_done = copied.chunks_done == copied.chunks;
                let (rate, left) = match (is_done, copied.rows_per_s, copied.left_s) {
                    (true, _, _) => ("-".to_owned(), "copied".to_owned()),
                    (false, rate, left_s) => (
                        rate.map_or_else(
                            || "-".to_owned(),
                            |rate| format!("{} rows/s", rows(rate)),
                        ),
                        left_s.map_or_else(|| "-".to_owned(), duration_s),
                    ),
                };
                vec![
                    name.clone(),
                    copied.rows.to_string(),
                    bytes(copied.bytes),
                    format!("{}/{}", copied.chunks_done, copied.chunks),
                    rate,
                    left,
                ]
            })
            .collect();
        table(
            &["table", "rows", "bytes", "chunks", "rate", "left"],
            &cells,
        )
    }

    fn document(&self) -> Value {
        let tables: Vec<Value> = self
            .tables
            .iter()
            .map(|(name, copied)| json!({
                "table": name, "chunks": copied.chunks, "chunks_done": copied.chunks_done, "rows": copied.rows, "bytes": copied.bytes,
                "rows_estimated": copied.rows_total, "rows_per_s": copied.rows_per_s, "left_s": copied.left_s,
            }))
            .collect();
        let pause = self.operation.pause.as_ref().map(
            |pause| json!({ "since_utc": pause.since, "for_ms": pause.age_ms, "by": pause.by }),
        );
        json!({
            "database": self.plan.database, "direction": self.plan.direction.word(), "state": self.state(), "phase": self.checkpoint.phase.word(),
            "gear": self.gear(), "checkpoint": self.checkpoint.position, "log_end": self.log_end, "lag_bytes": self.lag_bytes, "lag_ms": self.lag_ms(),
            "is_consistent": self.checkpoint.phase == Phase::Following, "paused": pause, "log": self.room, "log_left_s": self.log_left_s(),
            "spool_bytes": self.running().map(|progress| progress.spool_bytes), "spool_warning": self.running().and_then(|progress| progress.spool_warning.clone()), "throttle": self.running().and_then(|progress| progress.throttle.clone()),
            "left_s": self.running().and_then(|progress| progress.left_s), "running": self.running(), "tables": tables,
        })
    }
}
