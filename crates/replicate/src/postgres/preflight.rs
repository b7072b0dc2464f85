//! What must be done before a stream can begin: looked for before anything is written on either side.

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::logical::slot;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::Method;
use crate::postgres::table;

/// What blocks, each with its remedy; empty if nothing does. What blocks the schema is told where that is read.
pub async fn blockers(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    let mut blockers = Vec::new();
    if plan.method == Method::Logical {
        let mut source = Session::open(&plan.from).await?;
        blockers.extend(slot::blockers(&table::read(&mut source).await?));
    }
    blockers.extend(resting_triggers(&plan.to).await?);
    Ok(blockers)
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
