//! How the key of a table is noted, read back and compared. What is noted of a table without one: [`super::keyless`].

use std::collections::BTreeMap;

use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::table::{Table, Tables};
use crate::postgres::value::quote_name;

/// Types whose text is the same whatever a session has set.
const PLAIN_TYPES: &str = "'int2', 'int4', 'int8', 'text', 'varchar', 'bpchar', 'uuid', 'bool', 'numeric', 'oid', 'name', 'char', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'xid8', 'pg_lsn'";

/// A column of a table's identity key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// Its type with the modifier, and the collation if that is not the database's.
    type_name: String,
    /// The operator that says whether two keys are one, with its schema.
    equals: String,
    /// Its text does not depend on what a session has set.
    is_plain: bool,
}

impl KeyColumn {
    /// The condition that a row has this column's value of a key, given as an array of texts, at a place that counts from one.
    pub(crate) fn is_at(&self, row: &str, key: &str, place: usize) -> String {
        format!(
            "{row}.{} OPERATOR({}) ({key}[{place}])::{}",
            quote_name(&self.name),
            self.equals,
            self.type_name
        )
    }
}

/// A table whose changes are captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The table.
    pub table: Table,
    /// Its identity key, in the order of the key's index. Empty: whole rows are noted and counted ([`super::keyless`]).
    pub key: Vec<KeyColumn>,
    /// A partition, or part of a tree of inheritance: a statement on another table may touch its rows.
    pub is_in_tree: bool,
}

impl Captured {
    /// Whether its rows are noted whole, for want of a key.
    pub fn is_keyless(&self) -> bool {
        self.key.is_empty()
    }

    /// Whether no session's settings show in the text of what is noted.
    pub(crate) fn has_plain_key(&self) -> bool {
        !self.is_keyless() && self.key.iter().all(|column| column.is_plain)
    }

    /// The key of a row as it is noted: an array of texts.
    pub(crate) fn noted(&self, row: &str) -> String {
        let column = |column: &KeyColumn| format!("{row}.{}::text", quote_name(&column.name));
        let columns: Vec<String> = self.key.iter().map(column).collect();
        format!("ARRAY[{}]", columns.join(", "))
    }

    /// The columns of the key.
    pub(crate) fn key_names(&self) -> String {
        names(self.key.iter().map(|column| column.name.as_str()))
    }

    /// The columns that are read and written.
    pub(crate) fn stored_names(&self) -> String {
        names(self.table.stored().map(|column| column.name.as_str()))
    }

    /// Reads a noted key back into the key's columns, each with its own type and collation, so that equal keys are one.
    pub(crate) fn read_back(&self) -> String {
        let columns: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let (place, name) = (place + 1, quote_name(&column.name));
                format!("(key[{place}])::{} AS {name}", column.type_name)
            })
            .collect();
        columns.join(", ")
    }

    /// The condition that two rows have the same key.
    pub(crate) fn same_key(&self, one: &str, other: &str) -> String {
        let columns: Vec<String> = self
            .key
            .iter()
            .map(|column| {
                let name = quote_name(&column.name);
                format!("{one}.{name} OPERATOR({}) {other}.{name}", column.equals)
            })
            .collect();
        columns.join(" AND ")
    }
}

fn names<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    let columns: Vec<String> = columns.map(quote_name).collect();
    columns.join(", ")
}

/// Learns how the changes of tables are noted. A table that has lost the key by which it was captured is refused.
pub async fn read(session: &mut Session, tables: &Tables) -> Result<Vec<Captured>, ReplicateError> {
    let mut keys = key_columns(session).await?;
    let sql = "SELECT inhrelid FROM pg_inherits UNION SELECT inhparent FROM pg_inherits";
    let trees: Vec<(u32,)> = session.rows("reading the trees of tables", sql).await?;
    let mut captured = Vec::new();
    let mut refused = Vec::new();
    for table in tables.values() {
        let found = keys.remove(&table.oid).unwrap_or_default();
        match key_of(table, found) {
            Ok(key) => captured.push(Captured {
                table: table.clone(),
                key,
                is_in_tree: trees.contains(&(table.oid,)),
            }),
            Err(refusal) => refused.push(refusal),
        }
    }
    match refused.is_empty() {
        true => Ok(captured),
        false => Err(ReplicateError::Blocked(refused)),
    }
}

