//! The stream back: a slot on the side that opens, and a checkpoint on the side that is left.

use reberth_replicate::ReplicateError;
use reberth_replicate::connection::Address;
use reberth_replicate::postgres::begin_equal::{begin_equal, end, leave};
use reberth_replicate::postgres::logical::slot;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::table::ReplicaIdentity;
use reberth_replicate::postgres::{method, resting, table};
use reberth_replicate::stream::Direction;
use serde_json::{Value, json};

use super::{Place, Postgres};
use crate::engine::Arming;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Refuses, while the application still writes, a passage whose way back could not be armed. Tells whether triggers of the side that is left will rest by name.
pub(super) async fn require_way_back(passage: &Passage<Postgres>) -> Result<Value, CutoverError> {
    if passage.stream.direction == Direction::Reverse {
        return Ok(json!([]));
    }
    let plan = &passage.back;
    let mut from = Session::open(&plan.from).await?;
    let choice = method::choose(&mut from).await?;
    let mut tables = table::read(&mut from).await?;
    // These are asked for their old rows when it is armed.
    tables.retain(|_, table| table.replica_identity != ReplicaIdentity::Unset);
    let mut blockers = slot::blockers(&tables);
    if choice.method != Method::Logical {
        blockers.push(format!(
            "the way back needs a replication slot on the target, and {}",
            choice.because
        ));
    }
    if !blockers.is_empty() {
        return Err(ReplicateError::Blocked(blockers).into());
    }
    let mut to = Session::open(&plan.to).await?;
    let by_session = resting::may_rest_by_session(&mut to).await?;
    Ok(
        json!({ "triggers_rest_on_the_source": if by_session { "in the stream's session" } else { "by name" } }),
    )
}

/// Begins it. Both sides are proven equal, and nobody writes.
pub(super) async fn arm(passage: &Passage<Postgres>) -> Result<Arming<Place>, CutoverError> {
    let plan = &passage.back;
    let resting = rest_where_needed(&plan.to).await?;
    let log = begin_equal(plan).await?;
    let mut from = Session::open(&plan.from).await?;
    let kept: Option<(String,)> = from
        .row(
            "asking for the log's retention",
            "SHOW max_slot_wal_keep_size",
        )
        .await?;
    Ok(Arming {
        from: Place {
            log,
            fence: None,
            base: None,
        },
        evidence: json!({ "slot": plan.mark(), "max_slot_wal_keep_size": kept.map(|(kept,)| kept), "triggers_resting": resting }),
    })
}

/// Puts triggers and rules to rest by name where the stream's session may not do it (rule 11).
pub(super) async fn rest_where_needed(to: &Address) -> Result<Vec<String>, CutoverError> {
    let mut to = Session::open(to).await?;
    if resting::may_rest_by_session(&mut to).await? {
        return Ok(Vec::new());
    }
    reberth_replicate::postgres::state::prepare_tables(&mut to).await?;
    Ok(resting::put(&mut to).await?)
}

/// Removes what [`arm`] made, also what a process that died left half made.
pub(super) async fn disarm(passage: &Passage<Postgres>) -> Result<Option<Value>, CutoverError> {
    let plan = &passage.back;
    let mut from = Session::open(&plan.from).await?;
    let mut to = Session::open(&plan.to).await?;
    let mut removed = leave(plan, &mut from, &mut to).await?;
    removed.extend(end(plan, &mut to).await?);
    let awake = resting::wake(&mut to).await?;
    let is_nothing = removed.is_empty() && awake.is_empty();
    Ok((!is_nothing).then(|| json!({ "removed": removed, "triggers_awake": awake })))
}
