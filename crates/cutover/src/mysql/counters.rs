//! AUTO_INCREMENT counters and programs of the side that opens.

use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::{counter, server};
use serde_json::{Value, json};

use super::{MySql, programs};
use crate::error::CutoverError;
use crate::passage::Passage;

/// Sets the counters past those of the side that was fenced, and makes its programs on the other.
pub(super) async fn align(passage: &Passage<MySql>) -> Result<Value, CutoverError> {
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
    Ok(
        json!({ "programs": programs, "triggers_taken_off": taken_off, "counters_of": passage.from.name, "read": counters, "set": set, "margin_most": counter::MARGIN }),
    )
}

/// Takes the triggers off again where the stream goes on.
pub(super) async fn unalign(passage: &Passage<MySql>) -> Result<Option<Value>, CutoverError> {
    let taken_off = programs::unmake(passage).await?;
    let put_back = programs::put_back(passage).await?;
    let is_nothing = taken_off.is_empty() && put_back.is_empty();
    Ok((!is_nothing)
        .then(|| json!({ "triggers_taken_off": taken_off, "triggers_put_back": put_back })))
}
