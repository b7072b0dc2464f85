//! How long a failing request is asked again.

use std::time::Duration;

use super::attempt::Fault;
use crate::{DiscoverError, OnProgress, Progress};

/// The bounds of every retry and wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts at one request that fails or answers with something unreadable.
    pub attempts_max: u32,
    /// Attempts at a host that does not accept connections.
    pub connect_attempts_max: u32,
    /// Refusals of one request by a rate limit.
    pub rate_limit_answers_max: u32,
    /// Time one request waits for rate limits in all; the hourly limit frees itself within an hour.
    pub rate_limit_wait_max: Duration,
    /// First pause after a failure; each further one is twice as long.
    pub backoff_first: Duration,
    /// Longest pause after a failure.
    pub backoff_max: Duration,
    /// Time for one request from sending it to the last byte of its answer.
    pub request_timeout: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            attempts_max: 12,
            connect_attempts_max: 8,
            rate_limit_answers_max: 90,
            rate_limit_wait_max: Duration::from_secs(65 * 60),
            backoff_first: Duration::from_millis(10),
            backoff_max: Duration::from_secs(5),
            request_timeout: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// A fresh budget for the request of `path` at `url`.
    pub(super) fn budget<'a>(&'a self, path: &'a str, url: &'a str) -> Budget<'a> {
        Budget {
            patience: self,
            attempts_max: self.attempts_max,
            path,
            url,
            failures: 0,
            refusals: 0,
            waited: Duration::ZERO,
        }
    }
}

/// What is left of the patience for one request.
pub(super) struct Budget<'a> {
    patience: &'a Patience,
    attempts_max: u32,
    path: &'a str,
    url: &'a str,
    failures: u32,
    refusals: u32,
    waited: Duration,
}

impl Budget<'_> {
    /// Lowers the attempts of failures that are not those of a connection.
    pub(super) fn limit_attempts(&mut self, attempts_max: u32) {
        self.attempts_max = self.attempts_max.min(attempts_max);
    }

    /// Counts a failure: how long to wait before the next attempt, or the error when patience ends.
    pub(super) fn spend_failure(
        &mut self,
        fault: Fault,
        progress: OnProgress<'_>,
    ) -> Result<Duration, DiscoverError> {
        self.failures += 1;
        let attempts_max = match fault {
            Fault::Connect(_) => self.patience.connect_attempts_max,
            _ => self.attempts_max,
        };
        if self.failures >= attempts_max {
            return Err(fault.into_error(self.path, self.url, self.failures));
        }
        progress(Progress::Retrying {
            what: self.path.to_owned(),
            why: fault.to_string(),
        });
        let doublings = (self.failures - 1).min(20);
        let pause = self.patience.backoff_first.saturating_mul(1 << doublings);
        Ok(pause.min(self.patience.backoff_max))
    }

    /// Counts a refusal by a rate limit, with the wait the provider asks for: how long to wait, or the error.
    pub(super) fn spend_refusal(
        &mut self,
        asked: Option<Duration>,
        progress: OnProgress<'_>,
    ) -> Result<Duration, DiscoverError> {
        self.refusals += 1;
        let wait = asked.unwrap_or(self.patience.backoff_max);
        let is_over = self.refusals >= self.patience.rate_limit_answers_max
            || self.waited + wait > self.patience.rate_limit_wait_max;
        if is_over {
            return Err(DiscoverError::RateLimited {
                what: self.path.to_owned(),
                answers: self.refusals,
                waited_seconds: self.waited.as_secs(),
                next_wait_seconds: wait.as_secs(),
            });
        }
        self.waited += wait;
        progress(Progress::Waiting {
            seconds: wait.as_secs(),
        });
        Ok(wait)
    }
}
