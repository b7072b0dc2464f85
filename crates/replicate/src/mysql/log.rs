//! The source's log, read as row changes in commit order.
//!
//! What comes out is whole transactions: their changes in order, then the position after their commit. What cannot be
//! carried exactly (changes logged as statements, incidents) comes out as an error at its position, after
//! everything before it. Transactions that bear the mark of a Reberth applier (a change in the schema `reberth`) are
//! dropped whole, so that nothing loops between the two directions (rule 32); the mark is always the first change of such a transaction.

mod compressed;
mod decode;
pub(crate) mod event;
pub(crate) mod executed;
pub(crate) mod jsonb;
mod live;
mod raw;
mod reader;
mod statement;
pub(crate) mod table;
pub(crate) mod visible;

use serde::{Deserialize, Serialize};

use crate::mysql::ddl::LoggedStatement;
use crate::mysql::gtid::Gtid;
use crate::mysql::row::Image;
use crate::mysql::value::Datum;
use crate::position::LogPosition;

pub(crate) use raw::RawLog;
pub(crate) use reader::LogOwner;
pub use reader::LogReader;

/// The schema of Reberth's own tables on either server.
pub const OWN_SCHEMA: &str = "reberth";

/// One row change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowChange {
    /// The table's name.
    pub table: String,
    /// The row before; `None` for an insert.
    pub before: Option<Image>,
    /// The row after; `None` for a delete.
    pub after: Option<Image>,
    /// What the foreign keys did to child rows is not in the log (rule 9).
    pub has_silent_cascades: bool,
}

impl RowChange {
    /// Roughly the bytes it holds in memory.
    pub fn bytes(&self) -> usize {
        let images = [&self.before, &self.after].into_iter().flatten();
        images.flatten().map(Datum::bytes).sum()
    }
}

/// What the log says next.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEntry {
    /// Changes of the open transaction, in order.
    Changes {
        /// Where the transaction begins.
        start: LogPosition,
        /// Its next changes.
        changes: Vec<RowChange>,
    },
    /// All rows of a table go, as one step of its own.
    Truncate {
        /// Where the statement begins.
        start: LogPosition,
        /// The table's name.
        table: String,
    },
    /// Changes of the open transaction, in order, which takes effect under a name when that is decided.
    PreparedPart {
        /// The transaction's name.
        xid: String,
        /// Its next changes, which nobody may see yet.
        changes: Vec<RowChange>,
    },
    /// A transaction was prepared and waits for its decision.
    Prepared {
        /// The transaction's name.
        xid: String,
        /// Its last changes, which nobody may see yet.
        changes: Vec<RowChange>,
        /// Position after it.
        end: LogPosition,
    },
    /// A prepared transaction was decided.
    Decided {
        /// The transaction's name.
        xid: String,
        /// Whether it was committed.
        committed: bool,
        /// Position after the decision.
        end: LogPosition,
    },
    /// The name of the transaction that the next entry completes, where the server gives names.
    Executed {
        /// The name.
        gtid: Gtid,
    },
    /// A statement that changes the schema, or may do so. It is the last entry that the reader can read with the schema it has: whoever
    /// carries it over opens the log again with the schema after it.
    SchemaChange(Box<LoggedStatement>),
    /// The open transaction is complete. Also sent, without changes before it, when the log moved on without a change
    /// in scope.
    Commit {
        /// Position after it.
        end: LogPosition,
    },
}

impl LogEntry {
    /// Roughly the bytes it holds in memory.
    pub fn bytes(&self) -> usize {
        match self {
            LogEntry::Changes { changes, .. }
            | LogEntry::PreparedPart { changes, .. }
            | LogEntry::Prepared { changes, .. } => changes.iter().map(RowChange::bytes).sum(),
            LogEntry::Truncate { .. }
            | LogEntry::Executed { .. }
            | LogEntry::Decided { .. }
            | LogEntry::SchemaChange(_)
            | LogEntry::Commit { .. } => 0,
        }
    }
}
