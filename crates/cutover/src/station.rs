//! The stations of a passage: one file each, carried by the run engine as steps.

pub(crate) mod align;
pub(crate) mod arm;
pub(crate) mod decide;
pub(crate) mod drain;
pub(crate) mod fence;
pub(crate) mod jobs;
pub(crate) mod open;
pub(crate) mod ready;
pub(crate) mod stream;
pub(crate) mod switch;
pub(crate) mod unbuilt;
pub(crate) mod verified;

use std::future::Future;
use std::time::Duration;

use reberth_journal::{BoxFuture, Evidence, Observation, Policy, Step, StepError, Undo};

use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::{Passage, Side};

/// A station: what [`Step`] asks for, in plain async functions and with this crate's error.
pub(crate) trait Station<E: Engine>: Send + Sync {
    fn name(&self) -> &'static str;

    fn policy(&self) -> Policy;

    /// Whether the world is already so. Stations whose act is harmless when repeated act again.
    fn observe(
        &self,
        _passage: &mut Passage<E>,
    ) -> impl Future<Output = Result<Observation, CutoverError>> + Send {
        async { Ok(Observation::NotYet) }
    }

    fn act(
        &self,
        passage: &mut Passage<E>,
    ) -> impl Future<Output = Result<(), CutoverError>> + Send;

    fn verify(
        &self,
        passage: &mut Passage<E>,
    ) -> impl Future<Output = Result<Evidence, CutoverError>> + Send;

    fn undo(
        &self,
        _passage: &mut Passage<E>,
    ) -> impl Future<Output = Result<Undo, CutoverError>> + Send {
        async { Ok(Undo::NothingToUndo) }
    }

    fn approval_content(
        &self,
        _passage: &mut Passage<E>,
    ) -> impl Future<Output = Result<Evidence, CutoverError>> + Send {
        async { Ok(Evidence::Null) }
    }

    fn inspection(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What shuts or opens a side, within the time that its way of fencing may take.
pub(crate) async fn within<T>(
    limit: Duration,
    act: impl Future<Output = Result<T, CutoverError>>,
    too_long: impl FnOnce(String) -> CutoverError,
) -> Result<T, CutoverError> {
    let ended = tokio::time::timeout(limit, act).await;
    ended.unwrap_or_else(|_| {
        let reason = format!("it took longer than {} s", limit.as_secs());
        Err(too_long(reason))
    })
}

/// The error of an undo that took too long. Whatever held it up may pass, so it may be tried again.
pub(crate) fn unfinished(
    side: &Side,
    doing: &'static str,
) -> impl FnOnce(String) -> CutoverError + use<> {
    let side = side.name;
    move |reason| CutoverError::Unfinished {
        side,
        doing,
        reason,
    }
}

/// A station as a step.
pub(crate) struct Carried<S>(pub(crate) S);

impl<E: Engine, S: Station<E>> Step<Passage<E>> for Carried<S> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn policy(&self) -> Policy {
        self.0.policy()
    }

    fn observe<'a>(
        &'a self,
        passage: &'a mut Passage<E>,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            self.0
                .observe(passage)
                .await
                .map_err(CutoverError::into_step_error)
        })
    }

    fn act<'a>(&'a self, passage: &'a mut Passage<E>) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async {
            self.0
                .act(passage)
                .await
                .map_err(CutoverError::into_step_error)
        })
    }

    fn verify<'a>(
        &'a self,
        passage: &'a mut Passage<E>,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async {
            self.0
                .verify(passage)
                .await
                .map_err(CutoverError::into_step_error)
        })
    }

    fn undo<'a>(&'a self, passage: &'a mut Passage<E>) -> BoxFuture<'a, Result<Undo, StepError>> {
        Box::pin(async {
            self.0
                .undo(passage)
                .await
                .map_err(CutoverError::into_step_error)
        })
    }

    fn approval_content<'a>(
        &'a self,
        passage: &'a mut Passage<E>,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async {
            self.0
                .approval_content(passage)
                .await
                .map_err(CutoverError::into_step_error)
        })
    }

    fn inspection(&self) -> Vec<String> {
        self.0.inspection()
    }
}

#[cfg(test)]
mod tests {
    use reberth_replicate::{Address, Secret};

    use super::*;
    use crate::passage::FencedBy;

    /// What took too long may be a provider or a lock, so nothing is said of a server that does not answer.
    #[tokio::test]
    async fn an_undo_that_does_not_end_says_how_long_it_took_and_may_be_tried_again() {
        let url = Secret::new("postgres://fence@127.0.0.1:1/shop?tls=off".to_owned());
        let address = Address::parse(&url, "fence", "target").expect("an address");
        let side = Side {
            name: "target",
            fence: address.clone(),
            app: address.clone(),
            writer: address,
            fenced_by: FencedBy::Accounts,
        };
        let limit = Duration::from_secs(1);
        let too_long = unfinished(&side, "shutting the application out again");
        let ended = within::<()>(limit, std::future::pending(), too_long).await;
        let error = ended.expect_err("it does not end").into_step_error();
        assert_eq!(error.code, "RB-CUT-008");
        assert_eq!(
            error.what,
            "shutting the application out again on the target did not end: it took longer than 1 s"
        );
        assert!(error.retry);
    }
}
