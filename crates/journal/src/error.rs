//! What can go wrong with the journal itself. A step's own failure is a [`crate::StepError`].

use std::path::PathBuf;

use thiserror::Error;

use crate::event::RunId;
use crate::store::Killed;

/// A failure of the journal or of the run engine. Every code has a page in `docs/errors/`.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file cannot be opened or made.
    #[error("cannot open the journal {}", path.display())]
    Open {
        /// The journal's file.
        path: PathBuf,
        /// What the database library said.
        source: rusqlite::Error,
    },
    /// The file is there, but it is not a journal.
    #[error("{} is not a Reberth journal: {found}", path.display())]
    NotAJournal {
        /// The journal's file.
        path: PathBuf,
        /// What was found in its place.
        found: &'static str,
    },
    /// The file's pages do not fit together.
    #[error("the journal is damaged: {doing} met a page that cannot be right")]
    Corrupt {
        /// What was being done.
        doing: &'static str,
        /// What the database library said.
        source: rusqlite::Error,
    },
    /// The file was written by a newer Reberth.
    #[error(
        "the journal {} has format {found}, and this Reberth knows formats up to {known}",
        path.display()
    )]
    NewerFormat {
        /// The journal's file.
        path: PathBuf,
        /// The format in the file.
        found: i64,
        /// The newest format of this binary.
        known: i64,
    },
    /// The disk, or the quota, is full. Nothing of the event was written.
    #[error("the disk that holds the journal is full: {doing} was not written")]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// What the database library said.
        source: rusqlite::Error,
    },
    /// Another process kept the file locked for longer than the waiting time.
    #[error("the journal is busy: {doing} waited {waited_ms} ms for another writer")]
    Busy {
        /// What was being done.
        doing: &'static str,
        /// How long was waited.
        waited_ms: u64,
        /// What the database library said.
        source: rusqlite::Error,
    },
    /// Reading or writing failed in another way.
    #[error("the journal failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database library said.
        source: rusqlite::Error,
    },
    /// Another living process leads the run.
    #[error("run {run} is led by another process ({holder}, epoch {epoch})")]
    RunIsLed {
        /// The run.
        run: RunId,
        /// Who wrote itself down as its leader.
        holder: String,
        /// The epoch of that lease.
        epoch: u64,
    },
    /// This process led the run, and another has taken over since.
    #[error("run {run} was taken over under epoch {current}; this process still held epoch {held}")]
    Fenced {
        /// The run.
        run: RunId,
        /// The epoch this process holds.
        held: u64,
        /// The epoch that is valid now.
        current: u64,
    },
    /// The lock file beside the journal cannot be used.
    #[error("cannot lock {}", path.display())]
    LockFile {
        /// The lock file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No such run.
    #[error("the journal holds no run {run}")]
    NoSuchRun {
        /// The run asked for.
        run: RunId,
    },
    /// The event does not fit the state of its run. Nothing was written.
    #[error("run {run} is {state}: {event} cannot follow")]
    IllegalTransition {
        /// The run.
        run: RunId,
        /// Its state in words.
        state: String,
        /// The event that was refused.
        event: String,
    },
    /// The steps of this binary do not fit what the run has already done.
    #[error("the steps of this Reberth do not fit run {run}: {problem}")]
    StepList {
        /// The run.
        run: RunId,
        /// What does not fit.
        problem: StepListProblem,
    },
    /// A stored event is not readable JSON.
    #[error("event {seq} of the journal cannot be read")]
    UnreadableEvent {
        /// Its place.
        seq: u64,
        /// Why not.
        source: serde_json::Error,
    },
    /// A kind, id, hash or name is not of the form it must have.
    #[error("`{text}` is not a valid {what}")]
    InvalidName {
        /// What it should be.
        what: &'static str,
        /// What it is.
        text: String,
    },
    /// An event that only the leader of a run may write was offered without its lease.
    #[error("`{kind}` can only be appended by the process that leads run {run}")]
    NeedsLease {
        /// The run.
        run: RunId,
        /// The kind of the event.
        kind: String,
    },
    /// The journal was opened for reading.
    #[error("this journal was opened for reading only")]
    ReadOnly,
    /// A test ended the process here.
    #[error(transparent)]
    Killed(#[from] Killed),
}

/// Why a list of steps cannot go on with a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepListProblem {
    /// There is no step in it.
    #[error("the list is empty")]
    Empty,
    /// A name stands in it twice.
    #[error("step `{0}` stands in the list twice")]
    Duplicate(String),
    /// A step that the run has already begun is unknown to this list.
    #[error("step `{0}` was begun and this list does not know it")]
    Unknown(String),
    /// A step stands before one that the run has already begun, or two of those changed places.
    #[error(
        "step `{found}` stands where the run has already done `{recorded}`; new steps go behind those begun"
    )]
    Moved {
        /// What the journal holds at this place.
        recorded: String,
        /// What the list holds at this place.
        found: String,
    },
}

