//! Where the journal takes the time from, and how it writes it down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock that dates events. Dates are for people: no decision is ever taken from them.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The wall clock of this host.
    System,
    /// A clock for tests: each reading is one second after the one before.
    Stepping(Arc<AtomicU64>),
}

impl Clock {
    /// A stepping clock whose first reading is `start_ms` after 1970-01-01T00:00:00Z.
    pub fn stepping(start_ms: u64) -> Self {
        Self::Stepping(Arc::new(AtomicU64::new(start_ms)))
    }

    /// The present moment as RFC 3339 text in UTC with milliseconds, such as `2026-03-01T09:30:00.250Z`.
    pub fn now(&self) -> String {
        rfc3339(self.now_ms())
    }

    fn now_ms(&self) -> u64 {
        match self {
            // A host whose clock stands before 1970 gets the epoch as its date; the order of events is `seq`.
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |elapsed| {
                    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
                }),
            Self::Stepping(next_ms) => next_ms.fetch_add(1000, Ordering::SeqCst),
        }
    }
}

fn rfc3339(since_epoch_ms: u64) -> String {
    let seconds = since_epoch_ms / 1000;
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let ms = since_epoch_ms % 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the
/// last day of a year and every month's start follows from one linear formula.
fn civil_date(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + 719_468; // from 0000-03-01
    let era = days / 146_097; // 400 years
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days_and_year_ends() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_767_225_599_001, "2025-12-31T23:59:59.001Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (ms, expected) in cases {
            assert_eq!(rfc3339(ms), expected);
        }
    }
}
