//! Reading the tables out of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, ReplicaIdentity, Table, Tables};
use crate::error::ReplicateError;
use crate::postgres::scope::{LASTING, RELATIONS};
use crate::postgres::session::Session;

/// Numbers below this belong to the server itself, and are alike on all of them (`FirstNormalObjectId`).
const FIRST_OWN_OID: u32 = 16384;
/// Types of the server whose values are numbers of its catalogue, or that have no binary form.
const BOUND_TO_THE_CATALOGUE: &str = "'oid', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regclass', 'regcollation', 'regtype', 'regrole', 'regnamespace', 'regconfig', 'regdictionary', 'aclitem'";

/// From this version on an UPDATE of a published table is refused to the application if its replica identity has a stored generated column which the publication leaves out;
/// `REPLICA IDENTITY FULL` has all of them.
const REFUSES_UNTOLD_SINCE: u32 = 180_000;

/// Reads all tables that hold rows and belong to nobody's extension.
pub async fn read(session: &mut Session) -> Result<Tables, ReplicateError> {
    let scope = format!("c.relkind = 'r' AND {LASTING} AND {RELATIONS}");
    let mut columns = columns(session, &scope).await?;
    let mut keys = keys(session, &scope).await?;
    let sql = format!(
        "SELECT c.oid, n.nspname, c.relname, c.relpersistence = 'u', c.relreplident, c.relpages, greatest(c.reltuples, 0)::bigint, pg_table_size(c.oid), \
                pg_relation_size(c.oid) / current_setting('block_size')::bigint, \
                current_setting('server_version_num')::int >= {REFUSES_UNTOLD_SINCE} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 's') \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {scope}"
    );
    type Row = (u32, String, String, bool, String, u64, u64, u64, u64, bool);
    let rows: Vec<Row> = session.rows("reading the tables", sql).await?;
    let tables = rows.into_iter().map(
        |(
            oid,
            schema,
            name,
            is_unlogged,
            replica,
            known_pages,
            known_rows,
            bytes,
            pages,
            is_refused_whole,
        )| {
            let columns = columns.remove(&oid).unwrap_or_default();
            let places: BTreeMap<i16, usize> = columns
                .iter()
                .enumerate()
                .map(|(place, (number, _))| (*number, place))
                .collect();
            let columns: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
            let keys = keys.remove(&oid).unwrap_or_default();
            let identity_key = identity_key(&keys, &places, &columns);
            let replica_identity = match replica_identity(&replica, &keys, &places, &columns) {
                ReplicaIdentity::Full | ReplicaIdentity::Unset if is_refused_whole => {
                    ReplicaIdentity::Nothing
                }
                identity => identity,
            };
            let has_other_unique = keys.iter().any(|key| {
                identity_key
                    .as_ref()
                    .is_none_or(|(number, _)| *number != key.number)
            });
            // What was never analysed has no estimate; it has had pages since.
            let rows = match known_pages {
                0 => known_rows,
                known => known_rows.saturating_mul(pages) / known,
            };
            let table = Table {
                schema,
                name,
                oid,
                identity: identity_key.map(|(_, places)| places).unwrap_or_default(),
                columns,
                has_other_unique,
                replica_identity,
                is_unlogged,
                pages,
                rows,
                bytes,
            };
            (table.path(), table)
        },
    );
    Ok(tables.collect())
}

/// The columns of each table with their numbers.
async fn columns(
    session: &mut Session,
    scope: &str,
) -> Result<BTreeMap<u32, Vec<(i16, Column)>>, ReplicateError> {
    let portable = portable_types(session).await?;
    let sql = format!(
        "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.atttypmod, a.attgenerated <> '', a.attidentity = 'a', a.attnotnull \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND {scope} ORDER BY a.attrelid, a.attnum"
    );
    type Row = (u32, i16, String, String, u32, i32, bool, bool, bool);
    let rows: Vec<Row> = session.rows("reading the columns", sql).await?;
    let mut columns: BTreeMap<u32, Vec<(i16, Column)>> = BTreeMap::new();
    for (
        table,
        number,
        name,
        type_name,
        type_oid,
        type_modifier,
        is_generated,
        is_identity_always,
        is_not_null,
    ) in rows
    {
        let column = Column {
            name,
            type_name,
            type_oid,
            type_modifier,
            is_generated,
            is_identity_always,
            travels_as_binary: portable.contains(&type_oid),
            is_not_null,
        };
        columns.entry(table).or_default().push((number, column));
    }
    Ok(columns)
}

