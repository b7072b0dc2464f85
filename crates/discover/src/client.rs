//! The HTTP client: one GET at a time, asked again as long as the fault can pass.
//!
//! Faults that pass (429, 5xx, cut connections, bodies that stop or do not parse) are retried within the bounds of
//! [`Patience`]. A request that failed twice, or met a rate limit, is asked again alone: it waits until no other request is
//! in flight and keeps the others out until it is through. A server in trouble then sees one careful client, a limit is
//! waited for once and not by everyone, and a fault that hits every n-th request cannot hit the same request
//! again and again while its neighbours pass.

mod attempt;
mod broken;
mod credential;
mod pace;
mod patience;
mod signature;
mod tally;
mod witness;

pub use patience::Patience;
pub use tally::Tally;

use reqwest::Url;
use reqwest::redirect::Policy;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::answer_cache::{AnswerCache, Validity};
use crate::{DiscoverError, ObjectStoreKey, OnProgress, Token};
use attempt::Outcome;
pub(crate) use attempt::from_xml;
use broken::{BrokenPaths, Effort};
use credential::Credential;
use pace::Pace;
use patience::Budget;
use tally::Counts;

/// How many requests may be in flight at once.
pub(crate) const IN_FLIGHT_MAX: usize = 4;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A live API allows 250 requests a minute; this stays below 240.
const LIVE_INTERVAL: Duration = Duration::from_millis(250);

/// A provider's API at one address, with the token for it. The token is sent to no other host.
///
/// One path that stays broken after every retry is [`Answer::Broken`] and counted in [`Tally::broken`], so that it costs its own part and not the
/// sitting. A void token, a host that cannot be reached, a limit that stays exhausted, and broken paths where nothing else answers any more are errors.
#[derive(Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
    credential: Credential,
    patience: Patience,
    gate: Semaphore,
    pace: Pace,
    accept: Option<&'static str>,
    kept: Option<Arc<AnswerCache>>,
    counts: Counts,
    broken: BrokenPaths,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Path with its query.
    pub(crate) path: &'a str,
    /// Part of a list, as a `Range` header says it.
    pub(crate) range: Option<&'a str>,
    /// When an answer of an earlier run serves.
    pub(crate) validity: Validity,
}

/// The body of an answer, and where the list goes on when it was not the whole (status 206 and `Next-Range`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) next_range: Option<&'a str>,
}

/// What a path answered, when it answered for good.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer<T> {
    /// The thing itself.
    Found(T),
    /// The token may not read it, or it cannot be asked for: the provider's reason.
    Refused(String),
    /// There is no such thing: the provider's reason.
    Absent(String),
    /// It never gave an answer that can be read, however often it was asked: the last failure.
    Broken(String),
}

impl Api {
    /// The API at `base`, which is `https://`, or `http://` on this machine only.
    pub fn new(base: &str, token: Token) -> Result<Api, DiscoverError> {
        Api::with_credential(base, Credential::Bearer(token))
    }

    /// An object store at `base`, where requests are signed for `region`.
    pub fn of_object_store(
        base: &str,
        key: ObjectStoreKey,
        region: &str,
    ) -> Result<Api, DiscoverError> {
        let region = region.to_owned();
        Api::with_credential(base, Credential::Signed { key, region })
    }

    fn with_credential(base: &str, credential: Credential) -> Result<Api, DiscoverError> {
        let base = base_address(base)?;
        let is_local = is_loopback(&base);
        // The first caller in the process decides; a provider that is set already serves as well.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("reberth/", env!("CARGO_PKG_VERSION")));
        if is_local {
            builder = builder.no_proxy();
        }
        let interval = if is_local {
            Duration::ZERO
        } else {
            LIVE_INTERVAL
        };
        Ok(Api {
            http: builder.build().map_err(DiscoverError::Client)?,
            base,
            credential,
            patience: Patience::default(),
            gate: Semaphore::new(IN_FLIGHT_MAX),
            pace: Pace::new(interval),
            accept: None,
            kept: None,
            counts: Counts::default(),
            broken: BrokenPaths::default(),
        })
    }

    /// The same API, asked for one version of its answers.
    pub fn with_accept(mut self, accept: &'static str) -> Api {
        self.accept = Some(accept);
        self
    }

    /// The same API with another pace once its bucket of requests runs low: one request in every `refill`.
    pub fn with_refill(mut self, refill: Duration) -> Api {
        self.pace = self.pace.with_refill(refill);
        self
    }

    /// The same API with other bounds for retries and waits.
    pub fn with_patience(mut self, patience: Patience) -> Api {
        self.patience = patience;
        self
    }

    /// The same API, which keeps answers and asks only whether they are still the same.
    pub fn with_answers(mut self, kept: Arc<AnswerCache>) -> Api {
        self.kept = Some(kept);
        self
    }

