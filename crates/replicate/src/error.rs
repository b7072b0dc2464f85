//! What can go wrong while data is moved, and what to do about it.

mod advice;

use crate::cause::Cause;
use crate::position::LogPosition;

/// An error of replication. [`ReplicateError::code`] names its page; [`ReplicateError::may_retry`] tells whether the
/// same command may simply be tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicateError {
    /// A connection reference does not say where to connect.
    #[error("the {role} connection is not usable: {reason}")]
    Address {
        /// Which reference.
        role: String,
        /// What is wrong; never the address itself, which holds a password.
        reason: String,
    },
    /// A server could not be reached or broke off. Passing.
    #[error("lost the {side} server at {host} while {doing}")]
    Unreachable {
        /// `source` or `target`.
        side: &'static str,
        /// Host and port.
        host: String,
        /// What was being done.
        doing: String,
        /// Why.
        #[source]
        source: Option<Box<Cause>>,
    },
    /// The server knows us but says no.
    #[error("the {side} server at {host} refused {doing}")]
    Refused {
        /// `source` or `target`.
        side: &'static str,
        /// Host and port.
        host: String,
        /// What was being done.
        doing: String,
        /// The server's words.
        #[source]
        source: Box<Cause>,
    },
    /// The server has no room left on its disk for what was asked.
    #[error("the {side} server at {host} has no room left on its disk for {doing}")]
    DiskFull {
        /// `source` or `target`.
        side: &'static str,
        /// Host and port.
        host: String,
        /// What was being done.
        doing: String,
        /// The server's words.
        #[source]
        source: Box<Cause>,
    },
    /// Preflight found blockers.
    #[error("preflight found {} blocker(s): {}", .0.len(), .0.join("; "))]
    Blocked(Vec<String>),
    /// The target holds tables that Reberth did not make.
    #[error("the target database {database} is not empty: {tables}")]
    TargetNotEmpty {
        /// The database.
        database: String,
        /// Some of the tables.
        tables: String,
    },
    /// The source is not the server that the checkpoint belongs to.
    #[error(
        "the source is another server than the one the checkpoint at {position} belongs to: expected {expected}, found {found}"
    )]
    SourceChanged {
        /// The checkpoint.
        position: LogPosition,
        /// Identity in the checkpoint.
        expected: String,
        /// Identity now.
        found: String,
    },
    /// The source is another server now, and its history is not the one that was applied.
    #[error("the source is now {found}, which cannot be followed: {transaction} {reason}")]
    SourceDiverged {
        /// Identity of the server found.
        found: String,
        /// The transaction in which the two differ.
        transaction: String,
        /// How.
        reason: String,
    },
    /// The source no longer has the log that the target needs next.
    #[error("the source has purged its log before {position}, which the target needs next")]
    LogPurged {
        /// What is needed next.
        position: LogPosition,
    },
    /// A change of the schema stands in the log that is not carried over.
    #[error(
        "a schema change stands in the log at {position} and is not carried over: {statement} ({reason})"
    )]
    SchemaChanged {
        /// Where the statement begins.
        position: LogPosition,
        /// Its first words.
        statement: String,
        /// Why it is not carried over.
        reason: String,
    },
    /// A change logged as a statement: it cannot be applied exactly.
    #[error(
        "a change stands in the source's log as a statement instead of rows, at {position}: {statement}"
    )]
    StatementLogged {
        /// Where.
        position: LogPosition,
        /// Its first words.
        statement: String,
    },
    /// The log holds something that this build cannot read.
    #[error("the source's log cannot be followed past {position}: {reason}")]
    LogUnreadable {
        /// Where.
        position: LogPosition,
        /// Why.
        reason: String,
    },
    /// A newer process has taken over this stream.
    #[error("another Reberth has taken over this stream (ours was epoch {epoch})")]
    Superseded {
        /// The epoch that ended.
        epoch: u64,
    },
    /// The target did not hold what the log says it must hold.
    #[error(
        "the target differs from what the source's log says of table {table} at {position}: {detail}"
    )]
    Diverged {
        /// The table.
        table: String,
        /// Where in the log.
        position: LogPosition,
        /// What was expected and found.
        detail: String,
    },
    /// A table cannot be carried.
    #[error("table {table} cannot be carried: {reason}")]
    TableUnsupported {
        /// The table.
        table: String,
        /// Why.
        reason: String,
    },
    /// There is no stream of that name on the target.
    #[error("no replication of {database} has been started on the target")]
    NotStarted {
        /// The database.
        database: String,
    },
    /// The target gets its triggers: no row may stream in.
    #[error("the stream of {database} is being finished")]
    Finishing {
        /// The database.
        database: String,
    },
    /// The application had not stopped writing.
    #[error(
        "the source is still written to: {changes} change(s) stand in its log behind {position}, up to which all was applied"
    )]
    SourceStillWritten {
        /// How many.
        changes: u64,
        /// Up to where all was applied.
        position: LogPosition,
    },
    /// What was copied in a window without writes is not what stands at the source.
    #[error(
        "{differences} row(s) or table(s) differ, the first in {}: somebody wrote to the source after the window without writes began, or to the target",
        first.join(", ")
    )]
    WindowBroken {
        /// How many.
        differences: u64,
        /// The first tables, with what differs where it is not rows.
        first: Vec<String>,
    },
    /// The window without writes is none: somebody is about to commit.
    #[error("transactions that change the source are still open: {}", writers.join(", "))]
    WindowWritten {
        /// Some of what is changed, each with who changes it.
        writers: Vec<String>,
    },
    /// Another process begins the stream, and does not come to an end.
    #[error("the stream of {database} could not be begun within {limit_s} s: {holder} begins it")]
    TurnNotHad {
        /// The database.
        database: String,
        /// Whose turn it is.
        holder: String,
        /// How long was waited, in seconds.
        limit_s: u64,
    },
    /// A connection pooler answers in the server's place.
    #[error(
        "the {side} at {host} answers through a connection pooler, on which no stream can stand"
    )]
    Pooler {
        /// `source` or `target`.
        side: &'static str,
        /// Host and port.
        host: String,
    },
    /// The spool on our own disk cannot be used.
    #[error("the spool {path} cannot be used: {reason}")]
    Spool {
        /// The file or folder.
        path: String,
        /// Why.
        reason: String,
        /// A new start cuts it back to what is whole, and goes on in the source's log.
        is_passing: bool,
    },
    /// A transaction that the source sends in progress cannot be kept on our side. Passing: from the next try on, the source keeps it until it commits.
    #[error("a large transaction in progress cannot be kept here: {reason}")]
    Unkept {
        /// Why.
        reason: String,
    },
    /// `pg_dump` did not tell the schema.
    #[error("the schema of the database cannot be read: {reason}")]
    SchemaUnread {
        /// What the program said, or why it could not be run.
        reason: String,
    },
    /// A part of the schema cannot be made on the target, and the move cannot do without it.
    #[error("{item} cannot be made on the target: {reason}")]
    SchemaItem {
        /// What it is, and its name.
        item: String,
        /// Why.
        reason: String,
        /// The server's words, if it has any.
        #[source]
        source: Option<Box<Cause>>,
    },
    /// A table could not be locked for the moment that a change of it takes.
    #[error("{table} was in use by {holders} whenever it was tried: {doing}")]
    TableBusy {
        /// The table.
        table: String,
        /// What was being done.
        doing: String,
        /// Who holds it.
        holders: String,
    },
    /// Changes of the source were not captured, or can no longer be told.
    #[error("the source's changes are not captured any more: {reason}")]
    CaptureLost {
        /// Why.
        reason: String,
    },
    /// What a verification was built on is gone, so nobody can say what has changed since.
    #[error("what changed since the verification cannot be told any more: {reason}")]
    BaseLost {
        /// Why.
        reason: String,
    },
    /// The source's schema changed while it was followed by capture.
    #[error("the source's schema changed while it was followed: {changes}")]
    CatalogueChanged {
        /// What changed.
        changes: String,
    },
    /// A server did not answer in time. Passing.
    #[error("the {side} server at {host} did not answer within {limit_s} s while {doing}")]
    Silent {
        /// `source` or `target`.
        side: &'static str,
        /// Host and port.
        host: String,
        /// What was being done.
        doing: String,
        /// The limit in seconds.
        limit_s: u64,
    },
}

