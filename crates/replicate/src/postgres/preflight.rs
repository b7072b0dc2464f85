//! What must be done before a stream can begin: looked for before anything is written on either side.

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::logical::room::Room;
use crate::postgres::logical::slot;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::Method;
use crate::postgres::table::ReplicaIdentity;
use crate::postgres::{large_object, pooler, sequence, table};

/// What blocks, each with its remedy; empty if nothing does. What blocks the schema is told where that is read.
pub async fn blockers(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    pooler::refuse(&plan.from).await?;
    pooler::refuse(&plan.to).await?;
    let mut blockers = Vec::new();
    if plan.method == Method::Logical {
        let mut source = Session::open(&plan.from).await?;
        let mut tables = table::read(&mut source).await?;
        // These are asked for their old rows when the stream begins.
        tables.retain(|_, table| table.replica_identity != ReplicaIdentity::Unset);
        blockers.extend(slot::blockers(&tables));
        blockers.extend(Room::read(plan, &mut source).await?.blocker());
    }
    blockers.extend(unreadable(plan).await?);
    blockers.extend(resting_triggers(&plan.to).await?);
    Ok(blockers)
}

/// What is no table, and is read only when the application stands still: that it may not be read must be known before.
async fn unreadable(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let user = plan.from.user();
    let sequences = sequence::unreadable(&mut source).await?;
    let objects = large_object::unreadable(&mut source).await?;
    let blocker = |what: &str, names: &[String]| {
        let first = names.first()?;
        let count = names.len();
        Some(format!(
            "{user} may not read {count} {what}(s) of the source: GRANT SELECT ON {} {first} TO {user} there, and so for each",
            what.to_uppercase()
        ))
    };
    let sequences = blocker("sequence", &sequences);
    let objects = blocker("large object", &objects);
    Ok(sequences.into_iter().chain(objects).collect())
}

/// An error that names everything that blocks, if anything does.
pub async fn require(plan: &StreamPlan) -> Result<(), ReplicateError> {
    let blockers = blockers(plan).await?;
    match blockers.is_empty() {
        true => Ok(()),
        false => Err(ReplicateError::Blocked(blockers)),
    }
}

/// What an operator should know before a stream begins; nothing of it is in the way.
pub async fn remarks(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let mut remarks = Vec::new();
    if plan.method == Method::DumpWindow {
        remarks.push("stop the application's writes before `start` and keep them stopped until `finish` has compared every row: the copy is the move".to_owned());
    }
    if plan.method == Method::Logical {
        remarks.extend(Room::read(plan, &mut source).await?.remark());
        let sql = "SELECT pg_size_bytes(setting || coalesce(unit, '')) FROM pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting <> '-1'";
        let doing = "asking how much log a slot may keep";
        let limit: Option<(u64,)> = source.row(doing, sql).await?;
        remarks.push(match limit {
            Some((bytes,)) => format!(
                "max_slot_wal_keep_size is {} MB: a stream that stands still while the source writes more than that must begin anew",
                bytes >> 20
            ),
            None => "max_slot_wal_keep_size is not set on the source: a stream that stands still lets its log grow until the disk is full; watch it".to_owned(),
        });
    }
    let sql = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type IS NULL)";
    let sees: Option<(bool,)> = source.row("asking whose sessions are seen", sql).await?;
    if sees != Some((true,)) {
        remarks.push(format!(
            "{} does not see what the sessions of others do, so the copy is not slowed for their sake: GRANT pg_read_all_stats TO {} on the source, or use --max-rate",
            plan.from.user(), plan.from.user()
        ));
    }
    Ok(remarks)
}

/// The writer lets triggers and foreign keys rest: what they did on the source comes with the rows.
async fn resting_triggers(target: &Address) -> Result<Option<String>, ReplicateError> {
    let mut session = Session::open(target).await?;
    let sql = "SET session_replication_role = replica";
    match session.run("letting triggers rest", sql).await {
        Ok(_) => Ok(None),
        Err(ReplicateError::Refused { .. }) => Ok(Some(format!(
            "{} may not set session_replication_role on the target: use a member of rds_superuser, or, from PostgreSQL 15 on, run GRANT SET ON PARAMETER session_replication_role TO {} there",
            target.user(),
            target.user()
        ))),
        Err(error) => Err(error),
    }
}
