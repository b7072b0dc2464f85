//! Which answer a request gets: the account's rules first, then the faults, then the recording.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::faults::{Faults, is_due};
use super::http::{Request, Response};
use super::ranges;
use super::recording::{Provider, Recording, Route};

const MINUTE_SECONDS: u64 = 60;

/// What was asked of a replay server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Requests of any kind.
    pub requests: u64,
    /// Requests other than GET; each was refused.
    pub writes_refused: u64,
    /// Requests whose answer the client had already, by its `ETag`.
    pub not_modified: u64,
    /// Requests per path.
    pub paths: BTreeMap<String, u64>,
}

/// The recorded account with what happened to it since the start.
pub(super) struct Account {
    recording: Recording,
    token: String,
    faults: Faults,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    stats: Stats,
    targets: BTreeSet<String>,
    list_pages: u64,
    times: VecDeque<Instant>,
}

/// How a request stands in the sequence of all requests.
struct Turn {
    number: u64,
    /// How often its path was asked for, this time included.
    of_path: u64,
    in_last_minute: u64,
    oldest_age: Duration,
}

impl Account {
    pub(super) fn new(recording: Recording, token: &str, faults: Faults) -> Account {
        let (token, seen) = (format!("Bearer {token}"), Mutex::default());
        Account {
            recording,
            token,
            faults,
            seen,
        }
    }

    pub(super) fn stats(&self) -> Stats {
        self.lock().stats.clone()
    }

    /// Every path with its query that was asked for.
    pub(super) fn targets(&self) -> BTreeSet<String> {
        self.lock().targets.clone()
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        if request.path == "/__stats" {
            return response(200, &json!(self.stats()));
        }
        let turn = self.take_turn(request);
        let mut answer = self.answer_turn(request, &turn);
        // What an answer says itself stands first, and clients take the first.
        answer.headers.extend(self.rate_headers(turn.number));
        answer
    }

    fn minute(&self) -> Duration {
        Duration::from_secs(self.faults.minute_seconds.unwrap_or(MINUTE_SECONDS))
    }

    fn take_turn(&self, request: &Request) -> Turn {
        let mut seen = self.lock();
        let now = Instant::now();
        seen.stats.requests += 1;
        let of_path = seen.stats.paths.entry(request.path.clone()).or_default();
        *of_path += 1;
        let of_path = *of_path;
        seen.targets.insert(request.target.clone());
        seen.times.push_back(now);
        while seen
            .times
            .front()
            .is_some_and(|time| now - *time > self.minute())
        {
            seen.times.pop_front();
        }
        Turn {
            number: seen.stats.requests,
            of_path,
            in_last_minute: seen.times.len() as u64,
            oldest_age: seen
                .times
                .front()
                .map_or(Duration::ZERO, |time| now - *time),
        }
    }