/// The types whose binary form holds no number of the catalogue.
///
/// Arrays and composites carry the numbers of their elements' types, which differ between servers unless the server itself brought them; an enum sends
/// its label, a domain what it is based on, a range its bounds. What an extension brought may do anything.
async fn portable_types(session: &mut Session) -> Result<BTreeSet<u32>, ReplicateError> {
    let sql = format!(
        "SELECT t.oid, t.typtype, t.typbasetype, coalesce(r.rngsubtype, 0), t.typname IN ({BOUND_TO_THE_CATALOGUE}) OR e.typname IN ({BOUND_TO_THE_CATALOGUE}) \
         FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.oid < {FIRST_OWN_OID}"
    );
    type Row = (u32, String, u32, u32, Option<bool>);
    let rows: Vec<Row> = session.rows("reading the types", sql).await?;
    let types: BTreeMap<u32, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
    let is_portable = |mut oid: u32| {
        // Domains and ranges are followed to what they are made of; the catalogue has no circles.
        while let Some((_, kind, base, subtype, is_bound)) = types.get(&oid) {
            oid = match kind.as_str() {
                "e" => return true,
                "d" => *base,
                "r" if oid >= FIRST_OWN_OID => *subtype,
                "b" | "r" | "m" => return oid < FIRST_OWN_OID && *is_bound != Some(true),
                _ => return false,
            };
        }
        false
    };
    Ok(types
        .keys()
        .copied()
        .filter(|oid| is_portable(*oid))
        .collect())
}

/// A unique index or an exclusion constraint.
struct Key {
    number: u32,
    is_primary: bool,
    is_replica_identity: bool,
    /// On plain columns only, of all rows, checked at once: a row can be found by it.
    is_plain: bool,
    columns: Vec<i16>,
}

async fn keys(
    session: &mut Session,
    scope: &str,
) -> Result<BTreeMap<u32, Vec<Key>>, ReplicateError> {
    let sql = format!(
        "SELECT i.indrelid, i.indexrelid, i.indisprimary, i.indisreplident, \
                i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT i.indisexclusion AND i.indisvalid, \
                array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ' ') \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE (i.indisunique OR i.indisexclusion) AND {scope} ORDER BY i.indexrelid"
    );
    let rows: Vec<(u32, u32, bool, bool, bool, String)> =
        session.rows("reading the keys", sql).await?;
    let mut keys: BTreeMap<u32, Vec<Key>> = BTreeMap::new();
    for (table, number, is_primary, is_replica_identity, is_plain, columns) in rows {
        let columns = columns.split(' ').filter_map(|number| number.parse().ok());
        keys.entry(table).or_default().push(Key {
            number,
            is_primary,
            is_replica_identity,
            is_plain,
            columns: columns.collect(),
        });
    }
    Ok(keys)
}

fn places_of(key: &Key, places: &BTreeMap<i16, usize>) -> Option<Vec<usize>> {
    key.columns
        .iter()
        .map(|number| places.get(number).copied())
        .collect()
}

/// The number of the index of the identity key, and its columns.
fn identity_key(
    keys: &[Key],
    places: &BTreeMap<i16, usize>,
    columns: &[Column],
) -> Option<(u32, Vec<usize>)> {
    let usable = keys.iter().filter(|key| key.is_plain).filter_map(|key| {
        let found = places_of(key, places)?;
        let is_not_null = found
            .iter()
            .all(|place| columns.get(*place).is_some_and(|column| column.is_not_null));
        is_not_null.then_some((!key.is_primary, key.number, found))
    });
    usable.min().map(|(_, number, found)| (number, found))
}

/// The log does not hold generated columns, so a key that has one tells no row.
fn replica_identity(
    word: &str,
    keys: &[Key],
    places: &BTreeMap<i16, usize>,
    columns: &[Column],
) -> ReplicaIdentity {
    let chosen = match word {
        "f" => return ReplicaIdentity::Full,
        "d" => keys.iter().find(|key| key.is_primary && key.is_plain),
        "i" => keys.iter().find(|key| key.is_replica_identity),
        _ => None,
    };
    let is_told = |place: &usize| columns.get(*place).is_some_and(|one| !one.is_generated);
    let found = chosen
        .and_then(|key| places_of(key, places))
        .filter(|key| key.iter().all(is_told));
    match found {
        Some(key) => ReplicaIdentity::Key(key),
        None if word == "d" => ReplicaIdentity::Unset,
        None => ReplicaIdentity::Nothing,
    }
}