impl ReplicateError {
    /// The code that a server of the MySQL family gave, whether what it says passes or not.
    pub fn mysql_code(&self) -> Option<u16> {
        match self {
            ReplicateError::Refused { source, .. } | ReplicateError::DiskFull { source, .. } => {
                source.mysql_code()
            }
            ReplicateError::Unreachable { source, .. } => source.as_ref()?.mysql_code(),
            _ => None,
        }
    }

    /// The code, which is also the name of the page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            ReplicateError::Address { .. } => "RB-REP-001",
            ReplicateError::Unreachable { .. } => "RB-REP-002",
            ReplicateError::Refused { .. } => "RB-REP-003",
            ReplicateError::Blocked(_) => "RB-REP-004",
            ReplicateError::TargetNotEmpty { .. } => "RB-REP-005",
            ReplicateError::SourceChanged { .. } => "RB-REP-006",
            ReplicateError::LogPurged { .. } => "RB-REP-007",
            ReplicateError::SchemaChanged { .. } => "RB-REP-008",
            ReplicateError::StatementLogged { .. } => "RB-REP-009",
            ReplicateError::LogUnreadable { .. } => "RB-REP-010",
            ReplicateError::Superseded { .. } => "RB-REP-011",
            ReplicateError::Diverged { .. } => "RB-REP-012",
            ReplicateError::TableUnsupported { .. } => "RB-REP-013",
            ReplicateError::NotStarted { .. } => "RB-REP-014",
            ReplicateError::Silent { .. } => "RB-REP-015",
            ReplicateError::SourceDiverged { .. } => "RB-REP-016",
            ReplicateError::Spool { .. } => "RB-REP-017",
            ReplicateError::Finishing { .. } => "RB-REP-018",
            ReplicateError::SourceStillWritten { .. } => "RB-REP-019",
            ReplicateError::SchemaUnread { .. } => "RB-REP-020",
            ReplicateError::SchemaItem { .. } => "RB-REP-021",
            ReplicateError::TableBusy { .. } => "RB-REP-022",
            ReplicateError::CaptureLost { .. } => "RB-REP-023",
            ReplicateError::CatalogueChanged { .. } => "RB-REP-024",
            ReplicateError::Pooler { .. } => "RB-REP-025",
            ReplicateError::BaseLost { .. } => "RB-REP-026",
            ReplicateError::DiskFull { .. } => "RB-REP-027",
            ReplicateError::WindowBroken { .. } => "RB-REP-028",
            ReplicateError::WindowWritten { .. } => "RB-REP-029",
            ReplicateError::TurnNotHad { .. } => "RB-REP-030",
            ReplicateError::Unkept { .. } => "RB-REP-031",
        }
    }

    /// The same error, unless it says that a row to be inserted stands there already: then the target has diverged.
    pub(crate) fn or_diverged(self, table: &str, position: &LogPosition) -> ReplicateError {
        match self {
            ReplicateError::Refused { source, .. } if source.mysql_code() == Some(1062) => {
                ReplicateError::Diverged {
                    table: table.to_owned(),
                    position: position.clone(),
                    detail: source.to_string(),
                }
            }
            error => error,
        }
    }

    /// Whether time alone may heal it, so that the pipeline itself tries again.
    pub fn may_retry(&self) -> bool {
        matches!(
            self,
            ReplicateError::Unreachable { .. }
                | ReplicateError::Silent { .. }
                | ReplicateError::Unkept { .. }
                | ReplicateError::Spool {
                    is_passing: true,
                    ..
                }
        )
    }
}
