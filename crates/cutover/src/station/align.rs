//! Counters of the side that opens are put past those of the side that was fenced.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::mysql::{counter, server};
use serde_json::json;

use super::Station;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Aligns counters. Its effect stays when the run turns back: higher counters on a side that is shut harm nobody.
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
        passage.noted = json!({ "counters_of": passage.from.name, "read": counters, "set": set, "margin": counter::MARGIN });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }
}
