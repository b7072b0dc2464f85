//! `reberth replicate status`: where each stream stands, by the checkpoint on the server that is written to, and by the last word of its process while that
//! is fresh. It works from every machine that reaches both servers.

mod keeping;
mod stand;

use reberth_model::policy::Policy;
use reberth_replicate::postgres::capture::Cut;
use reberth_replicate::progress::Progress;
use reberth_replicate::stream::{Direction, Phase};
use serde_json::{Value, json};

use self::stand::Stand;
use super::start::line;
use crate::connections;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::quantity::{bytes, duration_s, rows};
use crate::scope::Scope;
use crate::table::table;

pub(super) async fn run(
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    for plan in scope.all_plans(environment).await? {
        match stand::read(&plan).await? {
            Some(stand) => output.report(stand.text(), &stand.document())?,
            None if plan.direction() == Direction::Forward => output.report(
                format!("{}: not started", plan.database()),
                &json!({ "database": plan.database(), "state": "not started" }),
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
                let plan = connections::plan(database, direction, environment).await?;
                stand::read(&plan).await
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

impl Stand {
    /// The word of the process, while it is fresh.
    fn running(&self) -> Option<&Progress> {
        let report = self.operation.report.as_ref()?;
        report.is_fresh().then_some(&report.progress)
    }

    fn name(&self) -> String {
        match self.plan.direction() {
            Direction::Forward => self.plan.database().to_owned(),
            Direction::Reverse => format!("{} (way back)", self.plan.database()),
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
            None if self.stage == "copied" => "nothing follows".to_owned(),
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
            self.gear().unwrap_or(self.stage),
            self.place()
        )
    }

    /// The checkpoint for people: a snapshot's text tells them nothing.
    fn place(&self) -> String {
        Cut::parse(&self.checkpoint).map_or_else(|| self.checkpoint.clone(), |cut| cut.words())
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
        parts.push(
            self.keeping
                .line(&self.operation, self.state() == "running"),
        );
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
        let method = match &self.plan {
            Plan::MySql(_) => None,
            Plan::Postgres(plan) => Some(plan.stream.method.word()),
        };
        json!({
            "database": self.plan.database(), "engine": self.plan.engine(), "method": method, "direction": self.plan.direction().word(), "state": self.state(), "phase": self.stage,
            "gear": self.gear(), "checkpoint": self.checkpoint, "log_end": self.log_end, "lag_bytes": self.lag_bytes, "lag_ms": self.lag_ms(),
            "is_consistent": self.phase == Phase::Following, "paused": pause, "log": self.keeping.document(), "log_left_s": self.keeping.left_s(&self.operation),
            "spool_bytes": self.running().map(|progress| progress.spool_bytes), "spool_warning": self.running().and_then(|progress| progress.spool_warning.clone()), "throttle": self.running().and_then(|progress| progress.throttle.clone()),
            "left_s": self.running().and_then(|progress| progress.left_s), "running": self.running(), "tables": tables,
        })
    }
}
