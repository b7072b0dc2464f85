//! Keeps requests apart where the provider counts them.

use reqwest::header::HeaderMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Below this many remaining requests of the hour, requests are spread as the hourly limit refills.
const REMAINING_LOW: u64 = 50;
/// 5,000 requests an hour, where the provider says nothing else.
const REFILL_INTERVAL: Duration = Duration::from_millis(720);
/// The longest wait a provider may ask for: its hour and a little more.
const WAIT_MAX: Duration = Duration::from_secs(3_660);

/// Hands out the moments at which requests may leave.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    refill: Duration,
    is_low: AtomicBool,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Pace {
        Pace {
            interval,
            refill: REFILL_INTERVAL,
            is_low: AtomicBool::new(false),
            next: Mutex::new(None),
        }
    }

    pub(super) fn with_refill(mut self, refill: Duration) -> Pace {
        self.refill = refill;
        self
    }

    /// Waits for the next free moment.
    pub(super) async fn turn(&self) {
        let interval = if self.is_low.load(Ordering::Relaxed) {
            self.interval.max(self.refill)
        } else {
            self.interval
        };
        if interval.is_zero() {
            return;
        }
        let moment = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let moment = next.map_or(now, |planned| planned.max(now));
            *next = Some(moment + interval);
            moment
        };
        sleep_until(moment).await;
    }

    /// Takes note of what an answer says about the hourly limit.
    pub(super) fn observe(&self, headers: &HeaderMap) {
        if let Some(remaining) = number(headers, "ratelimit-remaining") {
            self.is_low
                .store(remaining < REMAINING_LOW, Ordering::Relaxed);
        }
    }
}

/// How long a 429 asks to wait: `retry-after` for the limit of a minute, else the reset of the hourly one.
pub(super) fn wait_asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = number(headers, "retry-after").or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let reset = number(headers, "ratelimit-reset")?;
        Some(reset.saturating_sub(now.as_secs()).max(1))
    })?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_wait_is_what_the_provider_asks_for_within_bounds() {
        let seconds = |pairs: &[(&'static str, &'static str)]| {
            wait_asked(&headers(pairs)).map(|wait| wait.as_secs())
        };
        assert_eq!(
            seconds(&[("retry-after", "57"), ("ratelimit-reset", "1")]),
            Some(57)
        );
        assert_eq!(
            seconds(&[("ratelimit-reset", "1")]),
            Some(1),
            "the reset is long past"
        );
        assert_eq!(seconds(&[("ratelimit-reset", "99999999999")]), Some(3_660));
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
        assert_eq!(seconds(&[]), None);
    }
}
