//! Finds out whether a pooler answers in the place of a server, which no stream can stand on.
//!
//! A pooler hands each transaction, or each session, to some server session of its own. Settings, temporary tables, advisory locks and the replication protocol
//! belong to a session, so under a pooler our triggers would not rest, and the session that a successor ends would be another's. The server's number for a
//! session tells: at login it is told together with the key by which a query is cancelled, and a pooler tells a key of its own there, since it
//! cannot know which server session will be ours (PostgreSQL manual, "Message Formats", BackendKeyData).

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::session::Session;

/// Transactions that are asked for their session: a pooler whose keys are the server's would show by another one.
const TRANSACTIONS: usize = 3;

/// An error if a pooler answers.
pub async fn refuse(address: &Address) -> Result<(), ReplicateError> {
    let mut session = Session::open(address).await?;
    for _ in 0..TRANSACTIONS {
        let sql = "SELECT pg_backend_pid()";
        let row: Option<(u32,)> = session.row("asking for the session's number", sql).await?;
        if row != Some((session.id(),)) {
            return Err(found(address));
        }
    }
    Ok(())
}

/// The error.
pub(crate) fn found(address: &Address) -> ReplicateError {
    ReplicateError::Pooler {
        side: address.side(),
        host: address.host(),
    }
}

/// Whether a refusal at login is that of a pooler: PgBouncer knows some settings and refuses a session that comes with any other.
pub(crate) fn is_told_by(message: &str) -> bool {
    message.starts_with("unsupported startup parameter")
}
