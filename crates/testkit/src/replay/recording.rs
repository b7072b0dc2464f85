//! The recorded answers of one account.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const EDTECH: &str = include_str!("../../../../catalog/recordings/digitalocean-edtech.json");
const LMS: &str = include_str!("../../../../catalog/recordings/heroku-lms.json");

/// Every recorded answer of one account, and what a reader of it should find.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    pub(super) provider: Provider,
    pub(super) default_per_page: u64,
    pub(super) max_per_page: u64,
    pub(super) rate_limit: RateLimit,
    /// What a discovery must count and an assessment must find.
    pub expect: Value,
    pub(super) routes: Vec<Route>,
}

/// Whose manners the server has.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Provider {
    Digitalocean,
    Heroku,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RateLimit {
    pub(super) limit_per_hour: u64,
}

/// One recorded path.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Route {
    pub(super) path: String,
    /// Under which key the list stands, when the answer is a list.
    pub(super) key: Option<String>,
    /// What the query must hold for this answer.
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    pub(super) status: Option<u16>,
    /// Whether the list is cut into ranges.
    #[serde(default)]
    pub(super) ranged: bool,
    /// How one item of the list is asked for.
    pub(super) item: Option<ItemRoute>,
    pub(super) body: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ItemRoute {
    pub(super) id: String,
    pub(super) wrap: String,
}

impl Recording {
    /// The learning platform on DigitalOcean that the demo moves; embedded in the program.
    pub fn edtech() -> Recording {
        Recording::parse(EDTECH).expect("the embedded recording is read by a test of this module")
    }

    /// The course platform on Heroku; embedded in the program.
    pub fn lms() -> Recording {
        Recording::parse(LMS).expect("the embedded recording is read by a test of this module")
    }

    /// Reads a recording in the form of `catalog/recordings/`.
    pub fn parse(text: &str) -> serde_json::Result<Recording> {
        serde_json::from_str(text)
    }

    /// The recorded body of the first route with this path, to change it before replaying.
    pub fn body_mut(&mut self, path: &str) -> Option<&mut Value> {
        self.routes
            .iter_mut()
            .find(|route| route.path == path)
            .map(|route| &mut route.body)
    }

    /// Every recorded path.
    pub fn paths(&self) -> Vec<String> {
        self.routes.iter().map(|route| route.path.clone()).collect()
    }

    /// Forgets every answer, to make an account of one's own.
    pub fn clear(&mut self) {
        self.routes.clear();
    }

    /// Adds a list under `path` with its items under `key`, paged and counted like the recorded ones.
    pub fn add_list(&mut self, path: &str, key: &str, items: Vec<Value>) {
        let body = serde_json::json!({ key: items, "links": {}, "meta": { "total": items.len() } });
        self.add_answer(path, Some(key), body);
    }

    /// Adds an answer that is given whole.
    pub fn add_object(&mut self, path: &str, body: Value) {
        self.add_answer(path, None, body);
    }

    fn add_answer(&mut self, path: &str, key: Option<&str>, body: Value) {
        self.routes.retain(|route| route.path != path);
        self.routes.push(Route {
            path: path.to_owned(),
            key: key.map(str::to_owned),
            query: BTreeMap::new(),
            status: None,
            ranged: body.is_array(),
            item: None,
            body,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_recordings_are_read() {
        let recording = Recording::edtech();
        assert_eq!(recording.expect["droplets"], 11);
        assert_eq!(recording.routes.len(), 182);
        assert_eq!(Recording::lms().expect["addons"], 19);
    }
}