    fn answer_turn(&self, request: &Request, turn: &Turn) -> Response {
        let faults = &self.faults;
        if request.method != "GET" {
            self.lock().stats.writes_refused += 1;
            return error(405, "method_not_allowed", "this recording is read only");
        }
        std::thread::sleep(Duration::from_millis(faults.slow_ms));
        let revoked = faults
            .revoked_after
            .is_some_and(|after| turn.number > after);
        if revoked || request.authorization.as_ref() != Some(&self.token) {
            return error(401, "Unauthorized", "Unable to authenticate you");
        }
        if turn.number <= faults.rate_limited_first {
            return rate_limited(1);
        }
        if is_due(faults.hourly_limit_every, turn.number) {
            let mut answer = error(429, "too_many_requests", "API rate limit exceeded.");
            answer
                .headers
                .push(("ratelimit-reset", (now_epoch_seconds() + 1).to_string()));
            return answer;
        }
        if faults
            .burst_per_minute
            .is_some_and(|burst| turn.in_last_minute > burst)
        {
            return rate_limited((self.minute() - turn.oldest_age).as_secs().max(1));
        }
        if faults
            .forbidden
            .iter()
            .any(|start| request.path.starts_with(start))
        {
            return error(
                403,
                "forbidden",
                "You are not authorized to perform this operation",
            );
        }
        let starts_path = |start: &String| request.path.starts_with(start);
        let is_broken = is_due(faults.server_error_every, turn.number)
            || faults.down_after.is_some_and(|after| turn.number > after)
            || faults.broken.iter().any(starts_path)
            || (turn.of_path > 1 && faults.once.iter().any(starts_path));
        if is_broken {
            return error(500, "server_error", "Unexpected server-side error");
        }
        let is_html = is_due(faults.broken_json_every, turn.number)
            || faults.html_after.is_some_and(|after| turn.number > after);
        if is_html {
            return raw(200, b"<html>502 Bad Gateway</html>".to_vec());
        }
        if is_due(faults.truncated_json_every, turn.number) {
            return raw(200, br#"[{"id":1,"#.to_vec());
        }
        let mut answer = self.unless_known(self.recorded(request), request);
        answer.is_cut = is_due(faults.cut_every, turn.number);
        answer
    }

    /// The answer with its `ETag`, or that it is the one the client has.
    fn unless_known(&self, mut answer: Response, request: &Request) -> Response {
        if !(200..300).contains(&answer.status) {
            return answer;
        }
        let mut hasher = DefaultHasher::new();
        answer.body.hash(&mut hasher);
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        if request.if_none_match.as_ref() == Some(&etag) {
            self.lock().stats.not_modified += 1;
            answer = raw(304, Vec::new());
        }
        answer.headers.push(("etag", etag));
        answer
    }

    fn recorded(&self, request: &Request) -> Response {
        if self.recording.provider == Provider::Heroku {
            return ranges::answer(&self.recording, request);
        }
        let mut routes = self
            .recording
            .routes
            .iter()
            .filter(|route| route.path == request.path)
            .peekable();
        if routes.peek().is_none() {
            return self.recorded_item(&request.path);
        }
        let holds = |route: &&Route| {
            let mut wanted = route.query.iter();
            wanted.all(|(name, value)| request.parameter(name) == Some(value))
        };
        match routes.find(holds) {
            Some(route) if route.status.is_some_and(|status| status != 200) => {
                response(route.status.unwrap_or(200), &route.body)
            }
            Some(route) => self.page(route, request),
            None if request.parameter("host_id").is_some() => response(
                200,
                &json!({"status": "success", "data": {"resultType": "matrix", "result": []}}),
            ),
            None => error(400, "bad_request", "host_id is required"),
        }
    }

    /// One item of a recorded list, asked for by its id.
    fn recorded_item(&self, path: &str) -> Response {
        let not_found = || {
            error(
                404,
                "not_found",
                "The resource you requested could not be found.",
            )
        };
        let Some((list_path, id)) = path.rsplit_once('/') else {
            return not_found();
        };
        let route = self
            .recording
            .routes
            .iter()
            .find(|route| route.path == list_path);
        let Some((key, item)) =
            route.and_then(|route| Some((route.key.as_ref()?, route.item.as_ref()?)))
        else {
            return not_found();
        };
        let items = route.and_then(|route| route.body[key].as_array());
        let found = items
            .into_iter()
            .flatten()
            .find(|candidate| match &candidate[&item.id] {
                Value::String(text) => text == id,
                Value::Number(number) => number.to_string() == id,
                _ => false,
            });
        match found {
            Some(found) => response(200, &json!({ item.wrap.as_str(): found })),
            None => not_found(),
        }
    }

    /// One page of a list; an answer that is no paged list is given whole.
    fn page(&self, route: &Route, request: &Request) -> Response {
        let paged = route
            .key
            .as_ref()
            .filter(|_| route.body.get("meta").is_some());
        let Some(key) = paged else {
            return response(200, &route.body);
        };
        let number = |name, default| {
            request
                .parameter(name)
                .map_or(Some(default), |text| text.parse::<u64>().ok())
        };
        let (Some(page), Some(per_page)) = (
            number("page", 1),
            number("per_page", self.recording.default_per_page),
        ) else {
            return error(400, "bad_request", "page and per_page must be integers");
        };
        if page == 0 || per_page == 0 || per_page > self.recording.max_per_page {
            return error(
                422,
                "unprocessable_entity",
                "per_page must be between 1 and 200",
            );
        }
        let items = route.body[key].as_array().map_or(&[][..], Vec::as_slice);
        let items = if self.has_shifted() {
            items.get(1..).unwrap_or_default()
        } else {
            items
        };
        let total = items.len() as u64;
        let start = (page - 1).saturating_mul(per_page).min(total);
        let end = start.saturating_add(per_page).min(total);
        let mut body = route.body.clone();
        body[key] = json!(items[start as usize..end as usize]);
        body["meta"]["total"] = json!(total);
        body["links"] = links(&route.path, page, per_page, total);
        response(200, &body)
    }

    fn has_shifted(&self) -> bool {
        let mut seen = self.lock();
        seen.list_pages += 1;
        self.faults
            .shift_after_pages
            .is_some_and(|after| seen.list_pages > after)
    }

    fn rate_headers(&self, number: u64) -> Vec<(&'static str, String)> {
        let limit = self.recording.rate_limit.limit_per_hour;
        vec![
            ("ratelimit-limit", limit.to_string()),
            (
                "ratelimit-remaining",
                limit.saturating_sub(number).to_string(),
            ),
            ("ratelimit-reset", (now_epoch_seconds() + 3600).to_string()),
        ]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links name the real host even here, as the real API's mocks do: a client must not follow it with its token.
fn links(path: &str, page: u64, per_page: u64, total: u64) -> Value {
    let last = total.div_ceil(per_page).max(1);
    let url = |page: u64| {
        json!(format!(
            "https://api.digitalocean.com{path}?page={page}&per_page={per_page}"
        ))
    };
    let mut pages = serde_json::Map::new();
    if page > 1 {
        pages.insert("first".to_owned(), url(1));
        pages.insert("prev".to_owned(), url(page - 1));
    }
    if page < last {
        pages.insert("next".to_owned(), url(page + 1));
        pages.insert("last".to_owned(), url(last));
    }
    if pages.is_empty() {
        json!({})
    } else {
        json!({ "pages": pages })
    }
}

fn now_epoch_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

fn rate_limited(retry_after_seconds: u64) -> Response {
    let mut answer = error(429, "too_many_requests", "API rate limit exceeded.");
    answer
        .headers
        .push(("retry-after", retry_after_seconds.to_string()));
    answer
}

pub(super) fn error(status: u16, id: &str, message: &str) -> Response {
    response(status, &json!({ "id": id, "message": message }))
}

pub(super) fn response(status: u16, body: &Value) -> Response {
    raw(status, body.to_string().into_bytes())
}

fn raw(status: u16, body: Vec<u8>) -> Response {
    let (headers, is_cut) = (Vec::new(), false);
    Response {
        status,
        headers,
        body,
        is_cut,
    }
}
