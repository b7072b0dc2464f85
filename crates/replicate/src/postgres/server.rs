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

/// Bytes of a page of the log, and of its head: a larger one begins each file.
const LOG_PAGE_BYTES: u64 = 8192;
const LOG_PAGE_HEADS: [u64; 2] = [24, 40];

/// The end of the log.
pub async fn log_end(session: &mut Session) -> Result<LogPosition, ReplicateError> {
    let sql = "SELECT pg_current_wal_insert_lsn() - '0/0'";
    let row: Option<(u64,)> = session.row("asking for the end of the log", sql).await?;
    Ok(LogPosition::of_lsn(without_page_head(
        row.unwrap_or_default().0,
    )))
}

/// A place in the log that a stream has to pass so that everything is applied which is visible now.
///
/// The end of the log alone is not one for a stream whose batches are snapshots: a transaction's commit may stand in the log for a moment before anybody sees
/// the transaction, and a stream that looked in that moment has passed that end without it. So something is written behind the end first: the commit of an
/// empty transaction with a number. A look that finds the log past that was taken later, and sees what was visible then.
pub async fn barrier(session: &mut Session) -> Result<LogPosition, ReplicateError> {
    session
        .run("setting a barrier", "SELECT pg_current_xact_id()")
        .await?;
    log_end(session).await
}

/// The server tells where its next record begins. On a fresh page that is behind the page's head, which nobody who follows the log ever reaches before
/// there is a record; what is written ends where the page begins.
fn without_page_head(lsn: u64) -> u64 {
    match lsn % LOG_PAGE_BYTES {
        head if LOG_PAGE_HEADS.contains(&head) => lsn - head,
        _ => lsn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_fresh_page_is_not_waited_for() {
        let page = 7 * LOG_PAGE_BYTES;
        for (told, written) in [
            (page, page),
            (page + 24, page),
            (page + 40, page),
            (page + 32, page + 32),
        ] {
            assert_eq!(without_page_head(told), written);
        }
    }
}
