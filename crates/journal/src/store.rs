//! The journal's file: opening it, appending to it, reading it.

mod read;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};
use thiserror::Error;

use crate::clock::Clock;
use crate::error::{JournalError, classify};
use crate::event::{Event, EventKind, RunId, StoredEvent, check_run_kind, is_name};
use crate::lease::Lease;

pub use read::RunSummary;
pub(crate) use read::{select, stored_event};

/// An append-only record of everything Reberth did, in one SQLite file.
///
/// An event is on disk when [`Journal::append`] returns (`synchronous=FULL`). Writers of several processes take turns,
/// each event is one transaction, and reading works beside them at any time. It may be shared between threads; no
/// lock is held while a future waits.
pub struct Journal {
    path: PathBuf,
    clock: Clock,
    hook: Option<Arc<dyn AppendHook>>,
    connection: Mutex<Connection>,
}

/// Watches each append from inside the process: to show progress, or to end the process at a chosen append in a test.
pub trait AppendHook: Send + Sync {
    /// Called before the event is written, inside its transaction: it must not use the journal itself. An error keeps
    /// the event from being written.
    fn before(&self, run: &RunId, kind: &str, step: Option<&str>) -> Result<(), Killed> {
        let _ = (run, kind, step);
        Ok(())
    }

    /// Called after the event is on disk. An error ends the caller, the event stays.
    fn after(&self, event: &Event) -> Result<(), Killed> {
        let _ = event;
        Ok(())
    }
}

/// An [`AppendHook`] ended the process here, as a crash would have done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("ended by the append hook at append {append}")]
pub struct Killed {
    /// Which append of this process it was, from 1.
    pub append: u64,
}

/// What an event is about, before it has a place in the chain.
pub(crate) struct Draft<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) kind: &'a str,
    pub(crate) step: Option<&'a str>,
    pub(crate) epoch: u64,
    pub(crate) payload: &'a Value,
}

