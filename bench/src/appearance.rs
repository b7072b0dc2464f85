//! How long after its commit on the source a transaction can be read on the target.
//!
//! Each writer numbers its transactions and writes the number into its own row of `marker`, so the target's rows of `marker` tell which of them have
//! arrived.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// A committed transaction: its writer, its number, and when it was committed.
pub(crate) type Committed = (u64, u64, Instant);

/// The transactions of some writers that the target does not show yet, and the times that the others took.
pub(crate) struct Appearances {
    told: mpsc::UnboundedReceiver<Committed>,
    waiting: Vec<VecDeque<(u64, Instant)>>,
    lags: Vec<Duration>,
}

impl Appearances {
    /// Of what the writers 1 to `writers` tell.
    pub(crate) fn of(writers: u64, told: mpsc::UnboundedReceiver<Committed>) -> Appearances {
        Appearances {
            told,
            waiting: vec![VecDeque::new(); writers as usize + 1],
            lags: Vec::new(),
        }
    }

    /// Takes in what was committed. Whether all writers have ended and the target has shown everything.
    pub(crate) fn are_over(&mut self) -> bool {
        while let Ok((writer, number, at)) = self.told.try_recv() {
            self.waiting[writer as usize].push_back((number, at));
        }
        self.told.is_closed() && self.told.is_empty() && self.waiting.iter().all(VecDeque::is_empty)
    }

    /// Takes in what the target has just shown: each writer's number.
    pub(crate) fn look(&mut self, marks: Vec<(usize, u64)>) {
        let now = Instant::now();
        for (writer, mark) in marks {
            let waiting = &mut self.waiting[writer];
            while waiting.front().is_some_and(|(number, _)| *number <= mark) {
                self.lags
                    .extend(waiting.pop_front().map(|(_, at)| now - at));
            }
        }
    }

    /// The times, at the end.
    pub(crate) fn lags(mut self) -> Lags {
        self.lags.sort();
        Lags(self.lags)
    }
}

/// Times in order.
pub(crate) struct Lags(Vec<Duration>);

impl Lags {
    /// So many transactions.
    pub(crate) fn transactions(&self) -> u64 {
        self.0.len() as u64
    }

    /// What this part of all, in percent, did not exceed; milliseconds.
    pub(crate) fn at_ms(&self, percent: usize) -> f64 {
        let lag = self.0.get(self.0.len().saturating_sub(1) * percent / 100);
        lag.map_or(0.0, |lag| lag.as_secs_f64() * 1000.0)
    }
}
