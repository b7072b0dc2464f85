//! What every stream is told by, whatever its engine: its direction, and how far it has come.

/// Which way the data flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From source to target.
    Forward,
    /// From target back to source.
    Reverse,
}

impl Direction {
    /// The word in the state tables.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Forward => "forward",
            Direction::Reverse => "reverse",
        }
    }
}

/// How far a stream has come. Stored; a restart goes on in the stored phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Chunks are being copied; no event of the log has been applied.
    Copying,
    /// Everything is copied; events are replayed over it until it is consistent.
    Replaying,
    /// The target is a committed state of the source, with all its indexes, and follows it.
    Following,
    /// The target may hold triggers, so no process streams rows ([`finish`](crate::mysql::finish)).
    Finishing,
}

impl Phase {
    /// The word in the state tables and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Copying => "copying",
            Phase::Replaying => "replaying",
            Phase::Following => "following",
            Phase::Finishing => "finishing",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Phase> {
        [
            Phase::Copying,
            Phase::Replaying,
            Phase::Following,
            Phase::Finishing,
        ]
        .into_iter()
        .find(|phase| phase.word() == word)
    }
}
