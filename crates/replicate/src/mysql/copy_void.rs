//! Why a copy cannot go on: a schema change on the source makes the definition void under which a table is being read (rule 22).
//!
//! What the server says then is that there is no such column or table. The statement stands in the log behind the first position, which is where the
//! replay would stop too; it is looked for there, so that the stream stops with its place and its words whether the copy or the replay meets it first.

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::ddl::{COPY_NOT_CERTAIN, LoggedStatement};
use crate::mysql::log::LogEntry;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::server::{self, Flavour};
use crate::mysql::spool::Spool;
use crate::mysql::state::Checkpoint;

/// The server's words that a column or a table is not there, or not as it was when a snapshot was opened.
const NOT_AS_IT_WAS: [u16; 4] = [1051, 1054, 1146, 1412];

/// The error with which a copy ended, or the schema change behind it.
pub(crate) async fn explain(
    plan: &StreamPlan,
    checkpoint: &Checkpoint,
    spool: Option<&Spool>,
    source: &mut Session,
    flavour: Flavour,
    error: ReplicateError,
) -> ReplicateError {
    let is_void = matches!(&error, ReplicateError::Refused { side: "source", source, .. }
        if source.mysql_code().is_some_and(|code| NOT_AS_IT_WAS.contains(&code)));
    if !is_void {
        return error;
    }
    match find(plan, checkpoint, spool, source, flavour).await {
        Ok(Some(statement)) => statement.refuse(COPY_NOT_CERTAIN.to_owned()),
        Ok(None) | Err(_) => error,
    }
}

/// The first schema change in the log behind the first position, but for new tables.
async fn find(
    plan: &StreamPlan,
    checkpoint: &Checkpoint,
    spool: Option<&Spool>,
    source: &mut Session,
    flavour: Flavour,
) -> Result<Option<Box<LoggedStatement>>, ReplicateError> {
    let end = server::log_end(source, flavour).await?;
    let mut reader = plan.open_stream_log(checkpoint, spool).await?;
    loop {
        match reader.next().await? {
            LogEntry::SchemaChange(statement) if !statement.makes_a_table(&plan.database) => {
                return Ok(Some(statement));
            }
            LogEntry::Commit { end: read }
            | LogEntry::Prepared { end: read, .. }
            | LogEntry::Decided { end: read, .. }
                if read >= end =>
            {
                return Ok(None);
            }
            _ => {}
        }
    }
}
