//! What the catalogue of the source says of the captured tables: compared after every reading (rule 23).
//!
//! A change row tells that a row was touched; nothing tells that a trigger was disabled, a partition detached or a table rewritten, but the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::keys::Captured;
use super::trigger;
use crate::error::ReplicateError;
use crate::postgres::scope::{LASTING, RELATIONS};
use crate::postgres::session::Session;
use crate::postgres::state::OWN_SCHEMA;

/// How a table stands in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The file that holds its rows: another one after a TRUNCATE or a rewrite.
    pub file: u64,
    /// A hash over its name, columns, parents, bounds and our triggers on it.
    pub shape: String,
    /// Its quoted path, for messages.
    pub path: String,
}

/// All tables in scope by their number.
pub type Catalogue = BTreeMap<u32, Standing>;

/// Reads the catalogue as the session's transaction sees it.
pub async fn read(session: &mut Session) -> Result<Catalogue, ReplicateError> {
    let sql = format!(
        "SELECT c.oid, c.relfilenode, format('%I.%I', n.nspname, c.relname), md5(concat_ws('|', n.nspname, c.relname, c.relpersistence, \
           (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped, a.attnotnull, a.attgenerated, a.attidentity), ';' ORDER BY a.attnum) \
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), \
           (SELECT string_agg(h.inhparent::text, ';' ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid), \
           (SELECT string_agg(concat_ws(',', t.tgname, t.tgenabled, t.tgtype, t.tgfoid, t.xmin, p.xmin), ';' ORDER BY t.tgname) \
            FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace \
            WHERE t.tgrelid = c.oid AND f.nspname = '{OWN_SCHEMA}' AND t.tgname LIKE '{prefix}capture\\_%'))) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'r' AND {LASTING} \
           AND {RELATIONS}",
        prefix = trigger::PREFIX.replace('_', "\\_"),
    );
    let rows: Vec<(u32, u64, String, String)> = session
        .rows("reading the catalogue of the source", sql)
        .await?;
    let tables = rows
        .into_iter()
        .map(|(oid, file, path, shape)| (oid, Standing { file, shape, path }));
    Ok(tables.collect())
}

/// What was changed between two readings that a stream cannot follow: in words, or nothing.
pub fn changed_shape(before: &Catalogue, after: &Catalogue) -> Option<String> {
    let mut changes = Vec::new();
    for (oid, standing) in after {
        match before.get(oid) {
            None => changes.push(format!("table {} is new", standing.path)),
            Some(old) if old.shape != standing.shape => changes.push(format!(
                "table {} has other columns, parents or triggers of ours than before",
                standing.path
            )),
            Some(_) => {}
        }
    }
    for (oid, standing) in before {
        if !after.contains_key(oid) {
            changes.push(format!("table {} is gone", standing.path));
        }
    }
    (!changes.is_empty()).then(|| changes.join("; "))
}

/// The tables whose rows lie in another file than before.
pub fn other_files(before: &Catalogue, after: &Catalogue) -> BTreeSet<u32> {
    let is_other = |(oid, standing): &(&u32, &Standing)| {
        before.get(oid).is_some_and(|old| old.file != standing.file)
    };
    after.iter().filter(is_other).map(|(oid, _)| *oid).collect()
}

/// Whether a table has its triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triggers {
    /// None of ours.
    Absent,
    /// All of them, enabled, with the function of this build.
    Ready,
    /// Something else.
    Broken,
}

/// Looks for our triggers on each table, by its quoted path.
pub async fn triggers(
    session: &mut Session,
    captured: &[Captured],
) -> Result<BTreeMap<String, Triggers>, ReplicateError> {
    let sql = format!(
        "SELECT t.tgrelid, count(*), bool_and(t.tgenabled = 'A'), bool_and((t.tgtype & 1) = 1 OR (t.tgtype & 32) = 32), bool_and((t.tgtype & 1) = 0), min(p.prosrc), count(DISTINCT p.oid) \
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace \
         WHERE f.nspname = '{OWN_SCHEMA}' AND t.tgname LIKE '{}capture\\_%' GROUP BY t.tgrelid",
        trigger::PREFIX.replace('_', "\\_"),
    );
    type Row = (u32, u64, bool, bool, bool, String, u64);
    let rows: Vec<Row> = session.rows("looking for triggers", sql).await?;
    let standing = |one: &Captured| {
        let found = rows.iter().find(|row| row.0 == one.table.oid);
        let Some((_, count, is_enabled, is_by_row, is_by_statement, source, functions)) = found
        else {
            return Triggers::Absent;
        };
        let is_level = if one.is_in_tree {
            *is_by_row
        } else {
            *is_by_statement
        };
        let is_text = trigger::function(one).contains(source.as_str());
        match *count == 4 && *is_enabled && is_level && is_text && *functions == 1 {
            true => Triggers::Ready,
            false => Triggers::Broken,
        }
    };
    let tables = captured.iter().map(|one| (one.table.path(), standing(one)));
    Ok(tables.collect())
}
