//! Triggers and rules of users are put to rest where a stream writes that may not switch them off in its session (rule 11).
//!
//! What they would do stands in the log of the other side already. Each is disabled by name, so that a fence and a capture on the same table go on; what is disabled is
//! written down beside it in the same transaction, and woken from there, in the mode that it had. One that was disabled before stays so.

use crate::error::ReplicateError;
use crate::postgres::capture::short_lock;
use crate::postgres::scope::RELATIONS;
use crate::postgres::session::Session;
use crate::postgres::state::remove_empty_schema;
use crate::postgres::value::quote_text;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS reberth.resting (path text NOT NULL, kind text NOT NULL, name text NOT NULL, mode text NOT NULL, PRIMARY KEY (path, kind, name))";

/// Triggers and rules in force: path of the table, kind, quoted name, and the word that brings it back.
fn in_force() -> String {
    format!(
        "
    SELECT format('%I.%I', n.nspname, c.relname), f.kind, quote_ident(f.name),
           CASE f.enabled WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT 'TRIGGER' AS kind, t.tgname AS name, t.tgenabled AS enabled FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND p.pronamespace IS DISTINCT FROM to_regnamespace('reberth')
        UNION ALL SELECT 'RULE', r.rulename, r.ev_enabled FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3', '4')) f
    WHERE c.relkind IN ('r', 'p') AND f.enabled NOT IN ('D', 'R') AND {RELATIONS}
    ORDER BY 1, 2, 3"
    )
}

/// Whether the session may let triggers and foreign keys rest by itself, as a superuser or by a right on the parameter.
pub async fn may_rest_by_session(session: &mut Session) -> Result<bool, ReplicateError> {
    let doing = "asking whether triggers may rest";
    // The two statements are one transaction.
    let sql = "SET LOCAL session_replication_role = replica; SELECT 1";
    match session.run(doing, sql).await {
        Ok(_) => Ok(true),
        Err(ReplicateError::Refused { source, .. }) if source.sql_state() == Some("42501") => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Puts all of them to rest. It may be cut off anywhere and run again. Returns what rests because of this call.
pub async fn put(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let doing = "putting triggers to rest";
    session
        .run(doing, format!("SET client_min_messages = warning; {TABLE}"))
        .await?;
    let found: Vec<(String, String, String, String)> = session.rows(doing, in_force()).await?;
    let mut rested = Vec::new();
    for (path, kind, name, mode) in found {
        let sql = format!(
            "INSERT INTO reberth.resting (path, kind, name, mode) VALUES ({}, '{kind}', {}, '{mode}') ON CONFLICT (path, kind, name) DO UPDATE SET mode = excluded.mode; \
             ALTER TABLE ONLY {path} DISABLE {kind} {name}",
            quote_text(&path),
            quote_text(&name)
        );
        short_lock::run(session, doing, &path, &sql).await?;
        rested.push(format!("{} {name} on {path}", kind.to_lowercase()));
    }
    Ok(rested)
}

/// What rests, in the words of `pg_dump`: the statement that says so, and the one that would stand in its place, if any.
pub(crate) async fn statements(
    session: &mut Session,
) -> Result<Vec<(String, Option<String>)>, ReplicateError> {
    let told = |(path, kind, name, mode): (String, String, String, String)| {
        let statement = |word: &str| format!("ALTER TABLE {path} {word} {kind} {name};");
        // An ordinary one needs no statement to be in force.
        let awake = (mode != "ENABLE").then(|| statement(&mode));
        (statement("DISABLE"), awake)
    };
    Ok(noted(session).await?.into_iter().map(told).collect())
}

/// The table's rows: path, kind, name and the word that brings it back. None where there is no table.
async fn noted(
    session: &mut Session,
) -> Result<Vec<(String, String, String, String)>, ReplicateError> {
    if !is_noted(session).await? {
        return Ok(Vec::new());
    }
    let doing = "reading what rests";
    let sql = "SELECT path, kind, name, mode FROM reberth.resting ORDER BY 1, 2, 3";
    session.rows(doing, sql).await
}

async fn is_noted(session: &mut Session) -> Result<bool, ReplicateError> {
    let sql = "SELECT to_regclass('reberth.resting') IS NOT NULL";
    let is_there: Option<(bool,)> = session.row("looking for what rests", sql).await?;
    Ok(is_there == Some((true,)))
}

/// Wakes what was put to rest. Returns what is awake because of this call.
pub async fn wake(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let doing = "waking triggers";
    if !is_noted(session).await? {
        return Ok(Vec::new());
    }
    let mut awake = Vec::new();
    for (path, kind, name, mode) in noted(session).await? {
        let sql = format!(
            "ALTER TABLE ONLY {path} {mode} {kind} {name}; DELETE FROM reberth.resting WHERE path = {} AND kind = '{kind}' AND name = {}",
            quote_text(&path),
            quote_text(&name)
        );
        short_lock::run(session, doing, &path, &sql).await?;
        awake.push(format!("{} {name} on {path}", kind.to_lowercase()));
    }
    session.run(doing, "DROP TABLE reberth.resting").await?;
    remove_empty_schema(session).await?;
    Ok(awake)
}
