//! Heroku's manners: a version in the `Accept` header, lists cut into ranges, applications by name or id.

use serde_json::{Value, json};
use std::cmp::Ordering;

use super::answer::{error, response};
use super::http::{Request, Response};
use super::recording::Recording;

const ACCEPT: &str = "application/vnd.heroku+json; version=3";
/// Paths of the data services, which live on another host and ask for no version.
const DATA_PATHS: &[&str] = &["/client/", "/postgres/", "/redis/", "/data/"];

/// What a `Range` header asks for: `id ]last..; max=200, order=desc`.
struct Range {
    field: String,
    /// The last item of the part before.
    after: Option<String>,
    max: usize,
    is_descending: bool,
}

pub(super) fn answer(recording: &Recording, request: &Request) -> Response {
    let is_data = DATA_PATHS
        .iter()
        .any(|start| request.path.starts_with(start));
    let accepts = request
        .accept
        .as_deref()
        .is_some_and(|accept| accept.contains(ACCEPT));
    if !is_data && !accepts {
        return error(
            400,
            "bad_request",
            "Invalid or missing Accept version header",
        );
    }
    let path = with_name(recording, &request.path);
    let Some(route) = recording.routes.iter().find(|route| route.path == path) else {
        return error(404, "not_found", "Couldn't find that resource.");
    };
    match (route.ranged, route.body.as_array()) {
        (true, Some(items)) => part(recording, items, request),
        _ => response(route.status.unwrap_or(200), &route.body),
    }
}

/// The path with the application's name where its id stands.
fn with_name(recording: &Recording, path: &str) -> String {
    let apps = recording.routes.iter().find(|route| route.path == "/apps");
    let apps = apps.and_then(|route| route.body.as_array());
    for app in apps.into_iter().flatten() {
        let by_id = format!("/apps/{}", app["id"].as_str().unwrap_or_default());
        if let Some(rest) = path.strip_prefix(&by_id) {
            return format!("/apps/{}{rest}", app["name"].as_str().unwrap_or_default());
        }
    }
    path.to_owned()
}

fn part(recording: &Recording, items: &[Value], request: &Request) -> Response {
    let Some(range) = range(recording, request.range.as_deref()) else {
        return error(416, "requested_range_not_satisfiable", "bad Range");
    };
    if items.iter().any(|item| item.get(&range.field).is_none()) {
        return match request.range {
            Some(_) => error(
                416,
                "requested_range_not_satisfiable",
                "cannot range over it",
            ),
            None => response(200, &json!(items)),
        };
    }
    let mut sorted: Vec<&Value> = items.iter().collect();
    sorted.sort_by(|one, other| compare(&one[&range.field], &other[&range.field]));
    if range.is_descending {
        sorted.reverse();
    }
    if let Some(after) = &range.after {
        sorted.retain(|item| text(&item[&range.field]) > *after);
    }
    let part = &sorted[..range.max.min(sorted.len())];
    let mut answer = response(200, &json!(part));
    if sorted.len() > part.len()
        && let Some(last) = part.last()
    {
        answer.status = 206;
        let next = format!(
            "{} ]{}..; max={}",
            range.field,
            text(&last[&range.field]),
            range.max
        );
        answer.headers.push(("Next-Range", next));
    }
    answer
}

/// `None`: not a range that the server understands.
fn range(recording: &Recording, header: Option<&str>) -> Option<Range> {
    let header = header.unwrap_or("id ..");
    let (place, options) = header.split_once(';').unwrap_or((header, ""));
    let (field, bounds) = place.trim().split_once(' ')?;
    let first = bounds.strip_suffix("..")?;
    let mut range = Range {
        field: field.to_owned(),
        after: first.strip_prefix(']').map(str::to_owned),
        max: usize::try_from(recording.default_per_page).ok()?,
        is_descending: false,
    };
    for option in options
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        match option.split_once('=')? {
            ("max", count) => range.max = count.parse().ok()?,
            ("order", order) => range.is_descending = order == "desc",
            _ => return None,
        }
    }
    (1..=usize::try_from(recording.max_per_page).ok()?)
        .contains(&range.max)
        .then_some(range)
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_u64(), other.as_u64()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
