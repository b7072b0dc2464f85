//! What must be done before a stream can begin: looked for before anything is written on either side.

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::logical::room::Room;
use crate::postgres::logical::slot;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::Method;
use crate::postgres::table::ReplicaIdentity;
use crate::postgres::{extension_rows, pooler, readable, table};

/// What blocks, each with its remedy; empty if nothing does. What blocks the schema is told where that is read.
pub async fn blockers(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    pooler::refuse(&plan.from).await?;
    pooler::refuse(&plan.to).await?;
    let mut blockers = Vec::new();
    let mut source = Session::open(&plan.from).await?;
    if plan.method == Method::Logical {
        let mut tables = table::read(&mut source).await?;
        // These are asked for their old rows when the stream begins.
        tables.retain(|_, table| table.replica_identity != ReplicaIdentity::Unset);
        blockers.extend(slot::blockers(&tables));
        blockers.extend(Room::read(plan, &mut source).await?.blocker());
    }
    blockers.extend(readable::blockers(&mut source).await?);
    blockers.extend(resting_triggers(&plan.to).await?);
    Ok(blockers)
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
    let sql = "SELECT quote_ident(current_user) WHERE NOT pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') AND EXISTS (SELECT FROM pg_stat_activity WHERE backend_type IS NULL)";
    let blind: Option<(String,)> = source.row("asking whose sessions are seen", sql).await?;
    if let Some((user,)) = blind {
        remarks.push(format!(
            "{user} does not see what the sessions of others do, so the copy is not slowed for their sake: GRANT pg_read_all_stats TO {user} on the source, or use --max-rate"
        ));
    }
    remarks.extend(extension_rows::remarks(&plan.from).await?);
    Ok(remarks)
}

/// The writer lets triggers and foreign keys rest: what they did on the source comes with the rows.
async fn resting_triggers(target: &Address) -> Result<Option<String>, ReplicateError> {
    let mut session = Session::open(target).await?;
    let sql = "SET session_replication_role = replica";
    match session.run("letting triggers rest", sql).await {
        Ok(_) => Ok(None),
        Err(ReplicateError::Refused { .. }) => {
            let sql = "SELECT quote_ident(current_user)";
            let user: Option<(String,)> = session.row("asking for the account", sql).await?;
            Ok(user.map(|(user,)| format!(
                "{user} may not set session_replication_role on the target: use a member of rds_superuser, or, from PostgreSQL 15 on, run GRANT SET ON PARAMETER session_replication_role TO {user} there"
            )))
        }
        Err(error) => Err(error),
    }
}