impl JournalError {
    /// The code of this error; its page is `docs/errors/CODE.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "RB-JRN-001",
            Self::NotAJournal { .. } => "RB-JRN-002",
            Self::Corrupt { .. } | Self::UnreadableEvent { .. } => "RB-JRN-003",
            Self::NewerFormat { .. } => "RB-JRN-004",
            Self::DiskFull { .. } => "RB-JRN-005",
            Self::Busy { .. } => "RB-JRN-006",
            Self::Database { .. } => "RB-JRN-007",
            Self::RunIsLed { .. } => "RB-JRN-008",
            Self::Fenced { .. } => "RB-JRN-009",
            Self::LockFile { .. } => "RB-JRN-010",
            Self::NoSuchRun { .. } => "RB-JRN-011",
            Self::IllegalTransition { .. } => "RB-JRN-012",
            Self::StepList { .. } => "RB-JRN-013",
            Self::InvalidName { .. } => "RB-JRN-014",
            Self::NeedsLease { .. } | Self::ReadOnly => "RB-JRN-015",
            Self::Killed(_) => "RB-JRN-016",
        }
    }

    /// What to do now, in one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open { .. } => "check that the folder exists and that this user may write in it",
            Self::NotAJournal { .. } => "name the project's own folder, or move that file away",
            Self::Corrupt { .. } | Self::UnreadableEvent { .. } => {
                "keep the file, restore the last backup, then run `reberth audit verify`"
            }
            Self::NewerFormat { .. } => "use the newer Reberth that wrote this journal",
            Self::DiskFull { .. } => "free space, then run the same command again",
            Self::Busy { .. } | Self::Database { .. } => "run the same command again",
            Self::RunIsLed { .. } => {
                "wait for that process or end it; `reberth status` reads beside it"
            }
            Self::Fenced { .. } => "leave this process ended; the newer one goes on with the run",
            Self::LockFile { .. } => "check the rights on the folder beside the journal",
            Self::NoSuchRun { .. } => "`reberth status` lists the runs of this project",
            Self::IllegalTransition { .. } => "`reberth status` shows what the run can do now",
            Self::StepList { .. } => {
                "go on with the Reberth that began this run, or cancel it there"
            }
            Self::InvalidName { .. } => "copy the text exactly as Reberth printed it",
            Self::NeedsLease { .. } | Self::ReadOnly => {
                "report this: Reberth asked for the wrong access"
            }
            Self::Killed(_) => "run the same command again",
        }
    }
}

/// How long a writer waits for another one before it gives up.
pub(crate) const BUSY_WAIT_MS: u64 = 10_000;

/// Sorts what SQLite says into the cases that ask for different actions.
pub(crate) fn classify(doing: &'static str) -> impl Fn(rusqlite::Error) -> JournalError {
    use rusqlite::ErrorCode::{
        DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
    };
    move |source| match source.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => JournalError::Corrupt { doing, source },
        Some(DiskFull) => JournalError::DiskFull { doing, source },
        Some(DatabaseBusy | DatabaseLocked) => JournalError::Busy {
            doing,
            waited_ms: BUSY_WAIT_MS,
            source,
        },
        _ => JournalError::Database { doing, source },
    }
}