impl Journal {
    /// Opens the journal for writing; a missing file is made, an older format is brought to the present one.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_with(path, Clock::System, None)
    }

    /// Opens the journal for writing, with a chosen clock and a hook that sees each append.
    pub fn open_with(
        path: &Path,
        clock: Clock,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Result<Self, JournalError> {
        let connection = schema::open_for_writing(path)?;
        Ok(Self::around(connection, path, clock, hook))
    }

    /// Opens an existing journal for reading only, beside any writer.
    pub fn open_read_only(path: &Path) -> Result<Self, JournalError> {
        let connection = schema::open_for_reading(path)?;
        Ok(Self::around(connection, path, Clock::System, None))
    }

    fn around(
        connection: Connection,
        path: &Path,
        clock: Clock,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            clock,
            hook,
            connection: Mutex::new(connection),
        }
    }

    /// The journal's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records that a run of a kind begins, with the names of its steps, and gives it its id. A stream has no steps.
    pub fn create_run(&self, kind: &str, steps: &[String]) -> Result<RunId, JournalError> {
        self.create_run_about(kind, None, steps)
    }

    /// [`Journal::create_run`] for a run that is about one of several things of its kind, such as one database's cutover.
    pub fn create_run_about(
        &self,
        kind: &str,
        subject: Option<&str>,
        steps: &[String],
    ) -> Result<RunId, JournalError> {
        check_run_kind(kind)?;
        let mut payload = json!({ "run_kind": kind, "steps": steps });
        if let Some(subject) = subject {
            payload["subject"] = subject.into();
        }
        let event = self.write("creating a run", |transaction| {
            let number: u64 = transaction
                .query_row(
                    "SELECT count(*) FROM events WHERE kind = 'run_created'
                     AND json_extract(payload, '$.run_kind') = ?1",
                    [kind],
                    |row| row.get(0),
                )
                .map_err(classify("numbering a run"))?;
            let run = RunId::of(kind, number + 1);
            let draft = Draft {
                run: &run,
                kind: EventKind::RunCreated.as_str(),
                step: None,
                epoch: 0,
                payload: &payload,
            };
            self.insert(transaction, &draft)
        })?;
        Ok(event.run)
    }

    /// Appends a note to a run: an event that changes no state. The kinds of the engine are refused here, see
    /// [`Journal::append_as`], [`Journal::request_cancel`] and [`Journal::request_retry`].
    pub fn append(
        &self,
        run: &RunId,
        kind: &str,
        step: Option<&str>,
        payload: &Value,
    ) -> Result<Event, JournalError> {
        let is_reserved = !EventKind::parse(kind).is_note() || kind == "approval";
        if is_reserved {
            return Err(JournalError::NeedsLease {
                run: run.clone(),
                kind: kind.to_owned(),
            });
        }
        self.append_draft(&Draft {
            run,
            kind,
            step,
            epoch: 0,
            payload,
        })
    }

    /// Appends an event as the process that leads the run. Refused when another process has taken over, or when the
    /// event does not fit the state of the run.
    pub fn append_as(
        &self,
        lease: &Lease,
        kind: &str,
        step: Option<&str>,
        payload: &Value,
    ) -> Result<Event, JournalError> {
        self.append_draft(&Draft {
            run: lease.run(),
            kind,
            step,
            epoch: lease.epoch(),
            payload,
        })
    }

    /// Asks for a run to be cancelled. The leader of the run sees it before its next step and turns back, or refuses
    /// when a step without a way back is behind it.
    pub fn request_cancel(&self, run: &RunId, by: &str) -> Result<Event, JournalError> {
        self.append_request(run, EventKind::CancelRequested, by)
    }

    /// Lets a stuck run try again, after a person has looked at what is half done.
    pub fn request_retry(&self, run: &RunId, by: &str) -> Result<Event, JournalError> {
        self.append_request(run, EventKind::RetryRequested, by)
    }

    fn append_request(
        &self,
        run: &RunId,
        kind: EventKind,
        by: &str,
    ) -> Result<Event, JournalError> {
        self.append_draft(&Draft {
            run,
            kind: kind.as_str(),
            step: None,
            epoch: 0,
            payload: &json!({ "by": by }),
        })
    }

    pub(crate) fn append_draft(&self, draft: &Draft<'_>) -> Result<Event, JournalError> {
        if !is_name(draft.kind) {
            return Err(JournalError::InvalidName {
                what: "kind of event",
                text: draft.kind.to_owned(),
            });
        }
        self.write("appending an event", |transaction| {
            check_epoch(transaction, draft)?;
            check_transition(transaction, draft)?;
            self.insert(transaction, draft)
        })
    }

    /// Runs one write transaction; the hook hears of the event when it is on disk.
    fn write(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<Event, JournalError>,
    ) -> Result<Event, JournalError> {
        let event = {
            let mut connection = self.connection();
            if connection.is_readonly("main").map_err(classify(doing))? {
                return Err(JournalError::ReadOnly);
            }
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(classify(doing))?;
            let event = work(&transaction)?;
            transaction.commit().map_err(classify(doing))?;
            event
        };
        if let Some(hook) = &self.hook {
            hook.after(&event)?;
        }
        Ok(event)
    }

    /// Puts an event at the end of the chain and moves the head with it.
    fn insert(
        &self,
        transaction: &Transaction<'_>,
        draft: &Draft<'_>,
    ) -> Result<Event, JournalError> {
        if let Some(hook) = &self.hook {
            hook.before(draft.run, draft.kind, draft.step)?;
        }
        let writing = classify("the event");
        let (count, head): (u64, String) = transaction
            .query_row("SELECT count, hash FROM head", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(&writing)?;
        let mut event = StoredEvent {
            seq: count + 1,
            run: draft.run.to_string(),
            kind: draft.kind.to_owned(),
            step: draft.step.map(str::to_owned),
            at: self.clock.now(),
            epoch: draft.epoch,
            payload: draft.payload.to_string(),
            previous_hash: head,
            hash: String::new(),
        };
        event.hash = event.computed_hash();
        transaction
            .execute(
                "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    event.seq,
                    event.run,
                    event.kind,
                    event.step,
                    event.at,
                    event.epoch,
                    event.payload,
                    event.previous_hash,
                    event.hash
                ],
            )
            .and_then(|_| {
                transaction.execute(
                    "UPDATE head SET count = ?1, hash = ?2",
                    params![event.seq, event.hash],
                )
            })
            .map_err(&writing)?;
        event.into_event()
    }

    /// Writes down who leads a run from now on and returns the new epoch. The caller holds the run's lock file.
    pub(crate) fn raise_epoch(&self, run: &RunId, holder: &str) -> Result<u64, JournalError> {
        self.connection()
            .query_row(
                "INSERT INTO leases VALUES (?1, 1, ?2, ?3)
                 ON CONFLICT (run) DO UPDATE SET epoch = epoch + 1, holder = ?2, taken_at = ?3
                 RETURNING epoch",
                params![run.as_str(), holder, self.clock.now()],
                |row| row.get(0),
            )
            .map_err(classify("taking the lease of a run"))
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere cannot leave half a transaction: it rolls back when it is dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A leader whose epoch is no longer the newest writes nothing more.
fn check_epoch(transaction: &Transaction<'_>, draft: &Draft<'_>) -> Result<(), JournalError> {
    if draft.epoch == 0 {
        return Ok(());
    }
    let current: u64 = transaction
        .query_row(
            "SELECT epoch FROM leases WHERE run = ?1",
            [draft.run.as_str()],
            |row| row.get(0),
        )
        .optional()
        .map_err(classify("checking the lease"))?
        .unwrap_or(0);
    if current == draft.epoch {
        return Ok(());
    }
    Err(JournalError::Fenced {
        run: draft.run.clone(),
        held: draft.epoch,
        current,
    })
}

/// The run must exist, and its replayed state must allow the event. Read inside the transaction, so that nothing
/// written by another process in between is overlooked.
fn check_transition(transaction: &Transaction<'_>, draft: &Draft<'_>) -> Result<(), JournalError> {
    if *draft.run == RunId::journal() {
        return Ok(());
    }
    let kind = EventKind::parse(draft.kind);
    if kind.is_note() {
        return read::require_run(transaction, draft.run);
    }
    let mut history = read::history(transaction, draft.run)?;
    history.apply(&kind, draft.step, draft.payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ScratchJournal;

    #[test]
    fn a_full_disk_loses_the_event_and_nothing_else() {
        let scratch = ScratchJournal::new();
        let journal = scratch.open();
        let run = journal.create_run("replicate", &[]).unwrap();
        // A file that may not grow by one page stands for a full disk: the database reports both alike.
        journal
            .connection()
            .pragma_update_and_check(None, "max_page_count", 1, |_| Ok(()))
            .unwrap();
        let big = json!({ "text": "x".repeat(100_000) });
        let refused = journal.append(&run, "report", None, &big).unwrap_err();
        assert_eq!(refused.code(), "RB-JRN-005", "{refused}");
        assert_eq!(journal.events(&run).unwrap().len(), 1);
        drop(journal);
        let journal = scratch.open();
        journal.append(&run, "report", None, &big).unwrap();
        assert_eq!(journal.audit_head().unwrap().count, 2);
    }
}
