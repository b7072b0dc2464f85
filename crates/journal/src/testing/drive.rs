//! Driving a scenario on a journal file, with a hook that can end the process.

use std::fs::{create_dir_all, remove_dir_all};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{BlockOn, Scenario};
use crate::clock::Clock;
use crate::engine::{Engine, Outcome, Timer};
use crate::error::JournalError;
use crate::event::{Event, RunId};
use crate::state::RunState;
use crate::step::{BoxFuture, Step};
use crate::store::{AppendHook, Journal, Killed};

/// A run that waits for more approvals than this goes in circles.
const APPROVALS_MAX: usize = 100;

static SCRATCH_NUMBER: AtomicU64 = AtomicU64::new(0);

/// A journal file in a temporary folder of its own, removed when dropped.
#[derive(Debug)]
pub struct ScratchJournal {
    folder: PathBuf,
}

impl ScratchJournal {
    /// A place for a new journal.
    pub fn new() -> Self {
        let number = SCRATCH_NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("reberth-journal-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        create_dir_all(&folder).expect("the temporary folder of this host can be written");
        Self { folder }
    }

    /// The journal's file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("journal.db")
    }

    /// Opens it as a newly started process would, with dates that are the same in every run of the test.
    pub fn open(&self) -> Journal {
        open(&self.path(), None)
    }
}

impl Default for ScratchJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for ScratchJournal {
    fn drop(&mut self) {
        // A folder that cannot be removed is left to the host's own cleaning.
        let _ = remove_dir_all(&self.folder);
    }
}

/// A timer for tests: no wait is shorter than for ever, so no time limit is ever met. Waits between attempts are
/// switched off by the checks.
#[derive(Debug, Clone, Copy)]
pub struct Patience;

impl Timer for Patience {
    fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

/// Where the simulated process ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum KillPoint {
    Before(u64),
    After(u64),
}

/// Ends the caller at one append.
struct Killer {
    point: KillPoint,
    appends: AtomicU64,
}

impl AppendHook for Killer {
    fn before(&self, _run: &RunId, _kind: &str, _step: Option<&str>) -> Result<(), Killed> {
        let append = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
        match self.point {
            KillPoint::Before(at) if at == append => Err(Killed { append }),
            _ => Ok(()),
        }
    }

    fn after(&self, _event: &Event) -> Result<(), Killed> {
        let append = self.appends.load(Ordering::SeqCst);
        match self.point {
            KillPoint::After(at) if at == append => Err(Killed { append }),
            _ => Ok(()),
        }
    }
}

fn open(path: &Path, hook: Option<Arc<dyn AppendHook>>) -> Journal {
    Journal::open_with(path, Clock::stepping(1_767_225_600_000), hook)
        .expect("a scratch journal can be opened")
}

/// One life of the simulated process: starts the scenario's run, or goes on with it, and approves whatever it waits for.
pub(super) fn live<S: Scenario>(
    block_on: BlockOn<'_>,
    scratch: &ScratchJournal,
    scenario: &S,
    steps: &[Box<dyn Step<S::Context>>],
    kill: Option<KillPoint>,
) -> Result<Outcome, JournalError> {
    let hook = kill.map(|point| {
        let appends = AtomicU64::new(0);
        Arc::new(Killer { point, appends }) as Arc<dyn AppendHook>
    });
    let journal = open(&scratch.path(), hook);
    let mut context = scenario.context();
    for _ in 0..APPROVALS_MAX {
        let outcome = go_on(block_on, &journal, scenario.kind(), steps, &mut context)?;
        let RunState::Waiting { hash, .. } = &outcome.state else {
            return Ok(outcome);
        };
        journal.approve(hash, "the test")?;
    }
    panic!("the run asked for more than {APPROVALS_MAX} approvals");
}

fn go_on<C: Send>(
    block_on: BlockOn<'_>,
    journal: &Journal,
    kind: &str,
    steps: &[Box<dyn Step<C>>],
    context: &mut C,
) -> Result<Outcome, JournalError> {
    let engine = Engine::new(journal, &Patience);
    let mut result = None;
    block_on(Box::pin(async {
        result = Some(engine.start_or_resume(kind, steps, context).await);
    }));
    result.expect("the executor ran the future to its end")
}
