//! Runs a stream as its operator wants it: reported on the server that it writes to, held while it is paused, ended when it was stopped for good.
//!
//! What is right or wrong about rows is decided in the engine's pipeline alone. This part starts and drops a [`RunningStream`], which may be
//! done at any instant. While a stream is held, no session on the side it reads from is open.

mod pace;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::pace::Pace;
use crate::error::ReplicateError;
use crate::operation::{Operation, Pause};
use crate::progress::{Progress, TableProgress};
use crate::running::{RunningStream, task_failed};

/// How often a stream is reported, and asked whether it is held.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long one report may take, with the connection that it may need. What is missed is told the next time.
const REPORT_LIMIT: Duration = Duration::from_secs(10);

/// What a supervisor needs of an engine: its pipeline, and the rows beside the checkpoint, over one session on the server that is written to.
pub(crate) trait Desk: Send + 'static {
    /// Starts the pipeline among others; see [`Supervised::of`].
    fn start(&self, copy_turns: Arc<Semaphore>) -> RunningStream;

    /// What is known of the stream besides its checkpoint.
    fn operation(&mut self) -> impl Future<Output = Result<Operation, ReplicateError>> + Send;

    /// Whether the stream has a checkpoint.
    fn is_begun(&mut self) -> impl Future<Output = Result<bool, ReplicateError>> + Send;

    /// Leaves word of the progress; `None`: the process ends in order.
    fn tell(
        &mut self,
        progress: Option<&Progress>,
    ) -> impl Future<Output = Result<(), ReplicateError>> + Send;

    /// What stands on the target of each table, with what the source estimates; `None`: nothing is begun.
    fn tables(
        &mut self,
    ) -> impl Future<Output = Result<Option<BTreeMap<String, TableProgress>>, ReplicateError>> + Send;

    /// Drops its session, which broke: the next question makes another.
    fn hang_up(&mut self);
}

/// How a supervised stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to end; another process may go on.
    Told,
    /// Another process took the stream over.
    Superseded,
    /// Somebody stopped the stream for good and removed its state.
    Stopped,
}

/// A stream in the hands of an operator. Dropping it ends it at a safe point, but leaves its last report to grow old.
#[derive(Debug)]
pub struct Supervised {
    task: JoinSet<Result<Ended, ReplicateError>>,
    progress: watch::Receiver<Progress>,
    end: watch::Sender<bool>,
}

impl Supervised {
    /// Runs what stands behind a desk: starts or goes on with a stream, or holds it if it is paused. `copy_turns` holds a permit for each copy worker that this process may run at
    /// a time; a stream whose turn has not come has not begun, so the source need not keep its log for it.
    pub(crate) fn of(desk: impl Desk, copy_turns: Arc<Semaphore>) -> Supervised {
        let (publish, progress) = watch::channel(Progress::default());
        let (end, told) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(async move {
            Supervisor {
                desk,
                copy_turns,
                publish,
                told,
                knows_tables: false,
                pace: Pace::default(),
            }
            .run()
            .await
        });
        Supervised {
            task,
            progress,
            end,
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// How it ended, if it has ended without being told to.
    pub fn ended_by_itself(&mut self) -> Option<Result<Ended, ReplicateError>> {
        let ended = self.task.try_join_next()?;
        Some(ended.unwrap_or_else(|error| Err(task_failed(&error))))
    }

    /// Ends it at a safe point and waits for it.
    pub async fn end(mut self) -> Result<Ended, ReplicateError> {
        // Nobody listens if it has ended already.
        let _ = self.end.send(true);
        match self.task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(task_failed(&error)),
            None => Ok(Ended::Told),
        }
    }
}

struct Supervisor<D> {
    desk: D,
    copy_turns: Arc<Semaphore>,
    publish: watch::Sender<Progress>,
    told: watch::Receiver<bool>,
    /// The totals were read once, which is enough when nothing is copied.
    knows_tables: bool,
    pace: Pace,
}

/// Whether a stream that was held is held still.
enum Held {
    Yes,
    No,
    Gone,
}

/// What a stream is to do next.
enum Next {
    Run,
    Hold,
    End(Ended),
}

impl<D: Desk> Supervisor<D> {
    async fn run(mut self) -> Result<Ended, ReplicateError> {
        let mut next = match self.pause().await? {
            Some(_) => Next::Hold,
            None => Next::Run,
        };
        loop {
            next = match next {
                Next::Run => self.run_stream().await?,
                Next::Hold => self.hold().await,
                Next::End(ended) => {
                    // A report that cannot be taken back grows old by itself.
                    let _ = timeout(REPORT_LIMIT, self.desk.tell(None)).await;
                    return Ok(ended);
                }
            };
        }
    }

