//! The fence of a plain owner: triggers that refuse every write (rule 36).
//!
//! An owner who may neither shut roles out nor set the server read-only puts a statement trigger before INSERT, UPDATE, DELETE and TRUNCATE of every table. Making it waits for the
//! transactions that write the table, so what is open is over when the fence stands; and it refuses prepared statements, sessions that were there before, the owner, superusers,
//! cascades and `ON CONFLICT` alike, and outlives this process. Only a session that carries our mark passes (rule 32).
//!
//! It does not cover what fires no trigger: the owner dropping it, large objects that come and go, new tables. These are fingerprinted instead
//! ([`read`]): the fence holds if the fingerprint later is that of when the barrier was taken. `nextval` is not covered either: counters are aligned with a margin, and
//! whether it was enough is asked before the switch ([`crate::postgres::sequence::behind`]). The contents of a large object that stays are not told by the catalogue.

use std::collections::BTreeSet;

use super::remove::remove_triggers;
use super::short_lock;
use super::trigger::PREFIX;
use crate::error::ReplicateError;
use crate::postgres::scope::{LASTING, RELATIONS};
use crate::postgres::session::Session;
use crate::postgres::state::{OWN_SCHEMA, remove_empty_schema};

/// A transaction is refused as in a database that is read-only, which applications know.
const FUNCTION: &str = "CREATE OR REPLACE FUNCTION reberth.fence_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $reberth$
BEGIN
  IF current_setting('reberth.origin', true) <> '' THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'this database is being moved and takes no writes' USING ERRCODE = 'read_only_sql_transaction';
END $reberth$";

/// All tables of the application that a statement can name, partitioned ones too.
fn tables() -> String {
    format!(
        "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p') AND {LASTING} \
       AND {RELATIONS}"
    )
}

/// How the fence stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Tables that take writes still, as their quoted paths.
    pub open: BTreeSet<String>,
    /// A hash over tables, our triggers and the list of large objects: equal at two moments if nothing was written past the fence between them.
    pub fingerprint: String,
}

/// Shuts every table that is open, one in a transaction, in a fixed order. It may be cut off anywhere and run again.
pub async fn raise(session: &mut Session) -> Result<(), ReplicateError> {
    let doing = "making the fence";
    let lock = "SELECT pg_advisory_xact_lock(hashtext('reberth'), 1)";
    let sql = format!(
        "SET client_min_messages = warning; BEGIN; {lock}; CREATE SCHEMA IF NOT EXISTS {OWN_SCHEMA}; {FUNCTION}; COMMIT"
    );
    session.run(doing, sql).await?;
    for table in read(session).await?.open {
        let name = format!("{PREFIX}fence_refuse");
        let shut = format!(
            "DROP TRIGGER IF EXISTS {name} ON {table}; \
             CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {OWN_SCHEMA}.fence_refuse(); \
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
        );
        short_lock::run(session, &format!("fencing {table}"), &table, &shut).await?;
    }
    Ok(())
}

/// Reads how the fence stands.
pub async fn read(session: &mut Session) -> Result<Fence, ReplicateError> {
    let (doing, tables) = ("reading the fence", tables());
    // 62: before (2), insert (4), delete (8), update (16), truncate (32), for each statement.
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname), EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace \
            WHERE t.tgrelid = c.oid AND t.tgtype = 62 AND t.tgenabled = 'A' AND t.tgqual IS NULL AND p.proname = 'fence_refuse' AND f.nspname = '{OWN_SCHEMA}') \
         FROM {tables} ORDER BY 1"
    );
    let standing: Vec<(String, bool)> = session.rows(doing, sql).await?;
    let sql = format!(
        "SELECT md5(concat_ws('|', \
           (SELECT string_agg(concat_ws(',', c.oid, c.relname, t.tgenabled, t.xmin, p.xmin), ';' ORDER BY c.oid) FROM (SELECT c.oid, c.relname FROM {tables}) c \
            LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = '{PREFIX}fence_refuse' LEFT JOIN pg_proc p ON p.oid = t.tgfoid), \
           (SELECT concat_ws(',', count(*), sum(oid::bigint), sum(xmin::text::bigint)) FROM pg_largeobject_metadata)))"
    );
    let row: Option<(String,)> = session.row(doing, sql).await?;
    Ok(Fence {
        open: standing
            .into_iter()
            .filter(|(_, is_shut)| !is_shut)
            .map(|(table, _)| table)
            .collect(),
        fingerprint: row.map(|(hash,)| hash).unwrap_or_default(),
    })
}

/// Ends every session in this database that we may end, but for our own. Returns how many: to be repeated until there are none.
pub async fn cut_sessions(session: &mut Session) -> Result<u64, ReplicateError> {
    let sql = "SELECT count(*) FROM (SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a \
               WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name <> 'reberth' AND a.backend_type = 'client backend' \
                 AND pg_has_role(a.usesysid, 'MEMBER') AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = a.usesysid)) ended";
    let row: Option<(u64,)> = session.row("cutting sessions", sql).await?;
    Ok(row.map_or(0, |(ended,)| ended))
}

/// Transactions that were prepared and not decided: they would commit past the fence (rule 37).
pub async fn undecided(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let sql = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid";
    let rows: Vec<(String,)> = session
        .rows("looking for prepared transactions", sql)
        .await?;
    Ok(rows.into_iter().map(|(gid,)| gid).collect())
}

/// Takes the fence away, whatever of it is there. Returns what was removed.
pub async fn lift(session: &mut Session) -> Result<Vec<String>, ReplicateError> {
    let mut removed = remove_triggers(session, "fence").await?;
    let doing = "removing the fence";
    let sql = "SET client_min_messages = warning; DROP FUNCTION IF EXISTS reberth.fence_refuse()";
    session.run(doing, sql).await?;
    if remove_empty_schema(session).await? {
        removed.push(format!("schema {OWN_SCHEMA}"));
    }
    Ok(removed)
}
