//! What a server says of itself.

use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::session::Session;

/// The server's version, such as 150018.
pub async fn version(session: &mut Session) -> Result<u32, ReplicateError> {
    let sql = "SELECT current_setting('server_version_num')::int";
    let row: Option<(u32,)> = session.row("asking for the version", sql).await?;
    Ok(row.unwrap_or_default().0)
}

/// Which server and which history it is: a restored copy has the number of its original and another timeline. Positions mean something within one
/// history only (rule 5).
pub async fn identity(session: &mut Session) -> Result<String, ReplicateError> {
    let sql = "SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT timeline_id FROM pg_control_checkpoint()) \
               || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())";
    let row: Option<(String,)> = session.row("asking which server it is", sql).await?;
    Ok(row.unwrap_or_default().0)
}

/// The end of the log.
pub async fn log_end(session: &mut Session) -> Result<LogPosition, ReplicateError> {
    let sql = "SELECT pg_current_wal_insert_lsn() - '0/0'";
    let row: Option<(u64,)> = session.row("asking for the end of the log", sql).await?;
    Ok(LogPosition::of_lsn(row.unwrap_or_default().0))
}