/// The identity key among the keys that were found; empty for a table that has none. An error says why its changes cannot be noted.
fn key_of(table: &Table, found: Vec<Vec<KeyColumn>>) -> Result<Vec<KeyColumn>, String> {
    let wanted = identity_names(table);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let is_wanted = |key: &Vec<KeyColumn>| {
        let names = key.iter().map(|column| column.name.as_str());
        names.eq(wanted.iter().copied())
    };
    // Another key by now: what was noted so far tells of rows by the old one.
    found.into_iter().find(is_wanted).ok_or_else(|| {
        format!(
            "table {} has lost the key by which its changes are captured: put it back, or begin anew",
            table.path()
        )
    })
}

fn identity_names(table: &Table) -> Vec<&str> {
    let columns = table
        .identity
        .iter()
        .filter_map(|place| table.columns.get(*place));
    columns.map(|column| column.name.as_str()).collect()
}

/// The columns of each unique index that can be a key, by table; a primary key first.
pub(crate) async fn key_columns(
    session: &mut Session,
) -> Result<BTreeMap<u32, Vec<Vec<KeyColumn>>>, ReplicateError> {
    let sql = format!(
        "SELECT i.indrelid, i.indexrelid, a.attname, \
                format_type(a.atttypid, a.atttypmod) || coalesce(' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname), ''), \
                quote_ident(opn.nspname) || '.' || op.oprname, \
                t.typtype = 'e' OR tn.nspname = 'pg_catalog' AND t.typname IN ({PLAIN_TYPES}) \
         FROM pg_index i CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS place \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] \
         JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace \
         LEFT JOIN pg_collation co ON co.oid = i.indcollation[place] AND co.collname <> 'default' LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         JOIN pg_opclass oc ON oc.oid = i.indclass[place] \
         JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3 AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype \
         JOIN pg_operator op ON op.oid = ao.amopopr JOIN pg_namespace opn ON opn.oid = op.oprnamespace \
         WHERE i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL \
         ORDER BY i.indrelid, i.indisprimary DESC, i.indexrelid, place"
    );
    type Row = (u32, u32, String, String, String, bool);
    let rows: Vec<Row> = session.rows("reading the keys", sql).await?;
    let mut keys: BTreeMap<u32, Vec<Vec<KeyColumn>>> = BTreeMap::new();
    let mut last_index = 0;
    for (table, index, name, type_name, equals, is_plain) in rows {
        let of_table = keys.entry(table).or_default();
        if index != last_index {
            of_table.push(Vec::new());
            last_index = index;
        }
        if let Some(key) = of_table.last_mut() {
            key.push(KeyColumn {
                name,
                type_name,
                equals,
                is_plain,
            });
        }
    }
    Ok(keys)
}

/// The index among a table's that has exactly these columns, in their order if there is one. `None`: there is none, or nothing is wanted.
pub(crate) fn of_columns(indexes: &[Vec<KeyColumn>], wanted: &[&str]) -> Option<Vec<KeyColumn>> {
    let names = |index: &[KeyColumn]| -> Vec<String> {
        index.iter().map(|column| column.name.clone()).collect()
    };
    let has_all = |index: &&Vec<KeyColumn>| {
        let names = names(index);
        !wanted.is_empty()
            && names.len() == wanted.len()
            && wanted
                .iter()
                .all(|name| names.iter().any(|other| other == name))
    };
    let in_order = indexes
        .iter()
        .find(|index| names(index) == wanted && has_all(index));
    in_order.or_else(|| indexes.iter().find(has_all)).cloned()
}
