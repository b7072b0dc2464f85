//! How long ago the position now applied was the end of the source's log, on this process's own clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::position::LogPosition;
use crate::progress::Progress;

/// How often the end of the source's log is asked for.
pub(crate) const LAG_INTERVAL: Duration = Duration::from_millis(100);
/// An answer that takes longer says nothing about now.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Wait before a broken connection is made again.
pub(crate) const RECONNECT_WAIT: Duration = Duration::from_secs(1);
/// Ends beyond this number are thinned out: a stream that is far behind needs no finer answer.
const ENDS_MOST: usize = 6_000;

/// The ends of the log that were seen and are not applied yet.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    seen: VecDeque<(Instant, LogPosition)>,
    /// Until the checkpoint has passed an end that was seen from here, nobody knows how long ago it was the end itself.
    is_known: bool,
}

impl Ends {
    /// Notes the present end of the log, and tells how far behind it the checkpoint is. `files`: the log's files with their sizes, if there are several
    /// between the two.
    pub(crate) fn look(
        &mut self,
        progress: &mut Progress,
        end: LogPosition,
        files: &[(String, u64)],
    ) {
        self.seen.push_back((Instant::now(), end.clone()));
        if let Some(applied) = &progress.applied {
            while self.seen.front().is_some_and(|(_, end)| end <= applied) {
                self.seen.pop_front();
                self.is_known = true;
            }
            let oldest = self.seen.front();
            let lag_ms = oldest.map_or(0, |(since, _)| since.elapsed().as_millis() as u64);
            progress.lag_ms = self.is_known.then_some(lag_ms);
            progress.lag_bytes = applied.bytes_until(&end, files);
            progress.log_end = Some(end);
        }
        if self.seen.len() > ENDS_MOST {
            let mut keep = false;
            self.seen.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }
}
