//! What a step is, and what it promises.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// A future that may be boxed and sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a stranger needs to check that a step is done. Never a secret value.
pub type Evidence = Value;

/// What a step found when it looked.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// The world is not yet as the step wants it, or is half way there.
    NotYet,
    /// The world is already so, and this shows it.
    AlreadySo(Evidence),
    /// This version of Reberth cannot do this step. Recorded as such, never as done.
    NotBuilt {
        /// Why not, and what a person should do instead.
        reason: String,
    },
    /// There is nothing here for this step to do. Recorded as such, never as done.
    NotApplicable {
        /// Why not.
        reason: String,
    },
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// The effect was there and is gone now.
    Reverted(Evidence),
    /// There was nothing left to take back: as good as reverted.
    AlreadyGone,
    /// The step never changes anything, it only looks or waits.
    NothingToUndo,
}

/// Whether a run can turn back behind a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversibility {
    /// `undo` takes the effect back completely.
    Reversible,
    /// Once the step has begun to act, the run no longer unwinds by itself.
    OneWay,
}

/// How often something is tried, and how long is waited in between. The wait doubles each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all; 0 is taken as 1.
    pub attempts_max: u32,
    /// The wait after the first failure.
    pub backoff_first: Duration,
    /// No wait is longer.
    pub backoff_max: Duration,
}

impl Retry {
    /// One attempt.
    pub const ONCE: Self = Self {
        attempts_max: 1,
        backoff_first: Duration::ZERO,
        backoff_max: Duration::ZERO,
    };

    /// A number of attempts with waits of 0.5 s, 1 s, 2 s ... up to 30 s.
    pub const fn times(attempts_max: u32) -> Self {
        Self {
            attempts_max,
            backoff_first: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
        }
    }

    /// How long to wait after so many failures.
    pub fn backoff(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
        self.backoff_first
            .saturating_mul(doubled)
            .min(self.backoff_max)
    }
}

/// How the engine treats a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts and waits, for the way forward and for the undo.
    pub retry: Retry,
    /// How long each of `observe`, `act`, `verify` and `undo` may take.
    pub time_limit: Duration,
    /// Whether the run can turn back behind this step.
    pub reversibility: Reversibility,
    /// Whether a person must approve [`Step::approval_content`] before the step acts.
    pub needs_approval: bool,
}

impl Policy {
    /// A step with an undo, tried once.
    pub const fn reversible(time_limit: Duration) -> Self {
        Self {
            retry: Retry::ONCE,
            time_limit,
            reversibility: Reversibility::Reversible,
            needs_approval: false,
        }
    }

    /// A step without a way back, tried once.
    pub const fn one_way(time_limit: Duration) -> Self {
        Self {
            reversibility: Reversibility::OneWay,
            ..Self::reversible(time_limit)
        }
    }

    /// The same with other attempts.
    pub const fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The same, after a person's approval only.
    pub const fn with_approval(self) -> Self {
        Self {
            needs_approval: true,
            ..self
        }
    }
}

/// Why a step failed: what failed, why, what to do now, may it simply be tried again. Written into the journal, so no
/// text in it may hold a secret value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepError {
    /// The code; its page is `docs/errors/CODE.md`.
    pub code: &'static str,
    /// What failed.
    pub what: String,
    /// Why.
    pub why: String,
    /// What a person should do now.
    pub hint: String,
    /// Whether the same attempt may succeed later by itself.
    pub retry: bool,
}

impl StepError {
    /// The failure of a step that took too long. What it did until then must be observed.
    pub(crate) fn out_of_time(step: &str, phase: &str, limit: Duration) -> Self {
        Self {
            code: "RB-JRN-018",
            what: format!("`{phase}` of step `{step}` took too long"),
            why: format!("it was not finished after its limit of {limit:?}"),
            hint: "look at the system it works on; the step is observed before it acts again"
                .to_owned(),
            retry: true,
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}: {}", self.code, self.what, self.why)
    }
}

impl std::error::Error for StepError {}

/// One step of a run, over a context `C` that holds the connections to the world.
///
/// The contract:
/// - A process may die at any instant. So `act` and `undo` are harmless when repeated, also after a half-done attempt.
/// - `observe` and `verify` change nothing.
/// - `observe` says [`Observation::AlreadySo`] only when *everything* that `act` would do is there.
///   Its evidence must then stand for itself: only a step on which this run has acted is verified.
/// - A future of a step may be dropped at any await when its time is up. What it leaves must be such that `observe`
///   sees it right.
/// - A step that was found already so before it ever acted is not undone: it is as this run found it.
/// - A [`Reversibility::Reversible`] step that changes anything implements `undo`.
pub trait Step<C>: Send + Sync {
    /// Its name: stable over versions, unique within the run.
    fn name(&self) -> &str;

    /// How the engine treats it.
    fn policy(&self) -> Policy;

    /// Looks whether the world is already so.
    fn observe<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Observation, StepError>>;

    /// Changes the world.
    fn act<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<(), StepError>>;

    /// Proves that the change is there.
    fn verify<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Evidence, StepError>>;

    /// Takes the change back; "already gone" is success.
    fn undo<'a>(&'a self, context: &'a mut C) -> BoxFuture<'a, Result<Undo, StepError>> {
        let _ = context;
        Box::pin(async { Ok(Undo::NothingToUndo) })
    }

    /// What a person approves, when the policy asks for it. The same content must give the same value each time.
    fn approval_content<'a>(
        &'a self,
        context: &'a mut C,
    ) -> BoxFuture<'a, Result<Value, StepError>> {
        let _ = context;
        Box::pin(async { Ok(Value::Null) })
    }

    /// Commands with which a person looks at what this step may have left half done.
    fn inspection(&self) -> Vec<String> {
        Vec::new()
    }
}
