//! What no stream of rows carries: sequences, large objects, materialised views; and what must be so on a side before the application comes.

use reberth_replicate::postgres::begin_equal::{begin_equal, leave};
use reberth_replicate::postgres::finish::SEQUENCE_MARGIN;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::{large_object, materialised, resting, sequence};
use reberth_replicate::stream::Direction;
use serde_json::{Value, json};

use super::{Postgres, arm};
use crate::error::CutoverError;
use crate::passage::Passage;

/// Carries the large objects while the application still writes, so that little is left behind the fence.
pub(super) async fn carry_early(passage: &Passage<Postgres>) -> Result<Value, CutoverError> {
    let mut from = Session::open(&passage.stream.from).await?;
    let mut to = Session::open(&passage.to.writer).await?;
    Ok(json!({ "large_objects": large_object::carry(&mut from, &mut to).await? }))
}

/// Brings it level on the side that opens.
pub(super) async fn align(passage: &Passage<Postgres>) -> Result<Value, CutoverError> {
    let mut from = Session::open(&passage.stream.from).await?;
    let mut to = Session::open(&passage.to.writer).await?;
    let objects = large_object::carry(&mut from, &mut to).await?;
    let sequences = sequence::align(&mut from, &mut to, SEQUENCE_MARGIN).await?;
    let views = materialised::refresh(&mut from, &mut to).await?;
    let mut awake = Vec::new();
    let mut begun = None;
    if passage.stream.direction == Direction::Reverse {
        // The application wants them back, and this side's own stream begins again here: both sides are equal, and nobody writes.
        awake = resting::wake(&mut to).await?;
        if passage.back.method == Method::Logical {
            begun = Some(begin_equal(&passage.back).await?.to_string());
        }
    }
    Ok(json!({
        "counters_of": passage.from.name, "set": sequences, "margin": SEQUENCE_MARGIN, "large_objects": objects, "refreshed": views,
        "triggers_awake": awake, "first_stream_begins_again_at": begun,
    }))
}

/// The stream into this side goes on: triggers rest again, and the slot of the other one goes.
pub(super) async fn unalign(passage: &Passage<Postgres>) -> Result<Option<Value>, CutoverError> {
    if passage.stream.direction == Direction::Forward {
        return Ok(None);
    }
    let resting = arm::rest_where_needed(&passage.stream.to).await?;
    let removed = match passage.back.method {
        Method::Logical => {
            let mut from = Session::open(&passage.back.from).await?;
            let mut to = Session::open(&passage.back.to).await?;
            leave(&passage.back, &mut from, &mut to).await?
        }
        Method::TriggerCapture | Method::DumpWindow => Vec::new(),
    };
    let is_nothing = resting.is_empty() && removed.is_empty();
    Ok((!is_nothing).then(|| json!({ "triggers_resting": resting, "removed": removed })))
}

/// Refuses to open while a number that the other side gave could be given again: `nextval` goes through every fence.
pub(super) async fn require_level(passage: &Passage<Postgres>) -> Result<(), CutoverError> {
    let mut from = Session::open(&passage.stream.from).await?;
    let mut to = Session::open(&passage.to.writer).await?;
    let behind = sequence::behind(&mut from, &mut to).await?;
    if behind.is_empty() {
        return Ok(());
    }
    Err(super::fence::refuse(
        passage.from.name,
        format!(
            "numbers were taken from {} behind its fence, more than the margin of {SEQUENCE_MARGIN}",
            super::fence::list(&behind)
        ),
    ))
}
