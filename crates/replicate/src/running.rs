//! A stream as it runs in this process, whatever its engine: watched, drained, stopped, and begun again after a passing error.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::progress::Progress;

/// Waits between tries after a passing error; the last one is repeated.
const RETRY_WAITS_MS: &[u64] = &[100, 200, 500, 1000, 2000, 5000];
/// A passing error that lasts longer than this without progress is handed to the operator.
const RETRY_LIMIT: Duration = Duration::from_secs(300);

/// One way through a stream's pipeline, from what stands on the target until a passing error breaks it.
pub(crate) trait Attempt: Send + 'static {
    /// Goes through it once.
    fn attempt(
        &mut self,
        publish: &watch::Sender<Progress>,
    ) -> impl Future<Output = Result<(), ReplicateError>> + Send;
}

/// A stream running in this process. Dropping it stops it at a safe point: what was not committed is read again.
#[derive(Debug)]
pub struct RunningStream {
    tasks: JoinSet<Result<(), ReplicateError>>,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
}

impl RunningStream {
    /// Starts what `attempt` runs.
    pub(crate) fn of(attempt: impl Attempt) -> RunningStream {
        let (publish, progress) = watch::channel(Progress::default());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(run_with_retries(attempt, publish, stopped));
        RunningStream {
            tasks,
            progress,
            stop,
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until the condition holds of the progress, or the stream ends. Returns `Ok(false)` if it was stopped before.
    pub async fn wait_until(
        &mut self,
        mut condition: impl FnMut(&Progress) -> bool,
    ) -> Result<bool, ReplicateError> {
        loop {
            if condition(&self.progress.borrow_and_update()) {
                return Ok(true);
            }
            tokio::select! {
                changed = self.progress.changed() => if changed.is_err() {
                    return self.ended().await.map(|()| condition(&self.progress.borrow()));
                },
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(result)) => return result.map(|()| condition(&self.progress.borrow())),
                    Some(Err(error)) => return Err(task_failed(&error)),
                    None => return Ok(false),
                },
            }
        }
    }

    /// Waits until everything up to the barrier is committed on the target.
    pub async fn drain(&mut self, barrier: &LogPosition) -> Result<bool, ReplicateError> {
        self.wait_until(|progress| {
            progress
                .applied
                .as_ref()
                .is_some_and(|applied| applied >= barrier)
        })
        .await
    }

    /// Stops at a safe point and waits for it.
    pub async fn stop(mut self) -> Result<(), ReplicateError> {
        // Nobody listens if the stream has ended already.
        let _ = self.stop.send(true);
        self.ended().await
    }

    /// How the stream ended, if it has ended without being told to.
    pub fn ended_by_itself(&mut self) -> Option<Result<(), ReplicateError>> {
        let ended = self.tasks.try_join_next()?;
        Some(ended.unwrap_or_else(|error| Err(task_failed(&error))))
    }

    async fn ended(&mut self) -> Result<(), ReplicateError> {
        match self.tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(task_failed(&error)),
            None => Ok(()),
        }
    }
}

pub(crate) fn task_failed(error: &tokio::task::JoinError) -> ReplicateError {
    ReplicateError::Blocked(vec![format!(
        "a part of the stream ended without a word: {error}; this is a defect of Reberth"
    )])
}

/// Runs the pipeline until told to stop, which may cut it off anywhere: the state on the target is right at every instant. After a
/// passing error it begins again from that state, for as long as that may help.
async fn run_with_retries(
    mut stream: impl Attempt,
    publish: watch::Sender<Progress>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ReplicateError> {
    let mut retries = Retries::default();
    loop {
        let before = publish.borrow().clone();
        let result = tokio::select! {
            result = stream.attempt(&publish) => result,
            () = is_stopped(&mut stopped) => return Ok(()),
        };
        let Err(error) = result else { return Ok(()) };
        let after = publish.borrow().clone();
        let has_come_further = (after.applied.as_ref(), after.chunks_done)
            != (before.applied.as_ref(), before.chunks_done);
        let wait = retries.wait_after(has_come_further, Instant::now());
        let Some(wait) = wait.filter(|_| error.may_retry()) else {
            return Err(error);
        };
        tell_retry(&publish, &error);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = is_stopped(&mut stopped) => return Ok(()),
        }
    }
}

/// How long something has failed with passing errors, and how often.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    failing_since: Option<Instant>,
    tries: usize,
}

impl Retries {
    /// How long to wait after a try that failed now, before the next one. `None`: none has come further for too long.
    pub(crate) fn wait_after(&mut self, has_come_further: bool, now: Instant) -> Option<Duration> {
        if has_come_further {
            *self = Retries::default();
        }
        let since = *self.failing_since.get_or_insert(now);
        let wait = RETRY_WAITS_MS[self.tries.min(RETRY_WAITS_MS.len() - 1)];
        self.tries += 1;
        (now.saturating_duration_since(since) <= RETRY_LIMIT).then(|| Duration::from_millis(wait))
    }
}

/// Tells whoever watches that this is tried again.
pub(crate) fn tell_retry(publish: &watch::Sender<Progress>, error: &ReplicateError) {
    publish.send_modify(|progress| {
        progress.retrying = Some(error.to_string());
        progress.retries += 1;
    });
}

async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone, which is as good as a stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_further_is_tried_for_as_long_as_it_does() {
        let mut retries = Retries::default();
        let start = Instant::now();
        let mut wait = |has_come_further, s| {
            let now = start + Duration::from_secs(s);
            let wait = retries.wait_after(has_come_further, now);
            wait.map(|wait| wait.as_millis())
        };
        let waits = [0, 1, 2, 3, 4, 5, 300].map(|s| wait(false, s));
        let expected = [100, 200, 500, 1000, 2000, 5000, 5000].map(Some);
        assert_eq!(waits, expected);
        assert_eq!(wait(false, 301), None);
        // Each try took longer than the limit, and came further.
        assert_eq!([wait(true, 700), wait(true, 1100)], [Some(100); 2]);
        assert_eq!([wait(false, 1400), wait(false, 1401)], [Some(200), None]);
    }
}
