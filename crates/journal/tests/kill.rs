//! A real process that ends without a word at a chosen append, and its successor.

use std::env;
use std::path::Path;
use std::process::{Command, abort};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reberth_journal::testing::{Patience, Scenario, ScratchJournal, block_on};
use reberth_journal::{AppendHook, AuditFinding, Clock, Engine, Event, Journal, Killed, RunState};

use crate::harbour::{Harbour, HarbourFile, voyage};

const JOURNAL: &str = "REBERTH_TEST_JOURNAL";
const HARBOUR: &str = "REBERTH_TEST_HARBOUR";
const ABORT_AT: &str = "REBERTH_TEST_ABORT_AT";

/// Aborts the process after an append.
struct AbortAt {
    at: u64,
    appends: AtomicU64,
}

impl AppendHook for AbortAt {
    fn after(&self, _event: &Event) -> Result<(), Killed> {
        if self.appends.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            abort();
        }
        Ok(())
    }
}

/// Carries the voyage as far as it gets, approving what it waits for.
fn sail(journal: &Journal, harbour: &Path) -> RunState {
    let mut context = HarbourFile(harbour.to_owned());
    let steps = voyage();
    loop {
        let mut state = None;
        block_on(Box::pin(async {
            let engine = Engine::new(journal, &Patience);
            let outcome = engine.start_or_resume("voyage", &steps, &mut context).await;
            state = Some(outcome.unwrap().state);
        }));
        match state.unwrap() {
            RunState::Waiting { hash, .. } => journal.approve(&hash, "Ada").map(drop).unwrap(),
            end => return end,
        }
    }
}

/// The child's part: sails until it aborts.
fn sail_as_child(at: &str) {
    let (journal, harbour) = (env::var(JOURNAL).unwrap(), env::var(HARBOUR).unwrap());
    let hook = AbortAt {
        at: at.parse().unwrap(),
        appends: AtomicU64::new(0),
    };
    let hook: Arc<dyn AppendHook> = Arc::new(hook);
    let journal = Journal::open_with(Path::new(&journal), Clock::System, Some(hook)).unwrap();
    sail(&journal, Path::new(&harbour));
}

#[test]
fn a_process_that_dies_is_followed_by_one_that_goes_on() {
    if let Ok(at) = env::var(ABORT_AT) {
        return sail_as_child(&at);
    }
    let mut aborts = 0;
    for at in [1, 2, 3, 4, 9, 10, 11, 12, 15, 16] {
        let (scratch, harbour) = (ScratchJournal::new(), Harbour::new());
        let child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::a_process_that_dies_is_followed_by_one_that_goes_on",
            ])
            .env(JOURNAL, scratch.path())
            .env(HARBOUR, harbour.file())
            .env(ABORT_AT, at.to_string())
            .output()
            .unwrap();
        aborts += u32::from(!child.status.success());
        assert_eq!(
            sail(&scratch.open(), &harbour.file()),
            RunState::Done,
            "at {at}"
        );
        let expected = ["+moor", "+load", "+clear_customs", "+sail"];
        assert_eq!(harbour.effects(), expected, "at {at}");
        let found = scratch.open().audit_verify().unwrap();
        assert!(
            matches!(found, AuditFinding::Intact(_)),
            "at {at}: {found:?}"
        );
    }
    assert_eq!(aborts, 10, "each child must have died");
}
