//! Counters of the side that opens are put past those of the side that was fenced, and its programs are brought level.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Undo};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::{counter, server};
use serde_json::json;

use super::{Station, programs};
use crate::error::CutoverError;
use crate::passage::Passage;

/// Aligns counters and programs. The counters stay when the run turns back: higher ones on a side that is shut harm nobody. Triggers do not: the stream
/// goes on there.
pub(crate) struct Aligned {
    pub(crate) name: &'static str,
}

impl Station for Aligned {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(300))
    }

    async fn act(&self, passage: &mut Passage) -> Result<(), CutoverError> {
        let mut from = server::reader(&passage.stream.from).await?;
        let flavour = server::version(&mut from).await?.flavour;
        let counters = counter::read(&mut from, flavour, &passage.database).await?;
        let mut to = server::writer(&passage.to.writer).await?;
        let flavour = server::version(&mut to).await?.flavour;
        let set = counter::align(&mut to, flavour, &passage.database, &counters).await?;
        let programs = programs::make(passage).await?;
        // A way back arms no stream of its own: the side it leaves takes in the first stream again.
        let taken_off = match passage.stream.direction {
            Direction::Forward => Vec::new(),
            Direction::Reverse => programs::take_off(passage).await?,
        };
        passage.noted = json!({ "programs": programs, "triggers_taken_off": taken_off, "counters_of": passage.from.name, "read": counters, "set": set, "margin": counter::MARGIN });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage) -> Result<Undo, CutoverError> {
        let taken_off = programs::unmake(passage).await?;
        let put_back = programs::put_back(passage).await?;
        if taken_off.is_empty() && put_back.is_empty() {
            return Ok(Undo::NothingToUndo);
        }
        Ok(Undo::Reverted(
            json!({ "triggers_taken_off": taken_off, "triggers_put_back": put_back }),
        ))
    }
}
