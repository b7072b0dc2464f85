//! What the operator does about an error.

use super::ReplicateError;

impl ReplicateError {
    /// What the operator does now.
    pub fn hint(&self) -> &'static str {
        match self {
            ReplicateError::Address { .. } => {
                "set the environment variable to mysql://user:password@host:port/database, or postgres://… for PostgreSQL"
            }
            ReplicateError::Unreachable { .. } | ReplicateError::Silent { .. } => {
                "check that the server is up and reachable from here, then run the same command again: it goes on where it stopped"
            }
            ReplicateError::Refused { .. } => {
                "grant what the message names, or correct the credential, then run the same command again"
            }
            ReplicateError::DiskFull { .. } => {
                "give the server more disk, or free some, then run the same command again: it goes on where it stopped"
            }
            ReplicateError::Blocked(_) => {
                "run `reberth replicate plan`, follow the remedy beside each blocker, then start again"
            }
            ReplicateError::TargetNotEmpty { .. } => {
                "empty the target database or name another one; Reberth never writes over rows it did not bring"
            }
            ReplicateError::SourceChanged { .. } => {
                "point the reader back at the first server; or run `reberth replicate stop` and start anew from this one"
            }
            ReplicateError::Spool { .. } => {
                "make the folder writable, or free its disk, then run the same command again; the file itself may be deleted: what it held is read from the source's log again, if that still has it"
            }
            ReplicateError::Unkept { .. } => {
                "nothing is lost: the source keeps such a transaction until it commits; the folder `.reberth/spool` wants room for it"
            }
            ReplicateError::SourceDiverged { .. } => {
                "point the reader at a server that has the whole history (log_slave_updates on, nothing lost in the failover); or run `reberth replicate stop`, empty the target, and start anew from this one"
            }
            ReplicateError::LogPurged { .. } => {
                "nothing applied so far is lost, but the gap cannot be closed: raise the source's log retention, run `reberth replicate stop`, empty the target, and start anew"
            }
            ReplicateError::SchemaChanged { .. } => {
                "everything before it is applied; if the target follows already: do by hand on the target what the statement did on the source, then `reberth replicate start --past POSITION` with the position above; otherwise run `reberth replicate stop`, empty the target, and start anew"
            }
            ReplicateError::StatementLogged { .. } => {
                "find the session that sets binlog_format=STATEMENT and stop it; then run `reberth replicate stop` and start anew"
            }
            ReplicateError::LogUnreadable { .. } => {
                "the page of this code lists what is read and what is not; nothing past this point was applied"
            }
            ReplicateError::Superseded { .. } => {
                "nothing to do: the newer process goes on from the same checkpoint"
            }
            ReplicateError::Diverged { .. } => {
                "somebody else writes to the target, or this is a defect of Reberth: run `reberth replicate verify`, keep its report, then start anew"
            }
            ReplicateError::TableUnsupported { .. } => {
                "follow the remedy that `reberth replicate plan` shows for this table"
            }
            ReplicateError::SchemaUnread { .. } => {
                "install the client programs of the newer of the two PostgreSQL versions, or grant what the message names, then run the same command again"
            }
            ReplicateError::SchemaItem { .. } => {
                "correct on the target what the message names, then run the same command again: it goes on with this part"
            }
            ReplicateError::NotStarted { .. } => "run `reberth replicate start` first",
            ReplicateError::Finishing { .. } => {
                "run `reberth replicate finish` again: it ends the stream, or, if the source was written to meanwhile, lets it go on"
            }
            ReplicateError::SourceStillWritten { .. } => {
                "stop the application, its workers and the events of the source, then run `reberth replicate finish` again; until then the stream can go on with `reberth replicate start`"
            }
            ReplicateError::WindowBroken { .. } => {
                "`reberth replicate verify` names them. Stop whoever writes, run `reberth replicate stop`, empty the target and start anew: nothing carries what came after the copy"
            }
            ReplicateError::WindowWritten { .. } => {
                "stop whoever writes and end those transactions, then run `reberth replicate finish` again: it compares every row anew"
            }
            ReplicateError::TurnNotHad { .. } => {
                "wait until that process has begun the stream, or end it, then run the same command again: it goes on from what that one has begun"
            }
            ReplicateError::TableBusy { .. } => {
                "wait until the sessions named are done with the table, or end them, then run the same command again: it goes on where it stopped"
            }
            ReplicateError::CatalogueChanged { .. } => {
                "everything before it is applied; the rest cannot be followed: run `reberth replicate stop`, empty the target, and start anew"
            }
            ReplicateError::Pooler { .. } => {
                "use the database's direct address instead of its pool's, then run the same command again"
            }
            ReplicateError::BaseLost { .. } => {
                "nothing is wrong with the stream: run the cutover again, which verifies anew"
            }
            ReplicateError::CaptureLost { .. } => {
                "nothing applied so far is wrong, but the gap cannot be closed: run `reberth replicate stop`, empty the target, and start anew"
            }
        }
    }
}
