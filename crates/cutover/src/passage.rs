//! What a passage from one side to the other works with.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reberth_replicate::connection::Address;
use reberth_replicate::running::RunningStream;

use crate::edge::Edge;
use crate::engine::{Answer, Engine};
use crate::error::CutoverError;

/// How long shutting or opening a side may take without a provider.
const ACT_LIMIT: Duration = Duration::from_secs(60);
/// No shutting or opening takes longer: the run engine's own limit.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(3 * 3600);

/// One side of a passage: how it is fenced and opened.
#[derive(Clone, Debug)]
pub struct Side {
    /// `source` or `target`, which is also the front door's word for it.
    pub name: &'static str,
    /// Locks and unlocks accounts and ends sessions.
    pub fence: Address,
    /// The application's own account.
    pub app: Address,
    /// Sets counters and other things that the side needs before it opens.
    pub writer: Address,
    /// What shuts it. A server of PostgreSQL is always shut by its accounts and triggers.
    pub fenced_by: FencedBy,
}

/// What shuts a side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FencedBy {
    /// The accounts that can write are locked.
    #[default]
    Accounts,
    /// The server is set `read_only`.
    ReadOnly,
    /// The provider changes the passwords of the accounts that can write.
    Provider(ProviderFence),
}

impl FencedBy {
    /// As the policy names it.
    pub fn name(&self) -> &'static str {
        match self {
            FencedBy::Accounts => "accounts",
            FencedBy::ReadOnly => "read_only",
            FencedBy::Provider(_) => "provider",
        }
    }

    /// How long shutting or opening a side may take: what waits for a provider has its own measure.
    pub(crate) fn limit(&self) -> Duration {
        match self {
            FencedBy::Accounts | FencedBy::ReadOnly => ACT_LIMIT,
            FencedBy::Provider(provider) => ACT_LIMIT + 2 * provider.wait,
        }
    }
}

/// What has a provider shut a side, and open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFence {
    /// A program and its arguments; none: a person does it.
    pub shut: Vec<String>,
    /// What opens it again; none: a person does it.
    pub open: Vec<String>,
    /// How long either may take.
    pub wait: Duration,
}

/// Tells a person, while a state is being carried out, what only a person can do.
#[derive(Clone)]
pub struct Herald(Arc<dyn Fn(&str) + Send + Sync>);

impl Herald {
    /// One that hands each sentence on.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Herald {
        Herald(Arc::new(tell))
    }

    pub(crate) fn tell(&self, sentence: &str) {
        (self.0)(sentence);
    }
}

impl fmt::Debug for Herald {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Herald")
    }
}

/// A passage from one side to the other, and what is known on the way. What is known is lost with the process, so each part is
/// either asked for again or read from the journal.
#[derive(Debug)]
pub struct Passage<E: Engine> {
    /// The database.
    pub database: String,
    /// The side that has the writes now.
    pub from: Side,
    /// The side that gets them.
    pub to: Side,
    /// The stream from `from` to `to`.
    pub stream: E::Plan,
    /// The stream back, armed before `to` opens.
    pub back: E::Plan,
    /// The front door.
    pub edge: Edge,
    /// Accounts that may keep writing, as [`Engine::Account`] shows them.
    pub exempt: Vec<String>,
    /// Up to here in the log of `from` both sides are proven equal.
    pub equal_until: Option<E::Place>,
    /// Accounts of `from` that the fence locks.
    pub writers: Vec<E::Account>,
    /// Accounts of `to` that an earlier passage locked there, and that this one unlocks.
    pub locked_at_destination: Vec<E::Account>,
    /// Accounts of `to` that this passage unlocks: known before anything is fenced, so that an undo locks exactly these again.
    pub(crate) opens: Vec<E::Account>,
    /// What writes on `from` by the clock.
    pub(crate) jobs: E::Jobs,
    /// Who tells a person what to do.
    pub herald: Herald,
    /// When the fence was raised, on this process's clock.
    pub fenced_at: Option<Instant>,
    pub(crate) running: Option<RunningStream>,
    pub(crate) running_back: Option<RunningStream>,
    pub(crate) memory: E::Memory,
    pub(crate) noted: serde_json::Value,
}

impl<E: Engine> Passage<E> {
    /// A passage of which nothing is known yet.
    pub fn new(
        database: &str,
        from: Side,
        to: Side,
        stream: E::Plan,
        back: E::Plan,
        edge: Edge,
        exempt: Vec<String>,
    ) -> Passage<E> {
        Passage {
            database: database.to_owned(),
            from,
            to,
            stream,
            back,
            edge,
            exempt,
            equal_until: None,
            writers: Vec::new(),
            locked_at_destination: Vec::new(),
            opens: Vec::new(),
            jobs: E::Jobs::default(),
            herald: Herald::new(|_| {}),
            fenced_at: None,
            running: None,
            running_back: None,
            memory: E::Memory::default(),
            noted: serde_json::Value::Null,
        }
    }

    /// The stream of this passage, started if it does not run in this process yet: that shuts out any other process's.
    pub(crate) fn running(&mut self) -> &mut RunningStream {
        let plan = &self.stream;
        self.running.get_or_insert_with(|| E::start(plan))
    }

    /// Waits until the stream has applied everything up to a place.
    pub(crate) async fn drain_to(&mut self, place: &E::Place) -> Result<(), CutoverError> {
        match self.running().drain(E::log_of(place)).await? {
            true => Ok(()),
            false => Err(CutoverError::StreamEnded {
                goal: format!("it had drained to {place}"),
            }),
        }
    }

    /// The position up to which both sides are proven equal.
    pub(crate) fn proven_until(&self) -> Result<E::Place, CutoverError> {
        self.equal_until
            .clone()
            .ok_or(CutoverError::NothingToGoBackFrom {
                what: "the position up to which both sides were proven equal",
            })
    }

    /// Proves that the application is not let in to a side, or not let write. Returns the server's words.
    pub(crate) async fn prove_shut(&mut self, side: &Side) -> Result<String, CutoverError> {
        match E::send_canary(self, &side.app).await? {
            Answer::Refused(words) => Ok(words),
            Answer::Accepted(_) => Err(CutoverError::NotFenced {
                side: side.name,
                reason: format!(
                    "the application's account {} logs in and writes",
                    side.app.user()
                ),
            }),
        }
    }

    /// Proves again that nobody writes to `from`: that the application is refused there, and that the log carries no change behind the last proof. What
    /// was proven minutes ago, or by a process that died, need not be so any more.
    pub(crate) async fn prove_still_fenced(&mut self) -> Result<String, CutoverError> {
        let from = self.from.clone();
        let words = self.prove_shut(&from).await?;
        let barrier = self.proven_until()?;
        self.prove_silent(&barrier).await?;
        Ok(words)
    }

    /// Proves that the log of `from`, read past a barrier taken after the fence, carries no change in scope (rule 38). Returns up to where it was read.
    pub(crate) async fn prove_silent(
        &mut self,
        barrier: &E::Place,
    ) -> Result<String, CutoverError> {
        let behind = E::behind(self, barrier).await?;
        if behind.changes > 0 {
            return Err(CutoverError::WrittenBehindBarrier {
                changes: behind.changes,
                barrier: barrier.to_string(),
            });
        }
        Ok(behind.until)
    }

    /// Takes the back stream, if it runs in this process, to keep it running after the passage.
    pub fn take_back_stream(&mut self) -> Option<RunningStream> {
        self.running_back.take()
    }
}
