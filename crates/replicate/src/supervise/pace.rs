//! How fast a copy goes, and how long it will still take if it goes on like this.
//!
//! The source's sizes are estimates in its own unit (bytes of pages), rows pass in another. So what is left is not told by dividing the one by the
//! other, but by how much of each table's estimate its finished chunks stand for, and how that grew in the last half minute.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::progress::{Progress, TableProgress};

/// How far back a rate looks.
const WINDOW: Duration = Duration::from_secs(30);

/// What the copy had done at a moment.
#[derive(Clone, Debug)]
struct Look {
    at: Instant,
    rows: u64,
    bytes: u64,
    tables: BTreeMap<String, TableProgress>,
}

#[derive(Debug, Default)]
pub(super) struct Pace {
    looks: VecDeque<Look>,
    reported: Option<Instant>,
    /// Rows and bytes on their way, as the process itself counts them.
    passed: (u64, u64),
}

impl Pace {
    /// Whether so much time has passed since this was last answered with yes.
    pub(super) fn is_due(&mut self, interval: Duration) -> bool {
        let is_due = self.reported.is_none_or(|at| at.elapsed() >= interval);
        if is_due {
            self.reported = Some(Instant::now());
        }
        is_due
    }

    /// Takes what stands on the target of each table.
    pub(super) fn look(&mut self, tables: BTreeMap<String, TableProgress>) {
        let (rows, bytes) = self.passed;
        self.take(Look {
            at: Instant::now(),
            rows,
            bytes,
            tables,
        });
    }

    fn take(&mut self, look: Look) {
        let oldest = look.at.checked_sub(WINDOW);
        self.looks.push_back(look);
        while self.looks.len() > 2
            && self
                .looks
                .front()
                .is_some_and(|look| Some(look.at) < oldest)
        {
            self.looks.pop_front();
        }
    }

    /// The progress with totals, rates and what is left.
    pub(super) fn complete(&mut self, mut progress: Progress) -> Progress {
        self.passed = (progress.rows_copied, progress.bytes_copied);
        let (Some(first), Some(last)) = (self.looks.front(), self.looks.back()) else {
            return progress;
        };
        progress.rows_total = last.tables.values().map(|table| table.rows_total).sum();
        progress.bytes_total = last.tables.values().map(|table| table.bytes_total).sum();
        if progress.phase != "copying" {
            return progress;
        }
        let seconds = last.at.duration_since(first.at).as_secs_f64();
        let per_s = |before: u64, after: u64| rate(before, after, seconds);
        progress.rows_per_s = per_s(first.rows, last.rows);
        progress.bytes_per_s = per_s(first.bytes, last.bytes);
        progress.left_s = left_s(
            estimated_done(&first.tables),
            estimated_done(&last.tables),
            progress.bytes_total as f64,
            seconds,
        );
        let under_way = last
            .tables
            .iter()
            .filter(|(_, table)| table.chunks_done < table.chunks);
        progress.tables = under_way
            .filter_map(|(name, table)| {
                let before = first.tables.get(name).filter(|before| {
                    before.chunks_done < table.chunks_done || table.chunks_done > 0
                })?;
                let mut table = table.clone();
                table.rows_per_s = per_s(before.rows, table.rows);
                table.left_s = left_s(
                    done(before),
                    done(&table),
                    table.bytes_total as f64,
                    seconds,
                );
                Some((name.clone(), table))
            })
            .collect();
        progress
    }
}

fn rate(before: u64, after: u64, seconds: f64) -> Option<u64> {
    (seconds > 0.0).then(|| (after.saturating_sub(before) as f64 / seconds) as u64)
}

/// Bytes of the estimate that a table's finished chunks stand for.
fn done(table: &TableProgress) -> f64 {
    table.bytes_total as f64 * table.chunks_done as f64 / table.chunks.max(1) as f64
}

fn estimated_done(tables: &BTreeMap<String, TableProgress>) -> f64 {
    tables.values().map(done).sum()
}

fn left_s(before: f64, after: f64, total: f64, seconds: f64) -> Option<u64> {
    let per_s = (after - before) / seconds;
    (per_s.is_finite() && per_s > 0.0).then(|| ((total - after).max(0.0) / per_s).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: Instant, rows: u64, done: [u64; 2]) -> Look {
        let table = |chunks_done, bytes_total| TableProgress {
            chunks: 10,
            chunks_done,
            rows: chunks_done * 100,
            bytes_total,
            rows_total: 1_000,
            ..TableProgress::default()
        };
        let tables = [
            ("big", table(done[0], 9_000)),
            ("small", table(done[1], 1_000)),
        ];
        Look {
            at,
            rows,
            bytes: rows * 50,
            tables: tables.map(|(name, table)| (name.to_owned(), table)).into(),
        }
    }

    #[test]
    fn what_is_left_follows_the_weight_of_finished_chunks() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let copying = || Progress {
            phase: "copying".to_owned(),
            ..Progress::default()
        };
        assert_eq!(pace.complete(copying()).left_s, None);
        pace.take(look(start, 0, [0, 0]));
        assert_eq!(pace.complete(copying()).left_s, None);
        pace.take(look(start + Duration::from_secs(10), 300, [2, 10]));
        let progress = pace.complete(copying());
        // 2 800 of 10 000 bytes in ten seconds.
        assert_eq!(progress.left_s, Some(26));
        assert_eq!(
            (progress.rows_per_s, progress.bytes_per_s),
            (Some(30), Some(1_500))
        );
        assert_eq!(progress.tables.keys().collect::<Vec<_>>(), ["big"]);
        assert_eq!(progress.tables["big"].left_s, Some(40));
        let following = Progress {
            phase: "following".to_owned(),
            ..Progress::default()
        };
        assert_eq!(pace.complete(following).left_s, None);
    }

    #[test]
    fn only_the_last_half_minute_counts() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for second in 0..100 {
            pace.take(look(start + Duration::from_secs(second), second, [0, 0]));
        }
        let first = pace.looks.front().unwrap().at.duration_since(start);
        assert_eq!(first, Duration::from_secs(69));
    }
}
