//! Reading runs and events back.

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::Journal;
use crate::error::{JournalError, classify};
use crate::event::{Event, EventKind, RunId, StoredEvent};
use crate::history::RunHistory;
use crate::state::RunState;

/// One line about a run, for status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Its kind, such as `cutover`.
    pub kind: String,
    /// Where it stands.
    pub state: RunState,
    /// How many of its steps are behind it.
    pub steps_settled: usize,
    /// How many steps it has.
    pub steps_total: usize,
    /// When it was created.
    pub created_at: String,
    /// When its last event was appended.
    pub updated_at: String,
}

impl Journal {
    /// All events of a run, in order.
    pub fn events(&self, run: &RunId) -> Result<Vec<Event>, JournalError> {
        let stored = select(
            &self.connection(),
            "SELECT * FROM events WHERE run = ?1 ORDER BY seq",
            run.as_str(),
        )?;
        stored.into_iter().map(StoredEvent::into_event).collect()
    }

    /// The ids of all runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let created = self.created("SELECT * FROM events WHERE kind = ?1 ORDER BY seq")?;
        Ok(created.into_iter().map(|event| event.run).collect())
    }

    /// The newest run of a kind, whatever it is about.
    pub fn latest_run(&self, kind: &str) -> Result<Option<RunId>, JournalError> {
        self.latest(kind, |_| true)
    }

    /// The newest run of a kind that is about `subject`. A run that names none was written when there was one subject only: it is about any.
    pub fn latest_run_about(
        &self,
        kind: &str,
        subject: &str,
    ) -> Result<Option<RunId>, JournalError> {
        self.latest(kind, |named| named.is_none_or(|named| named == subject))
    }

    fn latest(
        &self,
        kind: &str,
        is_meant: impl Fn(Option<&str>) -> bool,
    ) -> Result<Option<RunId>, JournalError> {
        let created = self.created("SELECT * FROM events WHERE kind = ?1 ORDER BY seq DESC")?;
        Ok(created
            .into_iter()
            .find(|event| {
                event.payload["run_kind"] == kind && is_meant(event.payload["subject"].as_str())
            })
            .map(|event| event.run))
    }

    /// The replayed history of a run.
    pub fn history(&self, run: &RunId) -> Result<RunHistory, JournalError> {
        history(&self.connection(), run)
    }

    /// One line about a run.
    pub fn summary(&self, run: &RunId) -> Result<RunSummary, JournalError> {
        let history = self.history(run)?;
        let (created_at, updated_at) = self
            .connection()
            .query_row(
                "SELECT (SELECT at FROM events WHERE run = ?1 ORDER BY seq LIMIT 1),
                        (SELECT at FROM events WHERE run = ?1 ORDER BY seq DESC LIMIT 1)",
                [run.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(classify("reading the dates of a run"))?;
        Ok(RunSummary {
            run: run.clone(),
            kind: history.kind().to_owned(),
            state: history.state().clone(),
            steps_settled: history.steps_settled(),
            steps_total: history.step_names().len(),
            created_at,
            updated_at,
        })
    }

    fn created(&self, sql: &str) -> Result<Vec<Event>, JournalError> {
        let stored = select(&self.connection(), sql, EventKind::RunCreated.as_str())?;
        stored.into_iter().map(StoredEvent::into_event).collect()
    }
}

/// Replays what has meaning for the state of a run. Notes stay on disk: a stream may have written very many.
pub(super) fn history(connection: &Connection, run: &RunId) -> Result<RunHistory, JournalError> {
    let stored = select(
        connection,
        "SELECT * FROM events WHERE run = ?1 AND (kind IN ('run_created', 'steps_changed', 'act_started',
           'approval_requested', 'cancel_requested', 'cancel_refused', 'unwind_started', 'retry_requested')
           OR kind GLOB 'step_*' OR kind GLOB 'undo_*' OR kind GLOB 'run_*') ORDER BY seq",
        run.as_str(),
    )?;
    let mut history = RunHistory::new(run.clone());
    for event in stored {
        let event = event.into_event()?;
        let kind = EventKind::parse(&event.kind);
        history.apply(&kind, event.step.as_deref(), &event.payload)?;
    }
    if history.is_empty() {
        return Err(JournalError::NoSuchRun { run: run.clone() });
    }
    Ok(history)
}

/// A note needs its run to exist, and no replay.
pub(super) fn require_run(connection: &Connection, run: &RunId) -> Result<(), JournalError> {
    let exists: bool = connection
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM events WHERE run = ?1)",
            [run.as_str()],
            |row| row.get(0),
        )
        .map_err(classify("looking for a run"))?;
    if exists {
        return Ok(());
    }
    Err(JournalError::NoSuchRun { run: run.clone() })
}

pub(crate) fn select(
    connection: &Connection,
    sql: &str,
    argument: &str,
) -> Result<Vec<StoredEvent>, JournalError> {
    let reading = classify("reading events");
    let mut statement = connection.prepare_cached(sql).map_err(&reading)?;
    let rows = statement
        .query_map([argument], stored_event)
        .map_err(&reading)?;
    rows.collect::<Result<_, _>>().map_err(reading)
}

/// One row of `SELECT * FROM events`.
pub(crate) fn stored_event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        seq: row.get(0)?,
        run: row.get(1)?,
        kind: row.get(2)?,
        step: row.get(3)?,
        at: row.get(4)?,
        epoch: row.get(5)?,
        payload: row.get(6)?,
        previous_hash: row.get(7)?,
        hash: row.get(8)?,
    })
}
