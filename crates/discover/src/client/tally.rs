//! How much was asked of an API.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much was asked of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that were sent, those that failed among them.
    pub requests: u64,
    /// Requests of which the provider said that the answer is the one kept.
    pub unchanged: u64,
    /// Answers that were taken without asking.
    pub taken: u64,
    /// Paths that stayed broken however often they were asked for.
    pub broken: u64,
}

/// The same while it grows.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: AtomicU64,
    pub(super) unchanged: AtomicU64,
    pub(super) taken: AtomicU64,
    pub(super) broken: AtomicU64,
}

impl Counts {
    pub(super) fn tally(&self) -> Tally {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            requests: read(&self.requests),
            unchanged: read(&self.unchanged),
            taken: read(&self.taken),
            broken: read(&self.broken),
        }
    }
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
