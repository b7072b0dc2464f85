//! What stays broken, and whether that is the provider.
//!
//! A provider that is down and a path that is broken look alike from that path: it fails however often it is asked. How many paths fail one after the
//! other does not tell them apart either, because a broken endpoint that is asked about eleven servers gives eleven failures, in an order that depends on
//! what else is answered meanwhile. So after a row of failures two witnesses are asked once more: the path that answered first, which is about the account
//! as a rule, and if that one is silent the path that answered last. When one answers, the provider is there, and it is the paths.
//!
//! How often a path is asked depends on how many of its endpoint were given up before it, and so on the order of answers; a path that fails for good is
//! missing in any order.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many paths given up since the last good answer raise the question whether the provider is there.
const IN_A_ROW_MAX: usize = 4;
/// Attempts at a path whose endpoint was given up before: two hundred servers are not each asked as long as the first.
const ATTEMPTS_ONCE_GIVEN_UP_MAX: u32 = 6;
/// So many paths of one endpoint given up, and each further one is asked once: an endpoint that lets every request wait for its whole time would cost
/// hours otherwise.
const GIVEN_UP_MAX: u32 = 3;

/// What was left behind.
#[derive(Debug, Default)]
pub(super) struct BrokenPaths(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Paths given up since anything was answered.
    in_a_row: usize,
    /// Endpoints that did not answer since paths of theirs were given up, with how many.
    silent: BTreeMap<String, u32>,
    /// The path that answered first.
    first: Option<String>,
    /// The path that answered last.
    last: Option<String>,
}

/// What a path that was given up says about the provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is this path.
    Fine,
    /// It may be the provider: these paths answered before, if any did.
    Doubtful(Vec<String>),
}

impl BrokenPaths {
    /// Notes that `path` was given up.
    pub(super) fn leave(&self, path: &str) -> Standing {
        let mut state = self.state();
        *state.silent.entry(endpoint(path)).or_default() += 1;
        state.in_a_row += 1;
        if state.in_a_row < IN_A_ROW_MAX {
            return Standing::Fine;
        }
        let last = state
            .last
            .iter()
            .filter(|last| state.first.as_ref() != Some(last));
        Standing::Doubtful(state.first.iter().chain(last).cloned().collect())
    }

    /// Notes a good answer of `path`.
    pub(super) fn answered(&self, path: &str) {
        self.is_there(path);
        let mut state = self.state();
        state.first.get_or_insert_with(|| path.to_owned());
        state.last = Some(path.to_owned());
    }

    /// Notes that `path`, a witness, answered.
    pub(super) fn is_there(&self, path: &str) {
        let mut state = self.state();
        state.in_a_row = 0;
        if !state.silent.is_empty() {
            state.silent.remove(&endpoint(path));
        }
    }

    /// How often `path` is asked at most.
    pub(super) fn attempts_max(&self, path: &str) -> u32 {
        let state = self.state();
        if state.silent.is_empty() {
            return u32::MAX;
        }
        match state.silent.get(&endpoint(path)) {
            None => u32::MAX,
            Some(given_up) if *given_up < GIVEN_UP_MAX => ATTEMPTS_ONCE_GIVEN_UP_MAX,
            Some(_) => 1,
        }
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
        broken.answered("/v2/images");
        let server = |id: u32| format!("/v2/droplets/{id}/neighbors");
        for (id, attempts_max) in [(1, u32::MAX), (2, 6), (3, 6)] {
            assert_eq!(broken.attempts_max(&server(id)), attempts_max);
            assert_eq!(broken.leave(&server(id)), Standing::Fine);
        }
        let witnesses = ["/v2/account", "/v2/images"].map(str::to_owned);
        let doubtful = Standing::Doubtful(witnesses.to_vec());
        assert_eq!(broken.leave("/v2/volumes"), doubtful);
        broken.is_there("/v2/account");
        assert_eq!(broken.leave("/v2/domains"), Standing::Fine);
        assert_eq!(broken.attempts_max(&server(9)), 1);
        broken.answered(&server(9));
        assert_eq!(broken.attempts_max(&server(1)), u32::MAX);
        assert_eq!(broken.attempts_max("/v2/volumes?page=1"), 6);
    }
}
