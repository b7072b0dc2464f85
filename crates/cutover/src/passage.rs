//! What a passage from one side to the other works with.

use std::time::Instant;

use reberth_replicate::connection::Address;
use reberth_replicate::running::RunningStream;

use crate::edge::Edge;
use crate::engine::{Answer, Engine};
use crate::error::CutoverError;

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
