//! Follows a captured source: batch after batch, and what has to be done between them.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::apply::{Applier, Ended, stored_catalogue};
use super::catalogue::Catalogue;
use super::reader::Reader;
use super::{Cut, install, keys, prune, remove};
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::base;
use crate::postgres::session::Session;
use crate::postgres::state::StreamState;
use crate::progress::Progress;

/// Time between two looks at the source while nothing happens there. A look reads its catalogue, so it is not made all the time.
const PAUSE: Duration = Duration::from_millis(100);
/// How often parts of the change table are emptied, and its size is looked at.
const TEND_EVERY: Duration = Duration::from_secs(10);

/// A stream that follows by capture, owned under one epoch.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    applier: Applier,
    position: Cut,
    catalogue: Catalogue,
    limit_bytes: u64,
    /// The stream's name in the state tables.
    stream: String,
    tended: Instant,
}

/// What an advance came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// Nothing was touched on the source: the target is what it was.
    Idle,
    /// So many touched keys were applied.
    Applied(u64),
    /// It was disturbed, and is to be tried again.
    Disturbed,
}

impl Follower {
    /// Goes on from the checkpoint.
    pub async fn open(from: &Address, state: &StreamState) -> Result<Follower, ReplicateError> {
        let mut applier = Applier::open(state).await?;
        let checkpoint = state.checkpoint(applier.session()).await?;
        let catalogue = stored_catalogue(applier.session(), state.name()).await?;
        let position = Cut::parse(&checkpoint.position).ok_or_else(|| {
            ReplicateError::Blocked(vec![
                "the checkpoint on the target is not one of a stream that follows by capture"
                    .to_owned(),
            ])
        })?;
        let mut source = Session::open(from).await?;
        let captured = keys::read(&mut source, &checkpoint.tables).await?;
        let limit_bytes = install::limit_bytes(&mut source).await?;
        Ok(Follower {
            reader: Reader::open(from, captured).await?,
            applier,
            position,
            catalogue,
            limit_bytes,
            stream: state.name().to_owned(),
            tended: Instant::now(),
        })
    }

    /// The snapshot that the target stands at.
    pub fn position(&self) -> &Cut {
        &self.position
    }

    /// Moves the target to the present state of the source.
    pub async fn advance(
        &mut self,
        publish: &watch::Sender<Progress>,
    ) -> Result<Advanced, ReplicateError> {
        let batch = self.reader.cut(&self.position, &self.catalogue).await?;
        let advanced = if batch.is_empty() {
            self.reader.end().await?;
            Advanced::Idle
        } else {
            match self
                .applier
                .apply(&mut self.reader, &batch, &self.catalogue)
                .await?
            {
                Ended::Disturbed => return Ok(Advanced::Disturbed),
                Ended::Committed => Advanced::Applied(batch.touched()),
            }
        };
        if advanced != Advanced::Idle {
            self.position = batch.to;
            self.catalogue = batch.catalogue;
        }
        publish.send_modify(|progress| {
            if let Advanced::Applied(touched) = advanced {
                progress.changes_applied += touched;
            }
            progress.applied = Some(batch.log_end);
        });
        Ok(advanced)
    }

    /// Empties what is needed no longer, and takes the capture off the source before what it notes fills the disk (rule 29).
    ///
    /// Keys that a verification's base holds are kept, but not at the cost of the capture: at half of its limit the base goes.
    pub async fn tend(&mut self) -> Result<(), ReplicateError> {
        let mut held = base::held(self.applier.session(), &self.stream).await?;
        let source = self.reader.present();
        if held.is_some() && install::noted_bytes(source).await? > self.limit_bytes / 2 {
            base::release(self.applier.session(), &self.stream).await?;
            held = None;
        }
        let needed: Vec<&Cut> = [Some(&self.position), held.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        let source = self.reader.present();
        prune::prune(source, &needed).await?;
        let noted_bytes = install::noted_bytes(source).await?;
        if noted_bytes <= self.limit_bytes {
            return Ok(());
        }
        remove::remove(source).await?;
        Err(ReplicateError::CaptureLost {
            reason: format!(
                "the noted changes took {} MB on the source, more than the limit of {} MB, so the triggers were removed",
                noted_bytes >> 20,
                self.limit_bytes >> 20
            ),
        })
    }

    /// Follows until it is cut off, which may happen anywhere.
    pub async fn follow(
        &mut self,
        publish: &watch::Sender<Progress>,
    ) -> Result<(), ReplicateError> {
        loop {
            if self.advance(publish).await? == Advanced::Idle {
                tokio::time::sleep(PAUSE).await;
            }
            if self.tended.elapsed() >= TEND_EVERY {
                self.tend().await?;
                self.tended = Instant::now();
            }
        }
    }
}
