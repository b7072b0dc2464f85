//! One request and what its answer means.

use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

use super::broken::Effort;
use super::pace::wait_asked;
use super::tally::count;
use super::{Answer, Api, Ask, Body};
use crate::DiscoverError;
use crate::answer_cache::{Kept, Validity};

/// A page of 200 servers is about 1 MB.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
const MESSAGE_CHARS_MAX: usize = 200;

/// How one attempt ended.
pub(super) enum Outcome<T> {
    Answered(Answer<T>),
    Failed(Fault),
    /// Too many requests, with the wait the provider asks for.
    RateLimited(Option<Duration>),
}

/// A failure that may pass.
#[derive(Debug)]
pub(super) enum Fault {
    /// No connection could be made.
    Connect(reqwest::Error),
    /// The connection broke.
    Interrupted,
    /// The time was over.
    Late,
    /// The server said that it failed.
    ServerError(String),
    /// The body is not what was asked for.
    Unreadable(String),
}

/// The provider's form of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(alias = "Code")]
    id: String,
    #[serde(alias = "Message")]
    message: String,
}

impl Api {
    fn url(&self, path: &str) -> Result<Url, DiscoverError> {
        let text = format!("{}{path}", self.address());
        Url::parse(&text).map_err(|_| DiscoverError::AddressRefused {
            url: text,
            reason: "it is not a URL",
        })
    }

    pub(super) async fn attempt<T>(
        &self,
        ask: Ask<'_>,
        effort: Effort,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
    ) -> Result<Outcome<T>, DiscoverError> {
        let path = ask.path;
        self.pace.turn().await;
        let url = self.url(path)?;
        let request = self.http.get(url.clone());
        let request = request.timeout(effort.timeout(self.patience.request_timeout));
        let mut request = self.credential.prove(request, &url);
        if let Some(accept) = self.accept {
            request = request.header(reqwest::header::ACCEPT, accept);
        }
        if let Some(range) = ask.range {
            request = request.header(reqwest::header::RANGE, range);
        }
        let kept = self.kept_answer(ask);
        if let Some(etag) = kept.as_ref().and_then(|kept| kept.head.etag.as_deref()) {
            request = request.header(reqwest::header::IF_NONE_MATCH, etag);
        }
        count(&self.counts.requests);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Outcome::Failed(Fault::from_transport(error))),
        };
        self.pace.observe(response.headers());
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(Outcome::RateLimited(wait_asked(response.headers())));
        }
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (status, &kept) {
            count(&self.counts.unchanged);
            return Ok(self.confirmed(ask, kept, parse));
        }
        let next_range = header(&response, "next-range");
        let etag = header(&response, "etag");
        let body = match read_body(response, path).await? {
            Ok(body) => body,
            Err(fault) => return Ok(Outcome::Failed(fault)),
        };
        let next_range = match status {
            StatusCode::OK => None,
            StatusCode::PARTIAL_CONTENT if next_range.is_some() => next_range,
            _ => return self.meaning(path, status, &body),
        };
        let outcome = parsed(&body, next_range.as_deref(), parse);
        if let Outcome::Answered(_) = outcome {
            self.keep(ask, etag.as_deref(), next_range.as_deref(), &body);
        }
        Ok(outcome)
    }

    /// A kept answer that serves without asking.
    pub(super) fn taken<T>(
        &self,
        ask: Ask<'_>,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
    ) -> Option<Answer<T>> {
        let kept = self.kept_answer(ask)?;
        let may_take = self.kept.as_ref()?.may_take(&kept, ask.validity);
        let next_range = kept.head.next_range.as_deref();
        match may_take.then(|| parsed(&kept.body, next_range, parse))? {
            Outcome::Answered(answer) => {
                count(&self.counts.taken);
                Some(answer)
            }
            // Another version of this program kept what this one cannot read.
            _ => None,
        }
    }

    /// A kept answer that is still the same. One that this version cannot read is forgotten, so that it is sent anew.
    fn confirmed<T>(
        &self,
        ask: Ask<'_>,
        kept: &Kept,
        parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
    ) -> Outcome<T> {
        let outcome = parsed(&kept.body, kept.head.next_range.as_deref(), parse);
        if let (Outcome::Failed(_), Some(cache)) = (&outcome, &self.kept) {
            cache.forget(&self.place(ask));
        }
        outcome
    }

    /// What was kept of an earlier answer.
    fn kept_answer(&self, ask: Ask<'_>) -> Option<Kept> {
        self.kept.as_ref()?.find(&self.place(ask))
    }

    fn keep(&self, ask: Ask<'_>, etag: Option<&str>, next_range: Option<&str>, body: &[u8]) {
        let is_of_use = etag.is_some() || ask.validity != Validity::Confirmed;
        if let Some(kept) = self.kept.as_ref().filter(|_| is_of_use) {
            kept.keep(&self.place(ask), etag, next_range, body);
        }
    }

    /// What an answer is the answer to.
    fn place(&self, ask: Ask<'_>) -> String {
        let range = ask.range.unwrap_or_default();
        format!("{}{}\n{range}", self.address(), ask.path)
    }

    /// What an answer without a body of its own means.
    fn meaning<T>(
        &self,
        path: &str,
        status: StatusCode,
        body: &[u8],
    ) -> Result<Outcome<T>, DiscoverError> {
        let body = match self.credential.is_token() {
            true => serde_json::from_slice(body).unwrap_or_default(),
            false => from_xml(body).unwrap_or_default(),
        };
        let reason = reason(status, &body);
        match status {
            StatusCode::UNAUTHORIZED if self.credential.is_token() => {
                Err(DiscoverError::TokenRejected {
                    what: path.to_owned(),
                    message: reason,
                })
            }
            StatusCode::NOT_FOUND => Ok(Outcome::Answered(Answer::Absent(reason))),
            StatusCode::REQUEST_TIMEOUT => Ok(Outcome::Failed(Fault::ServerError(reason))),
            // A server that does not know the question will not know it the next time.
            StatusCode::NOT_IMPLEMENTED => Ok(Outcome::Answered(Answer::Refused(reason))),
            _ if status.is_client_error() => Ok(Outcome::Answered(Answer::Refused(reason))),
            _ if status.is_server_error() => Ok(Outcome::Failed(Fault::ServerError(reason))),
            _ => Err(DiscoverError::NotTheApi {
                url: self.address().to_owned(),
                reason: format!("{path} answered {}", status.as_u16()),
            }),
        }
    }
}

