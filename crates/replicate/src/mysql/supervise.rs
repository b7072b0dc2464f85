//! Runs a stream as its operator wants it: reported on the server that it writes to, held while it is paused, ended when it was stopped for good.
//!
//! What is right or wrong about rows is decided in [`super::pipeline`] alone. This part starts and drops a [`RunningStream`], which may be
//! done at any instant. While a stream is held, no session on the side it reads from is open.

mod pace;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::pace::Pace;
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::{RunningStream, StreamPlan, task_failed};
use crate::mysql::schema::Schema;
use crate::mysql::state::operation::{self, Pause};
use crate::mysql::{server, state};
use crate::progress::Progress;

/// How often a stream is reported, and asked whether it is held.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long one report may take, with the connection that it may need. What is missed is told the next time.
const REPORT_LIMIT: Duration = Duration::from_secs(10);

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
    /// Starts or goes on with a stream, or holds it if it is paused. `copy_turns` holds a permit for each copy worker that this process may run at
    /// a time; a stream whose turn has not come has not begun, so the source need not keep its log for it.
    pub fn start(plan: StreamPlan, copy_turns: Arc<Semaphore>) -> Supervised {
        let (publish, progress) = watch::channel(Progress::default());
        let (end, told) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(async move {
            Supervisor {
                plan,
                copy_turns,
                publish,
                told,
                session: None,
                schema: None,
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

struct Supervisor {
    plan: StreamPlan,
    copy_turns: Arc<Semaphore>,
    publish: watch::Sender<Progress>,
    told: watch::Receiver<bool>,
    /// On the server that is written to; made again after it broke.
    session: Option<Session>,
    /// For the totals; read once.
    schema: Option<Schema>,
    pace: Pace,
}

/// What a stream is to do next.
enum Next {
    Run,
    Hold(Pause),
    End(Ended),
}

impl Supervisor {
    async fn run(mut self) -> Result<Ended, ReplicateError> {
        let mut next = match self.pause().await? {
            Some(pause) => Next::Hold(pause),
            None => Next::Run,
        };
        loop {
            next = match next {
                Next::Run => self.run_stream().await?,
                Next::Hold(pause) => self.hold(pause).await,
                Next::End(ended) => {
                    // A report that cannot be taken back grows old by itself.
                    let _ = timeout(REPORT_LIMIT, self.tell(None)).await;
                    return Ok(ended);
                }
            };
        }
    }

    /// Runs the stream until it is held or ends.
    async fn run_stream(&mut self) -> Result<Next, ReplicateError> {
        let mut stream = RunningStream::start_in_turn(self.plan.clone(), self.copy_turns.clone());
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
            if self.pace.is_due(REPORT_INTERVAL)
                && let Some(pause) = self.report().await
            {
                stream.stop().await?;
                return Ok(Next::Hold(pause));
            }
        }
    }

    /// Why a stream has ended by itself: whoever pauses it or stops it for good shuts it out first, so that shows as an error of its own.
    async fn after(&mut self, result: Result<(), ReplicateError>) -> Result<Next, ReplicateError> {
        let Err(error) = result else {
            return Ok(Next::End(Ended::Told));
        };
        let begun = self.publish.borrow().epoch > 0;
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        let session = self.session().await?;
        let operation = operation::read(session, direction, &database).await?;
        let is_gone = state::peek(session, direction, &database).await?.is_none();
        match (operation.pause, error) {
            (Some(pause), ReplicateError::Superseded { .. }) => Ok(Next::Hold(pause)),
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
    async fn hold(&mut self, pause: Pause) -> Next {
        self.publish.send_modify(|progress| {
            progress.phase = "paused".to_owned();
            (progress.lag_ms, progress.lag_bytes) = (None, None);
        });
        let mut held = Some(pause);
        while held.is_some() {
            tokio::select! {
                () = tokio::time::sleep(REPORT_INTERVAL) => {}
                () = is_told(&mut self.told) => return Next::End(Ended::Told),
            }
            // Unknown is not free to go.
            let asked = timeout(REPORT_LIMIT, self.pause()).await;
            if let Ok(Ok(pause)) = asked {
                held = pause;
            }
            let progress = self.publish.borrow().clone();
            let _ = timeout(REPORT_LIMIT, self.tell(Some(&progress))).await;
        }
        Next::Run
    }

    /// Leaves word of the progress, and asks whether the stream is held. What goes wrong here goes wrong in the stream itself too, which
    /// reports it; the session is then made again.
    async fn report(&mut self) -> Option<Pause> {
        let work = async {
            self.look_at_tables().await?;
            let progress = self.publish.borrow().clone();
            self.tell(Some(&progress)).await?;
            self.pause().await
        };
        match timeout(REPORT_LIMIT, work).await {
            Ok(Ok(pause)) => pause,
            _ => {
                self.session = None;
                None
            }
        }
    }

    /// While rows are copied, asks how much of each table stands on the target.
    async fn look_at_tables(&mut self) -> Result<(), ReplicateError> {
        if self.schema.is_some() && self.publish.borrow().phase != "copying" {
            return Ok(());
        }
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        if self.schema.is_none() {
            let checkpoint = state::peek(self.session().await?, direction, &database).await?;
            self.schema = checkpoint.map(|checkpoint| checkpoint.schema);
        }
        if self.schema.is_none() {
            return Ok(());
        }
        let totals = state::copy_totals(self.session().await?, direction, &database).await?;
        if let Some(schema) = &self.schema {
            self.pace.look(schema, &totals);
        }
        Ok(())
    }

    async fn tell(&mut self, progress: Option<&Progress>) -> Result<(), ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        operation::report(self.session().await?, direction, &database, progress).await
    }

    async fn pause(&mut self) -> Result<Option<Pause>, ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        let operation = operation::read(self.session().await?, direction, &database).await?;
        Ok(operation.pause)
    }

    async fn session(&mut self) -> Result<&mut Session, ReplicateError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => server::writer(&self.plan.to).await?,
        };
        Ok(self.session.insert(session))
    }
}

async fn is_told(told: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone, which is as good as being told.
    let _ = told.wait_for(|told| *told).await;
}
