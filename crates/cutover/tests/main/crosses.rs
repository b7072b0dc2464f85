//! What every passage of a test does, whichever servers it joins: it lives, dies, goes on, and tells how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reberth_cutover::{
    CUTOVER, Clockwork, Engine as Family, Passage, WAY_BACK, base_from_history, cutover_steps,
    way_back_steps,
};
use reberth_journal::testing::ScratchJournal;
use reberth_journal::{
    AppendHook, Clock, Engine, Event, Journal, JournalError, Killed, RunHistory, RunState, Step,
};
use reberth_testkit::ledger::Ledger;
use serde_json::Value;

/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

impl Way {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Way::There => CUTOVER,
            Way::Back => WAY_BACK,
        }
    }

    pub(crate) fn steps<E: Family>(self) -> Vec<Box<dyn Step<Passage<E>>>> {
        match self {
            Way::There => cutover_steps(),
            Way::Back => way_back_steps(),
        }
    }
}

/// What a life of the process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It approves what is asked of it.
    Given,
    /// It stops at the point of decision.
    Withheld,
}

/// Two servers with an application between them.
pub(crate) trait Crosses {
    type Family: Family;

    /// A passage from the policy alone.
    fn fresh_passage(&self, way: Way) -> Passage<Self::Family>;

    fn scratch(&self) -> &ScratchJournal;

    /// What the application got acknowledged.
    fn ledger(&self) -> &Ledger;

    /// A passage as a new process makes it: from the policy, the passage before it, and its own journal.
    fn passage(&self, way: Way) -> Passage<Self::Family> {
        let mut passage = self.fresh_passage(way);
        let journal = self.journal();
        let before = if way == Way::There { WAY_BACK } else { CUTOVER };
        if let Some(before) = last(&journal, before, true) {
            let (armed_from, locked) = base_from_history::<Self::Family>(&before);
            passage.locked_at_destination = locked;
            passage.equal_until = armed_from.filter(|_| way == Way::Back);
        }
        let unfinished = last(&journal, way.kind(), false);
        if let Some(history) = unfinished.filter(|history| !history.state().is_final()) {
            passage.recall(&history);
        }
        passage
    }

    fn journal(&self) -> Journal {
        self.journal_with(None)
    }

    fn journal_with(&self, hook: Option<Arc<dyn AppendHook>>) -> Journal {
        Journal::open_with(&self.scratch().path(), Clock::System, hook).expect("the journal opens")
    }

