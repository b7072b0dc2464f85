//! A run as its events tell it: its state, and what became of each step.

use serde::Serialize;
use serde_json::Value;

use crate::error::{JournalError, StepListProblem};
use crate::event::{EventKind, RunId};
use crate::state::{RunState, transition};

/// What became of a step. Derived from events, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Nothing was done for it.
    Pending,
    /// The engine turned to it; it did not act.
    Started,
    /// It may have acted; whether it did must be observed.
    Acting,
    /// It acted and was verified.
    Done,
    /// The world was already so.
    Observed,
    /// This version cannot do it.
    NotBuilt,
    /// There was nothing to do.
    NotApplicable,
    /// It failed for good.
    Failed,
    /// Its effect was taken back.
    Undone,
}

impl StepStatus {
    /// Whether the run goes on behind this step.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Done | Self::Observed | Self::NotBuilt | Self::NotApplicable => true,
            Self::Pending | Self::Started | Self::Acting | Self::Failed | Self::Undone => false,
        }
    }
}

/// One step as the events tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRecord {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: StepStatus,
    /// Whether this run may have changed the world through it and has not undone that.
    pub has_acted: bool,
    /// Whether the run cannot turn back behind it: it has no way back, and it acted or was found already so.
    pub is_one_way: bool,
    /// Attempts that failed since the beginning or the last retry by a person.
    pub failures: u32,
    /// Undo attempts that failed since the beginning or the last retry by a person.
    pub undo_failures: u32,
    /// Whether its undo failed for good.
    pub has_undo_failed: bool,
    /// What the last event about it brought along: evidence, a reason, or an error.
    pub detail: Value,
}

impl StepRecord {
    fn pending(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            status: StepStatus::Pending,
            has_acted: false,
            is_one_way: false,
            failures: 0,
            undo_failures: 0,
            has_undo_failed: false,
            detail: Value::Null,
        }
    }
}

/// A run as its events tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunHistory {
    run: RunId,
    kind: String,
    subject: Option<String>,
    state: Option<RunState>,
    steps: Vec<StepRecord>,
    is_cancel_requested: bool,
}

