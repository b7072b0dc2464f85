//! What an operator wants of a stream, and what the process that runs it last said, whatever the engine.

use crate::progress::Progress;

/// A report that is older than this is that of a process that has ended without a word.
pub const FRESH_MS: u64 = 5_000;

/// A stream that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Since when, by the server's clock in UTC.
    pub since: String,
    /// For how long, in milliseconds.
    pub age_ms: u64,
    /// Who wanted it.
    pub by: String,
}

/// The last word of a process about its stream.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it said.
    pub progress: Progress,
    /// How long ago, in milliseconds.
    pub age_ms: u64,
}

impl Report {
    /// Whether the process still runs, as far as anybody can tell.
    pub fn is_fresh(&self) -> bool {
        self.age_ms < FRESH_MS
    }
}

/// What is known of a stream besides its checkpoint.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// Whether it is held.
    pub pause: Option<Pause>,
    /// Whether the present epoch was raised by a pause, over or not, and by no process since.
    pub is_epoch_of_pause: bool,
    /// What its process said last; `None` after an end in order.
    pub report: Option<Report>,
}

/// A row of the operation table as both engines read it: paused since, for how many ms, by whom; the report, its age in ms; whether the epoch is the
/// pause's.
pub(crate) type Row = (
    Option<String>,
    Option<u64>,
    Option<String>,
    Option<String>,
    Option<u64>,
    Option<bool>,
);

impl Operation {
    /// From its row; nothing, where there is none.
    pub(crate) fn of_row(row: Option<Row>) -> Operation {
        let Some((since, paused_ms, by, report, reported_ms, is_epoch_of_pause)) = row else {
            return Operation::default();
        };
        let pause = since.zip(paused_ms).map(|(since, age_ms)| Pause {
            since,
            age_ms,
            by: by.unwrap_or_default(),
        });
        let progress = report.and_then(|report| serde_json::from_str(&report).ok());
        let report = progress
            .zip(reported_ms)
            .map(|(progress, age_ms)| Report { progress, age_ms });
        Operation {
            pause,
            is_epoch_of_pause: is_epoch_of_pause.unwrap_or_default(),
            report,
        }
    }
}
