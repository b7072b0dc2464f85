//! Writers that never rest, and a ledger of every write that a server acknowledged to them.
//!
//! Each write has a number, which stands in its row. A write whose answer never came may or may not have happened, so both are allowed for it and
//! nothing else is allowed for any other: acknowledged rows stand there once, acknowledged deletes left nothing, counters hold exactly what was
//! acknowledged, and no row has a number that the ledger does not know.

mod compare;
mod session;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

pub use compare::Verdict;
pub use session::Speaks;
pub use writer::{Writers, WritersPlan};

/// What is known of something that may be in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// Acknowledged: it is there.
    Present,
    /// Acknowledged: it is gone.
    Absent,
    /// The answer never came.
    Either,
}

/// A row that a writer made.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) certainty: Certainty,
    /// Number of the enrollment it belongs to, for a submission.
    pub(crate) parent: Option<i64>,
    /// Revisions that may stand in it.
    pub(crate) revisions: Vec<i64>,
}

/// The kinds of row that the ledger follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Enrollment,
    Submission,
    View,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) next: i64,
    pub(crate) rows: BTreeMap<(Kind, i64), Entry>,
    /// Points by learner: acknowledged, and the most there may be.
    pub(crate) points: BTreeMap<u64, (u64, u64)>,
    /// When each acknowledgement came.
    pub(crate) acknowledged_at: Vec<Instant>,
    pub(crate) ambiguous: u64,
    pub(crate) refused: u64,
}

/// The ledger; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    book: Arc<Mutex<Book>>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Ledger {
        Ledger::default()
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        // A writer that panicked has not left the book half written: each change is one assignment or push.
        self.book
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Number of acknowledged writes so far.
    pub fn acknowledged(&self) -> u64 {
        self.book().acknowledged_at.len() as u64
    }

    /// The longest time without an acknowledged write between `from` and now, in milliseconds: the write downtime as the writers saw it.
    pub fn longest_gap_ms(&self, from: Instant) -> u64 {
        let book = self.book();
        let after = book
            .acknowledged_at
            .iter()
            .copied()
            .filter(|at| *at >= from)
            .chain([Instant::now()]);
        let mut last = from;
        let mut longest = 0;
        for at in after {
            longest = longest.max(at.saturating_duration_since(last).as_millis() as u64);
            last = at;
        }
        longest
    }
}
