//! Takes everything of the capture off the source, whatever happened before: also what was half made, or half removed.

use super::short_lock;
use super::trigger::PREFIX;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::state::{OWN_SCHEMA, remove_empty_schema};

/// Removes triggers, functions, the noted changes, and the schema if nothing else of ours lives in it. Returns what was removed.
pub async fn remove(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    session
        .run(
            "making the removal quiet",
            "SET client_min_messages = warning",
        )
        .await?;
    let mut removed = remove_triggers(session, "capture").await?;
    let doing = "removing what the capture left";
    let sql = format!(
        "SELECT format('FUNCTION %I.%I()', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname = '{OWN_SCHEMA}' AND p.proname LIKE 'capture\\_%' \
         UNION ALL SELECT format('TABLE %I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = '{OWN_SCHEMA}' AND c.relname IN ('change', 'capture') AND c.relkind IN ('r', 'p')"
    );
    let objects: Vec<(String,)> = session.rows(doing, sql).await?;
    for (object,) in objects {
        short_lock::run(session, doing, "reberth.change", &format!("DROP {object}")).await?;
        removed.push(object.to_lowercase());
    }
    if remove_empty_schema(session).await? {
        removed.push(format!("schema {OWN_SCHEMA}"));
    }
    Ok(removed)
}

/// Drops every trigger of ours of that kind, table by table. A trigger is ours by its name and by the schema of its function.
pub(super) async fn remove_triggers(
    session: &mut Session,
    kind: &str,
) -> Result<Vec<String>, ReplicateError> {
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname), string_agg(format('DROP TRIGGER %I ON %I.%I', t.tgname, n.nspname, c.relname), '; ' ORDER BY t.tgname) \
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace \
         WHERE f.nspname = '{OWN_SCHEMA}' AND t.tgname LIKE '{}{kind}\\_%' AND NOT t.tgisinternal AND t.tgparentid = 0 GROUP BY 1 ORDER BY 1",
        PREFIX.replace('_', "\\_")
    );
    let tables: Vec<(String, String)> = session.rows("looking for triggers", sql).await?;
    let mut removed = Vec::new();
    for (table, drops) in tables {
        let doing = format!("removing the triggers of {table}");
        short_lock::run(session, &doing, &table, &drops).await?;
        removed.push(format!("triggers of {table}"));
    }
    Ok(removed)
}
