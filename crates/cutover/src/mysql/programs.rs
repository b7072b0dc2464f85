//! Triggers, and with them views, routines and sequences, at a passage: made on the side that opens, taken off the side that is left.
//!
//! A server runs its triggers for rows that a stream brings, and those rows' own effects are in the stream already. So a side has its triggers only
//! while it takes the application's writes: the one that opens gets them after the drain, and the one that was left loses them before the stream back
//! begins, with the definitions kept on that very server ([`keep`]). An undo goes the same way back. The account that writes on a side needs the right
//! `TRIGGER` for it; giving it is the consent, and without it nothing is fenced.

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::Session;
use reberth_replicate::mysql::objects::{Account, Kind, keep, level, right};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::{sequence, server};
use serde_json::{Value, json};

use super::MySql;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Refuses, while the application still writes, a passage whose triggers could not be moved, or not be put back.
pub(super) async fn require_movable(passage: &Passage<MySql>) -> Result<Value, CutoverError> {
    let mut from = server::writer(&passage.from.writer).await?;
    let names = keep::visible_triggers(&mut from, &passage.database).await?;
    if names.is_empty() {
        return Ok(json!([]));
    }
    for (session, side) in [
        (&mut from, passage.from.name),
        (
            &mut server::writer(&passage.to.writer).await?,
            passage.to.name,
        ),
    ] {
        if let Some(refusal) = right::to_make_functions(session).await? {
            return Err(blocked(format!(
                "the {side} would not let its writing account make triggers again: {refusal}; set log_bin_trust_function_creators=1 there"
            )));
        }
    }
    require_definers(&mut from, passage, Kind::Trigger).await?;
    Ok(json!(names))
}

/// Refuses programs that the writing account of the side that is left could take away, and not bring back as they were.
pub(super) async fn require_definers(
    from: &mut Session,
    passage: &Passage<MySql>,
    kind: Kind,
) -> Result<(), CutoverError> {
    let refused = keep::foreign_definers(from, &passage.database, kind).await?;
    if refused.is_empty() {
        return Ok(());
    }
    Err(blocked(format!(
        "the writing account of the {} could not put back {}: give it SET USER (MariaDB) or SET_ANY_DEFINER (MySQL)",
        passage.from.name,
        refused.join(", ")
    )))
}

fn blocked(reason: String) -> CutoverError {
    ReplicateError::Blocked(vec![reason]).into()
}

/// Makes on the target what may exist beside a stream and has changed on the source since the stream began.
pub(super) async fn bring_level(
    passage: &Passage<MySql>,
) -> Result<Vec<level::Made>, CutoverError> {
    let mut reader = server::reader(&passage.stream.from).await?;
    let mut to = server::writer(&passage.stream.to).await?;
    let others = Kind::BESIDE_A_STREAM;
    Ok(level::bring(&mut reader, &mut to, &passage.database, &others, None).await?)
}

/// Makes on the side that opens what the other one holds. What was taken off there for the stream comes back as it was.
pub(super) async fn make(passage: &Passage<MySql>) -> Result<Value, CutoverError> {
    let database = &passage.database;
    let mut to = server::writer(&passage.to.writer).await?;
    let put_back = keep::put_triggers_back(&mut to, database).await?;
    let mut reader = server::reader(&passage.stream.from).await?;
    let sequences = sequence::align(&mut reader, &mut to, database).await?;
    let instead = application(passage);
    let mut made = match passage.stream.direction {
        Direction::Forward => {
            let others = Kind::BESIDE_A_STREAM;
            level::bring(&mut reader, &mut to, database, &others, instead.clone()).await?
        }
        // The source's views and routines never left it.
        Direction::Reverse => Vec::new(),
    };
    // The reader need not see triggers; who takes them off must.
    let mut from = server::writer(&passage.from.writer).await?;
    made.extend(level::bring(&mut from, &mut to, database, &[Kind::Trigger], instead).await?);
    Ok(json!({ "made": made, "triggers_put_back": put_back, "sequences": sequences }))
}

/// The application's own account on the side that opens: the definer of what belongs to nobody there.
fn application(passage: &Passage<MySql>) -> Option<Account> {
    let app = passage.to.app.user();
    let account = passage.opens.iter().find(|account| account.user == app)?;
    Some(Account {
        user: account.user.clone(),
        host: account.host.clone(),
    })
}

/// Undoes [`make`]: the side that did not open takes in the stream again.
pub(super) async fn unmake(passage: &Passage<MySql>) -> Result<Vec<String>, CutoverError> {
    let mut to = server::writer(&passage.to.writer).await?;
    Ok(match passage.stream.direction {
        // They came from the other side, which has them still.
        Direction::Forward => level::drop_triggers(&mut to, &passage.database).await?,
        Direction::Reverse => keep::take_triggers(&mut to, &passage.database).await?,
    })
}

/// Takes the triggers off the side that was left, and keeps them there.
pub(super) async fn take_off(passage: &Passage<MySql>) -> Result<Vec<String>, CutoverError> {
    let mut from: Session = server::writer(&passage.from.writer).await?;
    Ok(keep::take_triggers(&mut from, &passage.database).await?)
}

/// Undoes [`take_off`].
pub(super) async fn put_back(passage: &Passage<MySql>) -> Result<Vec<String>, CutoverError> {
    let mut from = server::writer(&passage.from.writer).await?;
    Ok(keep::put_triggers_back(&mut from, &passage.database).await?)
}
