//! Statements that lock a table against its writers: tried for a moment only, again and again.
//!
//! A statement that waits for such a lock makes everybody wait who comes after it, so it gives up soon and lets them pass (rule 29).

use std::time::Duration;

use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

/// How long a statement may wait for its lock, and thereby keep others waiting.
const LOCK_TIMEOUT_MS: u32 = 300;
/// How long those who waited behind it may go ahead.
const PAUSE: Duration = Duration::from_millis(700);
/// How often it is tried: a writer may hold a table for minutes.
const TRIES: u32 = 120;

/// Whose lock is waited for: a table, as its quoted path.
pub(crate) async fn run(
    session: &mut Session,
    doing: &str,
    table: &str,
    statements: &str,
) -> Result<(), ReplicateError> {
    run_patiently(session, doing, table, statements, TRIES).await
}

/// [`run`] with a number of tries.
pub(crate) async fn run_patiently(
    session: &mut Session,
    doing: &str,
    table: &str,
    statements: &str,
    tries: u32,
) -> Result<(), ReplicateError> {
    let sql = format!("BEGIN; SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; {statements}; COMMIT");
    for _ in 0..tries {
        let error = match session.run_within(LONG_STATEMENT_LIMIT, doing, &sql).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if !is_lock_not_had(&error) {
            // A connection that is gone takes its transaction along.
            let _ = session.run("closing the transaction", "ROLLBACK").await;
            return Err(error);
        }
        session.run("closing the transaction", "ROLLBACK").await?;
        tokio::time::sleep(PAUSE).await;
    }
    Err(ReplicateError::TableBusy {
        table: table.to_owned(),
        doing: doing.to_owned(),
        holders: holders(session, table).await?,
    })
}

/// Whether a lock was not had in the time set, or only at the price of a deadlock.
pub(crate) fn is_lock_not_had(error: &ReplicateError) -> bool {
    let source = match error {
        ReplicateError::Unreachable { source, .. } => source.as_deref(),
        ReplicateError::Refused { source, .. } => Some(source.as_ref()),
        _ => None,
    };
    matches!(
        source.and_then(|cause| cause.sql_state()),
        Some("55P03" | "40P01")
    )
}

/// Who holds locks on a table, in words.
async fn holders(session: &mut Session, table: &str) -> Result<String, ReplicateError> {
    let sql = format!(
        "SELECT coalesce(string_agg(DISTINCT CASE WHEN l.pid IS NULL THEN 'a prepared transaction' ELSE format('session %s (%s, %s, in its transaction for %s s)', \
                l.pid, coalesce(nullif(a.application_name, ''), a.backend_type, 'unknown'), a.state, extract(epoch FROM clock_timestamp() - a.xact_start)::int) END, ', '), 'nobody any more') \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.relation = to_regclass({}) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
           AND l.granted AND l.mode <> 'AccessShareLock' AND l.pid IS DISTINCT FROM pg_backend_pid()",
        quote_text(table)
    );
    let row: Option<(String,)> = session.row("asking who holds the table", sql).await?;
    Ok(row.map(|(holders,)| holders).unwrap_or_default())
}