impl Fault {
    /// The error's address is left out: it may hold a query, and the path is told beside it.
    fn from_transport(error: reqwest::Error) -> Fault {
        let error = error.without_url();
        if error.is_connect() {
            Fault::Connect(error)
        } else if error.is_timeout() {
            Fault::Late
        } else {
            Fault::Interrupted
        }
    }

    pub(super) fn into_error(self, path: &str, url: &str, attempts: u32) -> DiscoverError {
        let (what, last) = (path.to_owned(), self.to_string());
        match self {
            Fault::Connect(source) => DiscoverError::Unreachable {
                url: url.to_owned(),
                attempts,
                source,
            },
            Fault::Unreadable(_) => DiscoverError::Unreadable {
                what,
                attempts,
                last,
            },
            Fault::Interrupted | Fault::Late | Fault::ServerError(_) => {
                DiscoverError::KeepsFailing {
                    what,
                    attempts,
                    last,
                    is_late: matches!(self, Fault::Late),
                }
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Connect(_) => f.write_str("no connection"),
            Fault::Interrupted => f.write_str("the connection broke"),
            Fault::Late => f.write_str("no answer in time"),
            Fault::ServerError(text) | Fault::Unreadable(text) => f.write_str(text),
        }
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

async fn read_body(
    mut response: Response,
    path: &str,
) -> Result<Result<Vec<u8>, Fault>, DiscoverError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_BYTES_MAX => {
                return Err(DiscoverError::TooLarge {
                    what: path.to_owned(),
                    bytes_max: BODY_BYTES_MAX,
                });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Ok(body)),
            Err(error) => return Ok(Err(Fault::from_transport(error))),
        }
    }
}

/// A document of an object store, in the form in which the parsers of the API tell their errors.
pub(crate) fn from_xml<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    quick_xml::de::from_reader(bytes)
        .map_err(|_| serde::de::Error::custom("the XML has another form than documented"))
}

/// The parser's own message is not told: it quotes values, and a value may be a secret.
fn parsed<T>(
    bytes: &[u8],
    next_range: Option<&str>,
    parse: &impl Fn(Body<'_>) -> serde_json::Result<T>,
) -> Outcome<T> {
    match parse(Body { bytes, next_range }) {
        Ok(value) => Outcome::Answered(Answer::Found(value)),
        Err(error) => Outcome::Failed(Fault::Unreadable(format!(
            "{} at line {} column {}",
            match error.classify() {
                serde_json::error::Category::Eof => "the answer stops in the middle",
                serde_json::error::Category::Data => "the answer has another form than documented",
                _ => "it is not JSON",
            },
            error.line(),
            error.column()
        ))),
    }
}

/// `403 forbidden: You are not authorized …`, on one line and shortened.
fn reason(status: StatusCode, error: &ErrorBody) -> String {
    let text = format!("{} {}: {}", status.as_u16(), error.id, error.message);
    let text = text.trim_end_matches([':', ' ']);
    text.chars()
        .filter(|character| !character.is_control())
        .take(MESSAGE_CHARS_MAX)
        .collect()
}