    /// The bounds of retries and waits.
    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// How much was asked so far.
    pub fn tally(&self) -> Tally {
        self.counts.tally()
    }

    /// The address of the API.
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Asks for `path` (with its query) until it is answered for good or patience ends.
    pub(crate) async fn get<T>(
        &self,
        path: &str,
        validity: Validity,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
        progress: OnProgress<'_>,
    ) -> Result<Answer<T>, DiscoverError> {
        let ask = Ask {
            path,
            range: None,
            validity,
        };
        self.get_part(ask, |body| parse(body.bytes), progress).await
    }

    /// Asks for a part of a list likewise.
    pub(crate) async fn get_part<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(Body<'_>) -> serde_json::Result<T>,
        progress: OnProgress<'_>,
    ) -> Result<Answer<T>, DiscoverError> {
        if let Some(answer) = self.taken(ask, &parse) {
            return Ok(answer);
        }
        let effort = self.broken.effort(ask.path);
        match self.pursue(ask, effort, &parse, progress).await {
            Ok(answer) => {
                // A refusal comes from the door and says nothing of what is behind it.
                if let Answer::Found(_) = answer {
                    self.broken.answered(ask.path);
                }
                Ok(answer)
            }
            Err(error) if error.is_of_one_path() => self.give_up(ask.path, error, progress).await,
            Err(error) => Err(error),
        }
    }

    async fn pursue<T>(
        &self,
        ask: Ask<'_>,
        effort: Effort,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
        progress: OnProgress<'_>,
    ) -> Result<Answer<T>, DiscoverError> {
        let mut budget = self.patience.budget(ask.path, self.address());
        budget.limit_attempts(effort.attempts_max());
        let mut outcome = self.attempt_among_others(ask, effort, parse).await?;
        if let Outcome::Failed(fault) = outcome {
            tokio::time::sleep(budget.spend_failure(fault, progress)?).await;
            outcome = self.attempt_among_others(ask, effort, parse).await?;
        }
        if let Outcome::Answered(answer) = outcome {
            return Ok(answer);
        }
        let _alone = self.enter(IN_FLIGHT_MAX as u32).await;
        let first = (outcome, budget);
        self.insist(ask, effort, parse, first, progress).await
    }

    async fn attempt_among_others<T>(
        &self,
        ask: Ask<'_>,
        effort: Effort,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
    ) -> Result<Outcome<T>, DiscoverError> {
        let _one = self.enter(1).await;
        self.attempt(ask, effort, parse).await
    }

    /// Asks again and again, with nobody else in flight.
    async fn insist<T>(
        &self,
        ask: Ask<'_>,
        effort: Effort,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
        (mut outcome, mut budget): (Outcome<T>, Budget<'_>),
        progress: OnProgress<'_>,
    ) -> Result<Answer<T>, DiscoverError> {
        loop {
            let wait = match outcome {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::RateLimited(asked) => budget.spend_refusal(asked, progress)?,
                Outcome::Failed(fault) => budget.spend_failure(fault, progress)?,
            };
            tokio::time::sleep(wait).await;
            outcome = self.attempt(ask, effort, parse).await?;
        }
    }

    async fn enter(&self, permits: u32) -> tokio::sync::SemaphorePermit<'_> {
        let entered = self.gate.acquire_many(permits).await;
        entered.expect("the gate is never closed")
    }
}

fn base_address(text: &str) -> Result<Url, DiscoverError> {
    let refuse = |reason| DiscoverError::AddressRefused {
        url: without_credentials(text),
        reason,
    };
    let url = Url::parse(text).map_err(|_| refuse("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it carries a user name or password"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(refuse("plain http would send the token in the clear")),
        _ => Err(refuse("it is neither https nor http")),
    }
}

/// The address without what stands between `//` and `@`, so that a password typed there is not repeated.
fn without_credentials(text: &str) -> String {
    match (text.find("//"), text.rfind('@')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}//{}", &text[..start], &text[end + 1..])
        }
        _ => text.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_out_in_the_clear_to_this_machine_only() {
        let cases = [
            ("https://api.digitalocean.com", true),
            ("http://127.0.0.1:4420", true),
            ("http://[::1]:4420/", true),
            ("http://localhost:1", true),
            ("http://api.digitalocean.com", false),
            ("http://127.0.0.1.example.com", false),
            ("ftp://localhost", false),
            ("https://user:secret@api.digitalocean.com", false),
            ("api.digitalocean.com", false),
        ];
        for (address, is_accepted) in cases {
            let result = base_address(address);
            assert_eq!(result.is_ok(), is_accepted, "{address}");
            if let Err(error) = result {
                assert!(!error.to_string().contains("secret"), "{error}");
            }
        }
    }
}