    /// One life of the process: starts or goes on, until it is done, waits, or is killed.
    async fn live(
        &self,
        way: Way,
        consent: Consent,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Result<RunState, JournalError> {
        let mut passage = self.passage(way);
        self.live_with(&mut passage, way, consent, hook).await
    }

    async fn live_with(
        &self,
        passage: &mut Passage<Self::Family>,
        way: Way,
        consent: Consent,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Result<RunState, JournalError> {
        let journal = self.journal_with(hook);
        let engine = Engine::new(&journal, &Clockwork);
        loop {
            let outcome = engine
                .start_or_resume(way.kind(), &way.steps(), passage)
                .await?;
            match (&outcome.state, consent) {
                (RunState::Waiting { hash, .. }, Consent::Given) => {
                    journal.approve(hash, "the test").map(drop)?
                }
                _ => return Ok(outcome.state),
            }
        }
    }

    /// A life that ends when a step comes to an event.
    async fn die_at(&self, way: Way, step: &'static str, event: &'static str) {
        let ended = self
            .live(way, Consent::Given, Some(Arc::new(DiesAt { step, event })))
            .await;
        assert!(
            matches!(ended, Err(JournalError::Killed(_))),
            "{ended:?}: {}",
            self.failure(way)
        );
    }

    /// A life that must end so, with a failure that begins so.
    async fn fails(&self, way: Way, state: &RunState, failure: &str) {
        let ended = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(ended, *state, "{}", self.failure(way));
        assert!(
            self.failure(way).starts_with(failure),
            "{}",
            self.failure(way)
        );
    }

    /// A person asks for another try of a stuck run, which then ends so.
    async fn retry(&self, way: Way, state: &RunState) {
        let journal = self.journal();
        let run = journal
            .latest_run(way.kind())
            .expect("the journal is read")
            .expect("there is a run");
        journal
            .request_retry(&run, "the test")
            .expect("a stuck run takes a retry");
        let ended = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(ended, *state, "{}", self.failure(way));
    }

    /// A passage that nothing disturbs. Returns the write downtime as the application saw it.
    async fn pass(&self, way: Way) -> u64 {
        let from = Instant::now();
        let state = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(state, RunState::Done, "{way:?}: {}", self.failure(way));
        self.the_application_writes().await;
        self.ledger().longest_gap_ms(from)
    }

    /// Asks the unfinished run to turn back, and lets it.
    async fn abort(&self, way: Way) -> RunState {
        let journal = self.journal();
        let run = journal
            .latest_run(way.kind())
            .expect("the journal is read")
            .expect("there is a run");
        journal
            .request_cancel(&run, "the test")
            .expect("a run that is not final takes a cancel");
        self.live(way, Consent::Withheld, None)
            .await
            .expect("the journal takes every event")
    }

    /// Waits for writes that are acknowledged from now on.
    async fn the_application_writes(&self) {
        let (before, deadline) = (self.ledger().acknowledged(), Instant::now() + PATIENCE);
        while self.ledger().acknowledged() < before + 5 {
            assert!(Instant::now() < deadline, "the application does not write");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn history(&self, way: Way) -> RunHistory {
        last(&self.journal(), way.kind(), false).expect("there is a run")
    }

    fn evidence(&self, way: Way, step: &str, pointer: &str) -> Value {
        let history = self.history(way);
        let detail = &history.step(step).expect("there is such a step").detail;
        detail
            .pointer(&format!("/evidence{pointer}"))
            .cloned()
            .unwrap_or_default()
    }

    /// Attempts at a step of the latest run that failed before one did not.
    fn failures(&self, way: Way, step: &str) -> u32 {
        let history = self.history(way);
        history.step(step).expect("there is such a step").failures
    }

    /// The step that failed for good in the latest run, its code, and what it said.
    fn failure(&self, way: Way) -> String {
        failure(&self.journal(), way)
    }
}

/// The step that failed for good in the latest run, its code, and what it said.
pub(crate) fn failure(journal: &Journal, way: Way) -> String {
    let Some(run) = journal.latest_run(way.kind()).expect("the journal is read") else {
        return "no run".to_owned();
    };
    let events = journal.events(&run).expect("the events are read");
    let text = |event: &Event, field: &str| {
        event
            .payload
            .pointer(&format!("/error/{field}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let failed = events
        .iter()
        .rev()
        .find(|event| event.kind == "step_failed");
    failed.map_or_else(
        || "nothing failed".to_owned(),
        |event| {
            format!(
                "{} {}: {}: {}",
                event.step.as_deref().unwrap_or_default(),
                text(event, "code"),
                text(event, "what"),
                text(event, "why")
            )
        },
    )
}

pub(crate) fn last(journal: &Journal, kind: &str, only_done: bool) -> Option<RunHistory> {
    let runs = journal.runs().expect("the journal is read");
    let histories = runs
        .iter()
        .map(|run| journal.history(run).expect("the history is read"));
    histories
        .filter(|history| {
            history.kind() == kind && (!only_done || *history.state() == RunState::Done)
        })
        .last()
}

/// Ends the process when a step comes to an event.
pub(crate) struct DiesAt {
    pub(crate) step: &'static str,
    pub(crate) event: &'static str,
}

impl AppendHook for DiesAt {
    fn after(&self, event: &Event) -> Result<(), Killed> {
        match event.step.as_deref() == Some(self.step) && event.kind == self.event {
            true => Err(Killed { append: event.seq }),
            false => Ok(()),
        }
    }
}
