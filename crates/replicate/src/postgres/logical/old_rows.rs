//! Tables without a key, followed by logical decoding: for as long as the stream lasts, the source's log tells their old rows whole.
//!
//! `REPLICA IDENTITY FULL` is a setting of the application's own table, so it is made after consent and taken back at the end. Which tables had
//! another before is known by a second publication, which publishes nothing and bears the stream's name: a table joins it in the transaction that
//! alters it and leaves it in the one that sets it back. So no death in between leaves a table altered and forgotten, whatever becomes of the target.
//!
//! A table whose owner chose `REPLICA IDENTITY NOTHING`, or an index that is gone, is left alone, and blocks (rule 25).

use crate::error::ReplicateError;
use crate::postgres::capture::short_lock;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::table::{ReplicaIdentity, Table, Tables};
use crate::postgres::value::{quote_name, quote_text};

/// The tables that would be asked for whole old rows.
pub fn wanting(tables: &Tables) -> Vec<&Table> {
    let tables = tables.values();
    tables
        .filter(|table| !table.is_unlogged && table.replica_identity == ReplicaIdentity::Unset)
        .collect()
}

/// Has the log tell old rows whole, of every table that wants it. It may be cut off and run again. Returns the tables' paths.
pub async fn ask(
    plan: &StreamPlan,
    source: &mut Session,
    tables: &Tables,
) -> Result<Vec<String>, ReplicateError> {
    let wanting: Vec<String> = wanting(tables).into_iter().map(Table::path).collect();
    if wanting.is_empty() {
        return Ok(wanting);
    }
    let list = list_name(plan);
    if !is_there(source, &list).await? {
        // It publishes nothing, so no statement of the application is refused for being in it.
        let sql = format!(
            "CREATE PUBLICATION {} WITH (publish = '')",
            quote_name(&list)
        );
        source.run("making the list of tables", sql).await?;
    }
    for path in &wanting {
        let statements = format!(
            "ALTER TABLE ONLY {path} REPLICA IDENTITY FULL; ALTER PUBLICATION {} ADD TABLE ONLY {path}",
            quote_name(&list)
        );
        let doing = format!("having the log tell the old rows of {path}");
        short_lock::run(source, &doing, path, &statements).await?;
    }
    Ok(wanting)
}

/// Sets the tables back to what they were, on the source, and on the target, whose tables were made like the source's. Returns what was set back.
pub async fn give_back(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let list = list_name(plan);
    if !is_there(source, &list).await? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relreplident::text FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid \
         JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = {} ORDER BY 1",
        quote_text(&list)
    );
    let listed: Vec<(String, String)> = source.rows("reading the list of tables", sql).await?;
    let doing = "setting a table's replica identity back";
    let mut removed = Vec::new();
    for (path, identity) in listed {
        // Somebody who chose another meanwhile keeps it.
        let back = match identity == "f" {
            true => format!("ALTER TABLE ONLY {path} REPLICA IDENTITY DEFAULT; "),
            false => String::new(),
        };
        set_back_on_target(target, &path).await?;
        let statements = format!(
            "{back}ALTER PUBLICATION {} DROP TABLE ONLY {path}",
            quote_name(&list)
        );
        short_lock::run(source, doing, &path, &statements).await?;
        removed.push(format!("REPLICA IDENTITY FULL of {path}"));
    }
    let sql = format!("DROP PUBLICATION {}", quote_name(&list));
    source.run("removing the list of tables", sql).await?;
    Ok(removed)
}

/// A table that is published there stays as it is: without whole old rows its UPDATE and DELETE would be refused to the application at once (rule 25),
/// and after a cutover the way back publishes it.
async fn set_back_on_target(target: &mut Session, path: &str) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT 1 FROM pg_class c WHERE c.oid = to_regclass({}) AND c.relreplident = 'f' \
         AND NOT EXISTS (SELECT FROM pg_publication p CROSS JOIN LATERAL pg_get_publication_tables(p.pubname) t WHERE t.relid = c.oid AND (p.pubupdate OR p.pubdelete))",
        quote_text(path)
    );
    let doing = "setting a table's replica identity back on the target";
    let found: Option<(i32,)> = target.row(doing, sql).await?;
    if found.is_some() {
        let statement = format!("ALTER TABLE ONLY {path} REPLICA IDENTITY DEFAULT");
        short_lock::run(target, doing, path, &statement).await?;
    }
    Ok(())
}

/// The statements by which streams had tables tell their old rows on this server, in the words of `pg_dump`.
pub(crate) async fn statements(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let sql = "SELECT format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY FULL;', n.nspname, c.relname) FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid \
         JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname LIKE 'reberth\\_%\\_old\\_rows'";
    let rows: Vec<(String,)> = session.rows("reading the lists of tables", sql).await?;
    Ok(rows.into_iter().map(|(statement,)| statement).collect())
}

fn list_name(plan: &StreamPlan) -> String {
    format!("{}_old_rows", plan.mark())
}

async fn is_there(source: &mut Session, list: &str) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT 1 FROM pg_publication WHERE pubname = {}",
        quote_text(list)
    );
    let found: Option<(i32,)> = source.row("looking for the list of tables", sql).await?;
    Ok(found.is_some())
}
