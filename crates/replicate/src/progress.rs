//! How far a stream has come, as its process sees it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::position::LogPosition;

/// A snapshot of a running stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// `copying`, `replaying` or `following`; `waiting` for its turn to copy; in a window without writes `completing` and `copied` in place of the last two; `paused`; empty before the first step.
    pub phase: String,
    /// Epoch under which this process writes.
    pub epoch: u64,
    /// Chunks in all.
    pub chunks: u64,
    /// Chunks that are on the target.
    pub chunks_done: u64,
    /// Rows copied.
    pub rows_copied: u64,
    /// Bytes copied, as they passed through this process.
    pub bytes_copied: u64,
    /// Rows in all, by the source's own estimate.
    pub rows_total: u64,
    /// Bytes in all, by the source's own estimate of what its tables hold.
    pub bytes_total: u64,
    /// Rows copied in a second, lately; `None` while unknown.
    pub rows_per_s: Option<u64>,
    /// Bytes copied in a second, lately; `None` while unknown.
    pub bytes_per_s: Option<u64>,
    /// Seconds until the copy ends, if it goes on as lately; `None` while unknown.
    pub left_s: Option<u64>,
    /// The tables that are being copied.
    pub tables: BTreeMap<String, TableProgress>,
    /// Whom it waits for while it is `waiting`; `None`: for its turn to copy.
    pub waits_for: Option<String>,
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
    /// Why nothing more is read into the spool, before it was needed no longer.
    pub spool_warning: Option<String>,
    /// Why the copy is being slowed for the source's sake; `None` while it is not.
    pub throttle: Option<String>,
    /// Bytes that the source keeps for the stream: log behind a slot, or noted keys; `None` while unknown, or where the engine has nothing of the kind.
    pub kept_bytes: Option<u64>,
    /// The size at which the source lets go of them; `None`: it sets no limit.
    pub kept_bytes_most: Option<u64>,
    /// What the source's operator should know of that before it is too late.
    pub source_warning: Option<String>,
}

/// How far the copy of one table has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableProgress {
    /// Chunks in all.
    pub chunks: u64,
    /// Chunks that are on the target.
    pub chunks_done: u64,
    /// Rows on the target.
    pub rows: u64,
    /// Their bytes, as they passed through.
    pub bytes: u64,
    /// Rows in all, by the source's own estimate.
    pub rows_total: u64,
    /// Bytes in all, by the source's own estimate.
    pub bytes_total: u64,
    /// Rows in a second, lately; `None` while unknown.
    pub rows_per_s: Option<u64>,
    /// Seconds until the table is copied, if it goes on as lately; `None` while unknown.
    pub left_s: Option<u64>,
}

impl Progress {
    /// `following`, or `catching up` when more than a second of the source's changes is still to come; `None` before the copy is replayed.
    pub fn gear(&self) -> Option<&'static str> {
        match (self.phase.as_str(), self.lag_ms) {
            ("following", Some(lag_ms)) if lag_ms < CAUGHT_UP_MS => Some("following"),
            ("following" | "replaying", _) => Some("catching up"),
            _ => None,
        }
    }

    /// Whether the target is consistent and less than [`CAUGHT_UP_MS`] behind the end of the log, which was asked for after the copy.
    pub fn is_caught_up(&self) -> bool {
        self.gear() == Some("following")
    }
}

/// Less behind than this counts as caught up.
pub const CAUGHT_UP_MS: u64 = 1_000;
