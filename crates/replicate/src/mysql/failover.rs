//! The source has become another server: whether the stream may go on there, and where (rule 5).
//!
//! # Why nothing is lost or doubled
//!
//! Positions mean nothing in another server's log, names of transactions do. Let K be the names kept with the checkpoint. They are read from the
//! source after P0 and grow with every transaction that is applied, in the same commit. The first reading may name transactions behind P0; but they
//! stand in the log before the end of every chunk's reading, so once the stream follows, K names exactly what lies before the checkpoint. Hence a
//! failover is survived only while following; before that, chunks and positions of two servers would be mixed.
//!
//! The stream goes on at a place X of the new log if: everything in K has been executed there; everything before X is in K;
//! and nothing behind X is in K. Then what lies before X is exactly K, the target is the state of the new source at X, and following from X keeps it so. If no such X
//! exists, the two servers put transactions in different orders, or one of them has a transaction that the other one never had: the stream stops and names it.
//!
//! X is found by reading the new log from the last file at whose beginning nothing but K had been executed.
//! A server that purged that file, or that does not log what it received from another one (`log_slave_updates`), cannot be followed.

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::gtid::{Gtid, GtidSet};
use crate::mysql::log::executed::ExecutedLog;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::server::{self, Flavour};
use crate::mysql::state::{Checkpoint, Phase, StreamState};
use crate::position::LogPosition;

/// If the source is another server than the checkpoint's, makes the stream go on there. Returns whether it was.
pub(crate) async fn follow_source(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    checkpoint: &Checkpoint,
    source: &mut Session,
    target: &mut Session,
) -> Result<bool, ReplicateError> {
    let found = server::identity(source, flavour).await?;
    if found == checkpoint.source_identity {
        return Ok(false);
    }
    let is_same_family = Flavour::of(&checkpoint.source_identity) == flavour;
    let known = checkpoint
        .executed
        .as_ref()
        .filter(|_| is_same_family && checkpoint.phase == Phase::Following);
    let Some(known) = known else {
        return Err(ReplicateError::SourceChanged {
            position: checkpoint.position.clone(),
            expected: checkpoint.source_identity.clone(),
            found,
        });
    };
    let position = find_place(plan, flavour, &found, known, source).await?;
    state.change_source(target, &position, &found).await?;
    Ok(true)
}

/// The place in the new source's log before which stands exactly what is known.
async fn find_place(
    plan: &StreamPlan,
    flavour: Flavour,
    identity: &str,
    known: &GtidSet,
    source: &mut Session,
) -> Result<LogPosition, ReplicateError> {
    let diverged = |gtid: Option<Gtid>, reason: &str| ReplicateError::SourceDiverged {
        found: identity.to_owned(),
        transaction: gtid.map_or_else(|| "a transaction".to_owned(), |gtid| gtid.to_string()),
        reason: reason.to_owned(),
    };
    let executed = server::executed(source, flavour).await?;
    let executed = executed.unwrap_or_else(|| GtidSet::empty(flavour));
    if let Some(gtid) = known.missing_in(&executed) {
        return Err(diverged(
            Some(gtid),
            "is applied on the target, and is not in its log",
        ));
    }
    let end = server::log_end(source, flavour).await?;
    let mut log = open_last_known(plan, flavour, identity, known, source)
        .await?
        .map_err(|gtid| {
            diverged(
                gtid,
                "is not applied on the target, and its log does not reach back to it",
            )
        })?;
    let mut unknown: Option<(Gtid, LogPosition)> = None;
    while let Some((gtid, begin)) = log.next_before(&end).await? {
        match &unknown {
            None if !known.contains(&gtid) => unknown = Some((gtid, begin)),
            Some((first, _)) if known.contains(&gtid) => {
                return Err(diverged(
                    Some(first.clone()),
                    "stands in its log before others that are applied on the target already",
                ));
            }
            _ => {}
        }
    }
    Ok(unknown.map_or(end, |(_, begin)| begin))
}

/// Opens the last log file at whose beginning nothing but what is known had been executed. The inner error names what had been.
async fn open_last_known(
    plan: &StreamPlan,
    flavour: Flavour,
    identity: &str,
    known: &GtidSet,
    source: &mut Session,
) -> Result<Result<ExecutedLog, Option<Gtid>>, ReplicateError> {
    let mut stranger = None;
    for (file, _) in server::log_files(source).await?.iter().rev() {
        let Some(start) = LogPosition::new(file, 4) else {
            continue;
        };
        let mut log = ExecutedLog::open(&plan.from, flavour, identity, start).await?;
        match log.executed_before().await? {
            Some(before) => match before.missing_in(known) {
                None => return Ok(Ok(log)),
                missing => stranger = missing,
            },
            None => stranger = None,
        }
    }
    // A list with tags is not read here; of the oldest file it is what was purged.
    let oldest = server::log_files(source).await?.into_iter().next();
    let oldest = oldest.and_then(|(file, _)| LogPosition::new(&file, 4));
    let purged = server::purged(source, flavour).await?;
    let is_known = purged.is_some_and(|purged| purged.missing_in(known).is_none());
    match oldest.filter(|_| stranger.is_none() && is_known) {
        Some(start) => ExecutedLog::open(&plan.from, flavour, identity, start)
            .await
            .map(Ok),
        None => Ok(Err(stranger)),
    }
}
