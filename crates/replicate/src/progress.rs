//! How far a stream has come, as its process sees it.

use serde::{Deserialize, Serialize};

use crate::position::LogPosition;

/// A snapshot of a running stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// `copying`, `replaying` or `following`; `waiting` for its turn to copy; `paused`; empty before the first step.
    pub phase: String,
    /// Epoch under which this process writes.
    pub epoch: u64,
    /// Chunks in all.
    pub chunks: u64,
    /// Chunks that are on the target.
    pub chunks_done: u64,
    /// Rows copied.
    pub rows_copied: u64,
    /// Bytes copied, as the SQL that carried them.
    pub bytes_copied: u64,
    /// Source transactions applied by this process.
    pub transactions_applied: u64,
    /// Row changes applied by this process.
    pub changes_applied: u64,
    /// The checkpoint on the target.
    pub applied: Option<LogPosition>,
    /// The end of the source's log when it was last asked for.
    pub log_end: Option<LogPosition>,
    /// Bytes of log between the two; `None` while unknown.
    pub lag_bytes: Option<u64>,
    /// How long ago, on this process's own clock, the position now applied was the end of the log.
    pub lag_ms: Option<u64>,
    /// What went wrong last and is being tried again.
    pub retrying: Option<String>,
    /// Times that something was tried again after a passing error.
    pub retries: u64,
    /// Bytes of the source's log that wait in the spool on disk.
    pub spool_bytes: u64,
    /// Why the copy is being slowed for the source's sake; `None` while it is not.
    pub throttle: Option<String>,
}
