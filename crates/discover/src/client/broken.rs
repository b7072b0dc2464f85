//! What stays broken, and whether that is the provider.
//!
//! A provider that is down and a path that is broken look alike from that path: it fails however often it is asked. How many paths fail one after the
//! other does not tell them apart either, because a broken endpoint that is asked about eleven servers gives eleven failures, in an order that depends on
//! what else is answered meanwhile. So after a row of failures the path that answered last is asked once more: when it answers, the provider is there, and
//! it is the paths. Whatever the order of answers, a run ends with the same parts missing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many paths given up since the last good answer raise the question whether the provider is there.
const IN_A_ROW_MAX: usize = 4;

/// What was left behind.
#[derive(Debug, Default)]
pub(super) struct BrokenPaths(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Paths given up since anything was answered.
    in_a_row: usize,
    /// Endpoints given up that did not answer since.
    silent: BTreeSet<String>,
    /// The path that answered last.
    answered: Option<String>,
}

/// What a path that was given up says about the provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is this path.
    Fine,
    /// It may be the provider: this path answered last, if any did.
    Doubtful(Option<String>),
}

impl BrokenPaths {
    /// Notes that `path` was given up.
    pub(super) fn leave(&self, path: &str) -> Standing {
        let mut state = self.state();
        state.silent.insert(endpoint(path));
        state.in_a_row += 1;
        if state.in_a_row < IN_A_ROW_MAX {
            return Standing::Fine;
        }
        Standing::Doubtful(state.answered.clone())
    }

    /// Notes a good answer of `path`.
    pub(super) fn answered(&self, path: &str) {
        let mut state = self.state();
        state.in_a_row = 0;
        state.answered = Some(path.to_owned());
        if !state.silent.is_empty() {
            state.silent.remove(&endpoint(path));
        }
    }

    /// Whether the endpoint of `path` was given up and did not answer since.
    pub(super) fn is_silent(&self, path: &str) -> bool {
        let state = self.state();
        !state.silent.is_empty() && state.silent.contains(&endpoint(path))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `path` asks for, whoever it asks about: its first and its last segment without version and query, identifiers (segments with a digit) as `*`.
fn endpoint(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path
        .split('/')
        .filter(|segment| !segment.is_empty() && !is_version(segment));
    let named = |segment| if has_digit(segment) { "*" } else { segment };
    let first = segments.next().map(named).unwrap_or_default();
    match segments.next_back().map(named) {
        Some(last) => format!("{first}/{last}"),
        None => first.to_owned(),
    }
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_digit(segment: &str) -> bool {
    segment.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_same_whoever_is_asked_about() {
        for (path, expected) in [
            (
                "/v2/monitoring/metrics/droplet/cpu?host_id=277&start=1",
                "monitoring/cpu",
            ),
            ("/v2/droplets?page=2", "droplets"),
            ("/v2/droplets/277224987/neighbors", "droplets/neighbors"),
            ("/v2/databases/9cc10173-e9ea-4176", "databases/*"),
            ("/apps/acme-web/formation", "apps/formation"),
            ("/apps/acme-2/formation", "apps/formation"),
            ("/", ""),
        ] {
            assert_eq!(endpoint(path), expected, "{path}");
        }
    }

    #[test]
    fn a_row_raises_doubt_and_a_good_answer_ends_it() {
        let broken = BrokenPaths::default();
        broken.answered("/v2/account");
        for server in 1..4 {
            let path = format!("/v2/droplets/{server}/neighbors");
            assert_eq!(broken.leave(&path), Standing::Fine);
        }
        let doubtful = Standing::Doubtful(Some("/v2/account".to_owned()));
        assert_eq!(broken.leave("/v2/volumes"), doubtful);
        broken.answered("/v2/account");
        assert_eq!(broken.leave("/v2/domains"), Standing::Fine);
        assert!(broken.is_silent("/v2/droplets/9/neighbors"));
        broken.answered("/v2/droplets/9/neighbors");
        assert!(!broken.is_silent("/v2/droplets/1/neighbors"));
        assert!(broken.is_silent("/v2/volumes?page=1"));
    }
}
