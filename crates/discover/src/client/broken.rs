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
use std::time::Duration;

/// So many paths given up since the last good answer raise the question whether the provider is there.
const IN_A_ROW_MAX: usize = 4;
/// Attempts at a path whose endpoint was given up before: two hundred servers are not each asked as long as the first.
const ATTEMPTS_ONCE_GIVEN_UP_MAX: u32 = 6;
/// So many paths of one endpoint given up as late, and each further one is asked once and for a short time: an endpoint that lets every request wait for
/// its whole time would cost hours otherwise. One that fails at once costs little, and what passes may pass.
const LATE_MAX: u32 = 3;
const ASKED_ONCE_TIMEOUT: Duration = Duration::from_secs(15);

/// What was left behind.
#[derive(Debug, Default)]
pub(super) struct BrokenPaths(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Paths given up since anything was answered.
    in_a_row: usize,
    /// Endpoints that did not answer since paths of theirs were given up, with how many of these were late.
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

/// How much is done for the answer of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// All that patience allows.
    Whole,
    /// Fewer attempts.
    Less,
    /// One attempt of a short time.
    Once,
}

impl Effort {
    /// How often the path is asked at most.
    pub(super) fn attempts_max(self) -> u32 {
        match self {
            Effort::Whole => u32::MAX,
            Effort::Less => ATTEMPTS_ONCE_GIVEN_UP_MAX,
            Effort::Once => 1,
        }
    }

    /// How long one attempt may take, of `whole` at most.
    pub(super) fn timeout(self, whole: Duration) -> Duration {
        match self {
            Effort::Whole | Effort::Less => whole,
            Effort::Once => whole.min(ASKED_ONCE_TIMEOUT),
        }
    }
}

impl BrokenPaths {
    /// Notes that `path` was given up, and whether because its answer was late.
    pub(super) fn leave(&self, path: &str, is_late: bool) -> Standing {
        let mut state = self.state();
        *state.silent.entry(endpoint(path)).or_default() += u32::from(is_late);
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

    /// How much is to be done for `path`. Asked once for a path: what others do meanwhile would change it on the way.
    pub(super) fn effort(&self, path: &str) -> Effort {
        let state = self.state();
        if state.silent.is_empty() {
            return Effort::Whole;
        }
        match state.silent.get(&endpoint(path)) {
            None => Effort::Whole,
            Some(late) if *late < LATE_MAX => Effort::Less,
            Some(_) => Effort::Once,
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
        for (id, effort) in [(1, Effort::Whole), (2, Effort::Less), (3, Effort::Less)] {
            assert_eq!(broken.effort(&server(id)), effort);
            assert_eq!(broken.leave(&server(id), true), Standing::Fine);
        }
        let witnesses = ["/v2/account", "/v2/images"].map(str::to_owned);
        let doubtful = Standing::Doubtful(witnesses.to_vec());
        assert_eq!(broken.leave("/v2/volumes", false), doubtful);
        broken.is_there("/v2/account");
        assert_eq!(broken.leave("/v2/domains", false), Standing::Fine);
        assert_eq!(broken.effort(&server(9)), Effort::Once);
        broken.answered(&server(9));
        assert_eq!(broken.effort(&server(1)), Effort::Whole);
        assert_eq!(broken.effort("/v2/volumes?page=1"), Effort::Less);
    }

    #[test]
    fn only_late_answers_shorten_the_time_for_others() {
        let broken = BrokenPaths::default();
        let server = |id: u32| format!("/v2/droplets/{id}/neighbors");
        for id in 0..9 {
            broken.leave(&server(id), false);
        }
        assert_eq!(broken.effort(&server(9)), Effort::Less);
        let whole = Duration::from_secs(60);
        for (effort, attempts_max, timeout) in [
            (Effort::Whole, u32::MAX, whole),
            (Effort::Less, 6, whole),
            (Effort::Once, 1, ASKED_ONCE_TIMEOUT),
        ] {
            assert_eq!(effort.attempts_max(), attempts_max);
            assert_eq!(effort.timeout(whole), timeout);
        }
        let short = Duration::from_secs(2);
        assert_eq!(Effort::Once.timeout(short), short);
    }
}