impl RunHistory {
    pub(crate) fn new(run: RunId) -> Self {
        Self {
            run,
            kind: String::new(),
            subject: None,
            state: None,
            steps: Vec::new(),
            is_cancel_requested: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.is_none()
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The kind of the run, such as `cutover`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which of several things of its kind it is about, such as the database; `None` in a run that names none.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether it is about `subject`. A run that names none was written when there was one subject only: it is about any.
    pub fn is_about(&self, subject: &str) -> bool {
        self.subject().is_none_or(|named| named == subject)
    }

    /// Where the run stands.
    pub fn state(&self) -> &RunState {
        // Only the journal hands out histories, and it refuses one without its first event.
        self.state
            .as_ref()
            .unwrap_or(&RunState::Running { step: None })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[StepRecord] {
        &self.steps
    }

    /// One step by its name.
    pub fn step(&self, name: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The names of the steps in order.
    pub fn step_names(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.name.clone()).collect()
    }

    /// How many steps the run has behind it.
    pub fn steps_settled(&self) -> usize {
        let settled = |step: &&StepRecord| step.status.is_settled();
        self.steps.iter().filter(settled).count()
    }

    /// Whether a step without a way back is behind, or may be.
    pub fn is_past_one_way(&self) -> bool {
        self.steps.iter().any(|step| step.is_one_way)
    }

    /// Whether a cancel was asked for and not yet answered.
    pub fn is_cancel_requested(&self) -> bool {
        self.is_cancel_requested
    }

    /// The first step that is not settled.
    pub(crate) fn next_step(&self) -> Option<&StepRecord> {
        self.steps.iter().find(|step| !step.status.is_settled())
    }

    /// The last step whose effect is still in the world.
    pub(crate) fn last_acted(&self) -> Option<&StepRecord> {
        self.steps.iter().rev().find(|step| step.has_acted)
    }

    /// Takes in one more event, or refuses it and stays as it was.
    pub fn apply(
        &mut self,
        event: &EventKind,
        step: Option<&str>,
        payload: &Value,
    ) -> Result<(), JournalError> {
        let next = transition(self.state.as_ref(), event, step, payload)
            .filter(|_| self.fits_steps(event, step));
        let Some(next) = next else {
            return Err(self.refusal(event, step));
        };
        self.state = Some(next);
        match event {
            EventKind::RunCreated => {
                payload["run_kind"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut self.kind);
                self.subject = payload["subject"].as_str().map(str::to_owned);
                self.steps = listed_steps(payload);
            }
            EventKind::StepsChanged => self.change_steps(&listed_steps(payload)),
            EventKind::CancelRequested => self.is_cancel_requested = true,
            EventKind::CancelRefused | EventKind::UnwindStarted => self.is_cancel_requested = false,
            EventKind::RetryRequested => self.forgive_failures(),
            _ => {}
        }
        let record = self
            .steps
            .iter_mut()
            .find(|record| step == Some(record.name.as_str()));
        if let Some(record) = record {
            apply_to_step(record, event, payload);
        }
        Ok(())
    }

    /// What the transition function cannot see: the steps come in order, act before they are done, are undone from the
    /// back, and a run ends only when nothing is left.
    fn fits_steps(&self, event: &EventKind, step: Option<&str>) -> bool {
        use EventKind as E;
        match event {
            E::StepStarted => {
                step.is_some() && self.next_step().map(|next| next.name.as_str()) == step
            }
            E::StepDone => step
                .and_then(|name| self.step(name))
                .is_some_and(|step| step.has_acted),
            E::UndoStarted => {
                step.is_some() && self.last_acted().map(|last| last.name.as_str()) == step
            }
            E::UnwindStarted => !self.is_past_one_way(),
            E::RunDone => self.next_step().is_none(),
            E::RunUndone | E::RunCancelled => self.last_acted().is_none(),
            _ => true,
        }
    }

    fn refusal(&self, event: &EventKind, step: Option<&str>) -> JournalError {
        let Some(state) = &self.state else {
            return JournalError::NoSuchRun {
                run: self.run.clone(),
            };
        };
        let step = step.map_or_else(String::new, |step| format!(" (step `{step}`)"));
        JournalError::IllegalTransition {
            run: self.run.clone(),
            state: state.to_string(),
            event: format!("{}{step}", event.as_str()),
        }
    }

    /// The begun steps keep their records, the rest of the list is taken over.
    fn change_steps(&mut self, listed: &[StepRecord]) {
        let begun = std::mem::take(&mut self.steps);
        self.steps = listed
            .iter()
            .map(|new| {
                let known = begun.iter().find(|record| record.name == new.name);
                known.unwrap_or(new).clone()
            })
            .collect();
    }

    fn forgive_failures(&mut self) {
        for step in &mut self.steps {
            step.failures = 0;
            step.undo_failures = 0;
            step.has_undo_failed = false;
            if step.status == StepStatus::Failed {
                step.status = StepStatus::Started;
            }
        }
    }

    /// Whether a list of step names can go on with this run; `true` when it differs from the recorded one.
    ///
    /// The steps that were begun must stand first, in the same order and under the same names: what was done can be
    /// undone only by a step of that name. Everything behind them may have changed.
    pub(crate) fn accept_steps(&self, names: &[String]) -> Result<bool, StepListProblem> {
        check_step_names(names)?;
        let is_begun = |step: &&StepRecord| step.status != StepStatus::Pending;
        for (place, begun) in self.steps.iter().filter(is_begun).enumerate() {
            if !names.contains(&begun.name) {
                return Err(StepListProblem::Unknown(begun.name.clone()));
            }
            let found = names.get(place).filter(|found| **found != begun.name);
            if let Some(found) = found {
                return Err(StepListProblem::Moved {
                    recorded: begun.name.clone(),
                    found: found.clone(),
                });
            }
        }
        Ok(names != self.step_names())
    }
}

/// A list of steps that a run can begin with: not empty, each name once.
pub(crate) fn check_step_names(names: &[String]) -> Result<(), StepListProblem> {
    if names.is_empty() {
        return Err(StepListProblem::Empty);
    }
    let twice = |(place, name): &(usize, &String)| names.iter().take(*place).any(|n| n == *name);
    match names.iter().enumerate().find(twice) {
        Some((_, name)) => Err(StepListProblem::Duplicate(name.clone())),
        None => Ok(()),
    }
}

fn listed_steps(payload: &Value) -> Vec<StepRecord> {
    payload["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(StepRecord::pending)
        .collect()
}

fn apply_to_step(record: &mut StepRecord, event: &EventKind, payload: &Value) {
    use EventKind as E;
    let is_final = payload["final"] == true;
    match event {
        E::StepStarted => record.status = StepStatus::Started,
        E::ActStarted => {
            record.status = StepStatus::Acting;
            record.has_acted = true;
            record.is_one_way = payload["one_way"] == true;
        }
        E::StepDone => record.status = StepStatus::Done,
        E::StepObserved => {
            record.status = StepStatus::Observed;
            record.is_one_way = payload["one_way"] == true;
        }
        E::StepNotBuilt => record.status = StepStatus::NotBuilt,
        E::StepNotApplicable => record.status = StepStatus::NotApplicable,
        E::StepFailed => {
            record.failures += 1;
            if is_final {
                record.status = StepStatus::Failed;
            }
        }
        E::UndoDone => {
            record.has_acted = false;
            record.status = StepStatus::Undone;
        }
        E::UndoFailed => {
            record.undo_failures += 1;
            record.has_undo_failed = is_final;
        }
        _ => return,
    }
    record.detail = payload.clone();
}
