//! What a passage from one side to the other works with.

use std::time::Instant;

use reberth_replicate::connection::Address;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::schema::Schema;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::touched::Touched;
use reberth_replicate::position::LogPosition;

use crate::edge::Edge;
use crate::error::CutoverError;
use crate::fence::{Account, Fence, canary};
use crate::station::jobs::Events;

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
pub struct Passage {
    /// The database.
    pub database: String,
    /// The side that has the writes now.
    pub from: Side,
    /// The side that gets them.
    pub to: Side,
    /// The stream from `from` to `to`.
    pub stream: StreamPlan,
    /// The stream back, armed before `to` opens.
    pub back: StreamPlan,
    /// The front door.
    pub edge: Edge,
    /// Accounts that may keep writing, `user@host`.
    pub exempt: Vec<String>,
    /// Up to here in the log of `from` both sides are proven equal.
    pub equal_until: Option<LogPosition>,
    /// Accounts of `from` that the fence locks.
    pub writers: Vec<Account>,
    /// Accounts of `to` that an earlier passage locked there, and that this one unlocks.
    pub locked_at_destination: Vec<Account>,
    /// Accounts of `to` that this passage unlocks: known before anything is fenced, so that an undo locks exactly these again.
    pub(crate) opens: Vec<Account>,
    /// Scheduled events of `from`.
    pub(crate) events: Events,
    /// When the fence was raised, on this process's clock.
    pub fenced_at: Option<Instant>,
    pub(crate) running: Option<RunningStream>,
    pub(crate) running_back: Option<RunningStream>,
    pub(crate) schema: Option<Schema>,
    pub(crate) noted: serde_json::Value,
}

impl Passage {
    /// A passage of which nothing is known yet.
    pub fn new(
        database: &str,
        from: Side,
        to: Side,
        stream: StreamPlan,
        back: StreamPlan,
        edge: Edge,
        exempt: Vec<String>,
    ) -> Passage {
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
            events: Events::default(),
            fenced_at: None,
            running: None,
            running_back: None,
            schema: None,
            noted: serde_json::Value::Null,
        }
    }

    /// The stream of this passage, started if it does not run in this process yet: that shuts out any other process's.
    pub(crate) fn running(&mut self) -> &mut RunningStream {
        let plan = &self.stream;
        self.running
            .get_or_insert_with(|| RunningStream::start(plan.clone()))
    }

    /// The schema as the stream knows it.
    pub(crate) async fn schema(&mut self) -> Result<Schema, CutoverError> {
        if let Some(schema) = &self.schema {
            return Ok(schema.clone());
        }
        let mut session = server::reader(&self.stream.from).await?;
        let schema = reberth_replicate::mysql::schema::read(&mut session, &self.database).await?;
        self.schema = Some(schema.clone());
        Ok(schema)
    }

    /// The end of the log of `from`.
    pub(crate) async fn log_end(&self) -> Result<LogPosition, CutoverError> {
        // The end of another server's log would say nothing about this stream.
        let stream = self.stream.at_its_server().await?;
        let mut session = server::reader(&stream.from).await?;
        let flavour = server::version(&mut session).await?.flavour;
        Ok(server::log_end(&mut session, flavour).await?)
    }

    /// The fence of the side that has the writes.
    pub(crate) async fn fence_of_origin(&self) -> Result<Fence, CutoverError> {
        Fence::open(
            &self.from,
            &self.database,
            &[self.stream.from.user(), self.back.to.user()],
            &self.exempt,
        )
        .await
    }

    /// The fence of the side that gets the writes.
    pub(crate) async fn fence_of_destination(&self) -> Result<Fence, CutoverError> {
        Fence::open(
            &self.to,
            &self.database,
            &[self.stream.to.user(), self.back.from.user()],
            &self.exempt,
        )
        .await
    }

    /// The position up to which both sides are proven equal.
    pub(crate) fn proven_until(&self) -> Result<LogPosition, CutoverError> {
        self.equal_until
            .clone()
            .ok_or(CutoverError::NothingToGoBackFrom {
                what: "the position up to which both sides were proven equal",
            })
    }

    /// Proves again that nobody writes to `from`: that the application is refused there, and that the log carries no change behind the last proof. What
    /// was proven minutes ago, or by a process that died, need not be so any more.
    pub(crate) async fn prove_still_fenced(&mut self) -> Result<String, CutoverError> {
        let schema = self.schema().await?;
        let words = canary::prove_shut(&self.from.app, self.from.name, &schema).await?;
        let barrier = self.proven_until()?;
        let behind = Touched::read(
            &self.stream,
            &schema,
            barrier.clone(),
            &self.log_end().await?,
        )
        .await?;
        if behind.changes > 0 {
            return Err(CutoverError::WrittenBehindBarrier {
                changes: behind.changes,
                barrier: barrier.to_string(),
            });
        }
        Ok(words)
    }

    /// Takes the back stream, if it runs in this process, to keep it running after the passage.
    pub fn take_back_stream(&mut self) -> Option<RunningStream> {
        self.running_back.take()
    }
}
