//! What a long discovery tells while it runs.

/// One thing that happened during a discovery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A list or object was read to its end.
    Read {
        /// Path of the API.
        what: String,
        /// Number of items found there.
        found: usize,
    },
    /// Part of a long series is done.
    Advanced {
        /// What is being read, for example `measurements`.
        what: &'static str,
        /// How many are done.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// The provider asked for patience.
    Waiting {
        /// How long, in seconds.
        seconds: u64,
    },
    /// The processes that run now were looked at once more.
    Looked {
        /// How often, with what earlier watches did.
        looks: u64,
        /// Jobs seen so far.
        jobs: usize,
    },
    /// A look at the processes that run now found some applications silent.
    LookedInPart {
        /// What did not answer, each with the reason.
        missing: Vec<String>,
    },
    /// A request failed in a way that passes; it is asked again.
    Retrying {
        /// Path of the API.
        what: String,
        /// What went wrong.
        why: String,
    },
}

/// Where progress is told; called from wherever the work happens, so it must be cheap and must not block.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);
