//! The provider's own description of its API, as far as it is read: paths, queries, and the fields of the answers.

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const READS: &str = include_str!("../../../catalog/digitalocean-reads.json");
/// Lists that are not paged take no notice of these.
const PAGING: [&str; 2] = ["page", "per_page"];

/// One path as the provider describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Read {
    path: String,
    required: BTreeSet<String>,
    optional: BTreeSet<String>,
    answer: String,
}

/// The fields of an answer, each with the fields below it; lists are left out on the way.
#[derive(Debug, Default)]
struct Fields(BTreeMap<String, Fields>);

pub(crate) fn description() -> Vec<Read> {
    serde_json::from_str(READS).expect("the description is JSON")
}

/// The description of a path; `None` when the provider has no such path. A path without a placeholder goes first.
pub(crate) fn read_of<'a>(reads: &'a [Read], path: &str) -> Option<&'a Read> {
    let asked: Vec<&str> = path.split('/').collect();
    let fits = |read: &&Read| {
        let parts: Vec<&str> = read.path.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part == asked || part.starts_with('{'))
    };
    let mut fitting: Vec<&Read> = reads.iter().filter(fits).collect();
    fitting.sort_by_key(|read| read.path.matches('{').count());
    fitting.first().copied()
}

impl Read {
    /// What is wrong with a query; `None` when nothing is.
    pub(crate) fn query_fault(&self, query: &str) -> Option<String> {
        let names: BTreeSet<&str> = query
            .split('&')
            .filter_map(|pair| Some(pair.split_once('=')?.0))
            .collect();
        if let Some(missing) = self
            .required
            .iter()
            .find(|name| !names.contains(name.as_str()))
        {
            return Some(format!("{} lacks {missing}", self.path));
        }
        let is_known = |name: &&str| {
            self.required.contains(*name) || self.optional.contains(*name) || PAGING.contains(name)
        };
        let unknown = names.into_iter().find(|name| !is_known(name))?;
        Some(format!("{} does not know {unknown}", self.path))
    }

    /// The first field of an answer that the provider does not describe.
    pub(crate) fn unknown_field(&self, answer: &Value) -> Option<String> {
        let mut rest = self.answer.as_str();
        unknown(&fields(&mut rest), answer, &self.path)
    }
}

/// Reads `a b{c d}`.
fn fields(rest: &mut &str) -> Fields {
    let mut found = Fields::default();
    loop {
        *rest = rest.trim_start_matches(' ');
        let end = rest.find([' ', '{', '}']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        *rest = after;
        let below = match rest.strip_prefix('{') {
            Some(inside) => {
                *rest = inside;
                fields(rest)
            }
            None => Fields::default(),
        };
        if !name.is_empty() {
            found.0.insert(name.to_owned(), below);
        }
        if let Some(after) = rest.strip_prefix('}') {
            *rest = after;
            return found;
        }
        if rest.is_empty() {
            return found;
        }
    }
}

fn unknown(known: &Fields, value: &Value, at: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| unknown(known, item, at)),
        // An object without described fields may hold any.
        Value::Object(object) if !known.0.is_empty() => object.iter().find_map(|(name, value)| {
            let at = format!("{at}.{name}");
            match known.0.get(name) {
                Some(below) => unknown(below, value, &at),
                None => Some(at),
            }
        }),
        _ => None,
    }
}

#[test]
fn the_description_tells_right_from_wrong() {
    let reads = description();
    let members = read_of(&reads, "/v2/droplets/autoscale/x/members").unwrap();
    assert_eq!(members.query_fault("page=1&per_page=200"), None);
    assert!(members.query_fault("color=red").is_some());
    let cpu = read_of(&reads, "/v2/monitoring/metrics/droplet/cpu").unwrap();
    assert!(
        cpu.query_fault("host_id=1&start=2")
            .is_some_and(|fault| fault.contains("end"))
    );
    assert!(read_of(&reads, "/v2/spaces").is_none());
    let answer = serde_json::json!({"droplets": [{"droplet_id": 7, "colour": "red"}]});
    let fault = members.unknown_field(&answer).unwrap();
    assert!(
        fault.ends_with("members}.droplets.colour") || fault.ends_with("members.droplets.colour"),
        "{fault}"
    );
}