    /// Runs the stream until it is held or ends.
    async fn run_stream(&mut self) -> Result<Next, ReplicateError> {
        let mut stream = self.desk.start(self.copy_turns.clone());
        loop {
            tokio::select! {
                () = tokio::time::sleep(REPORT_INTERVAL / 4) => {}
                () = is_told(&mut self.told) => {
                    stream.stop().await?;
                    return Ok(Next::End(Ended::Told));
                }
            }
            self.publish
                .send_replace(self.pace.complete(stream.progress()));
            if let Some(result) = stream.ended_by_itself() {
                return self.after(result).await;
            }
            if self.pace.is_due(REPORT_INTERVAL) && self.report().await.is_some() {
                stream.stop().await?;
                return Ok(Next::Hold);
            }
        }
    }

    /// Why a stream has ended by itself: whoever pauses it or stops it for good shuts it out first, so that shows as an error of its own.
    async fn after(&mut self, result: Result<(), ReplicateError>) -> Result<Next, ReplicateError> {
        let Err(error) = result else {
            return Ok(Next::End(Ended::Told));
        };
        let begun = self.publish.borrow().epoch > 0;
        let operation = self.desk.operation().await?;
        let is_gone = !self.desk.is_begun().await?;
        match (operation.pause, error) {
            (Some(_), ReplicateError::Superseded { .. }) => Ok(Next::Hold),
            // Held and let go before this process looked.
            (None, ReplicateError::Superseded { .. }) if operation.is_epoch_of_pause => {
                Ok(Next::Run)
            }
            (_, ReplicateError::Superseded { .. }) if !is_gone => Ok(Next::End(Ended::Superseded)),
            (_, _) if is_gone && begun => Ok(Next::End(Ended::Stopped)),
            (_, error) => Err(error),
        }
    }

    /// Waits, without a session on the side that is read, until the stream may go on.
    async fn hold(&mut self) -> Next {
        self.publish.send_modify(|progress| {
            progress.phase = "paused".to_owned();
            (progress.lag_ms, progress.lag_bytes) = (None, None);
        });
        loop {
            tokio::select! {
                () = tokio::time::sleep(REPORT_INTERVAL) => {}
                () = is_told(&mut self.told) => return Next::End(Ended::Told),
            }
            // Unknown is not free to go.
            match timeout(REPORT_LIMIT, self.still_held()).await {
                Ok(Ok(Held::No)) => return Next::Run,
                Ok(Ok(Held::Gone)) => return Next::End(Ended::Stopped),
                Ok(Ok(Held::Yes)) => {}
                _ => self.desk.hang_up(),
            }
            let progress = self.publish.borrow().clone();
            let _ = timeout(REPORT_LIMIT, self.desk.tell(Some(&progress))).await;
        }
    }

    async fn still_held(&mut self) -> Result<Held, ReplicateError> {
        if self.pause().await?.is_some() {
            return Ok(Held::Yes);
        }
        // Stopped for good meanwhile: it must not begin anew by itself.
        Ok(match self.desk.is_begun().await? {
            true => Held::No,
            false => Held::Gone,
        })
    }

    /// Leaves word of the progress, and asks whether the stream is held. What goes wrong here goes wrong in the stream itself too, which
    /// reports it; the session is then made again.
    async fn report(&mut self) -> Option<Pause> {
        let work = async {
            self.look_at_tables().await?;
            let progress = self.publish.borrow().clone();
            self.desk.tell(Some(&progress)).await?;
            self.pause().await
        };
        match timeout(REPORT_LIMIT, work).await {
            Ok(Ok(pause)) => pause,
            _ => {
                self.desk.hang_up();
                None
            }
        }
    }

    /// While rows are copied, asks how much of each table stands on the target.
    async fn look_at_tables(&mut self) -> Result<(), ReplicateError> {
        if self.knows_tables && self.publish.borrow().phase != "copying" {
            return Ok(());
        }
        if let Some(tables) = self.desk.tables().await? {
            self.knows_tables = true;
            self.pace.look(tables);
        }
        Ok(())
    }

    async fn pause(&mut self) -> Result<Option<Pause>, ReplicateError> {
        Ok(self.desk.operation().await?.pause)
    }
}

async fn is_told(told: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone, which is as good as being told.
    let _ = told.wait_for(|told| *told).await;
}
