//! Notices tables that come and go on the source while a slot is followed: a publication names its tables, so the log says nothing of a new one.

use std::time::Duration;

use crate::error::ReplicateError;
use crate::postgres::plan::StreamPlan;
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::postgres::table::{self, Tables};

/// How often the source's tables are listed.
const INTERVAL: Duration = Duration::from_secs(5);

/// Ends with an error as soon as the source has other tables than those that are followed.
pub(crate) async fn watch(plan: &StreamPlan, tables: &Tables) -> Result<(), ReplicateError> {
    loop {
        tokio::time::sleep(INTERVAL).await;
        match difference(plan, tables).await {
            Ok(None) => {}
            // What passes here, passes in the stream itself too, which reports it.
            Err(error) if error.may_retry() => {}
            Ok(Some(error)) | Err(error) => return Err(error),
        }
    }
}

async fn difference(
    plan: &StreamPlan,
    tables: &Tables,
) -> Result<Option<ReplicateError>, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let now = table::read(&mut source).await?;
    let new = now.keys().find(|path| !tables.contains_key(*path));
    let gone = tables.keys().find(|path| !now.contains_key(*path));
    let statement = match (new, gone) {
        (None, None) => return Ok(None),
        (Some(new), Some(gone)) => format!("ALTER TABLE {gone} RENAME TO {new}, or the like"),
        (Some(new), None) => format!("CREATE TABLE {new}"),
        (None, Some(gone)) => format!("DROP TABLE {gone}"),
    };
    Ok(Some(ReplicateError::SchemaChanged {
        position: server::log_end(&mut source).await?,
        statement,
        reason: "a slot is followed for the tables that were there when the stream began"
            .to_owned(),
    }))
}
