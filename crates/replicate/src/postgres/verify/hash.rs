//! The queries that hash rows inside a server.
//!
//! `hash_record_extended` is fast, and blind where the server's own equality is: to the scale of a numeric, the sign of zero, the units of an interval, the case
//! of citext; and it hashes the number of an enum's label, which differs between clusters. So only types whose equality is that of their bytes go into
//! the record as they are; all others go in as the bytes that the server would send, or as their text. Hash functions of these types are
//! part of what PostgreSQL keeps from version to version, since hash indexes on disk hold them.

use crate::postgres::capture::keys::KeyColumn;
use crate::postgres::table::{Column, Table};
use crate::postgres::value::{quote_name, quote_text};

/// Parts of a table that are added up apart.
pub const BUCKETS: u32 = 1024;

/// Types of which two values are equal only if all their bits are.
const BY_VALUE: &[&str] = &[
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "oid",
    "date",
    "timestamp",
    "timestamptz",
    "time",
    "uuid",
    "bytea",
    "inet",
    "cidr",
    "macaddr",
    "pg_lsn",
];
/// The same of texts, if the collation is one that compares bytes: C does.
const BY_TEXT: &[&str] = &["text", "character varying", "character", "name"];
/// Types that are sent in a form that tells all their bits, and cheaper than their text.
const BY_SENDING: &[(&str, &str)] = &[
    ("numeric", "numeric_send"),
    ("double precision", "float8send"),
    ("real", "float4send"),
    ("interval", "interval_send"),
    ("timetz", "timetz_send"),
    ("money", "cash_send"),
    ("bit", "bit_send"),
    ("bit varying", "varbit_send"),
    ("point", "point_send"),
    ("json", "json_send"),
    ("jsonb", "jsonb_send"),
];

/// The name without modifier: `character varying(20)` is `character varying`, `timestamp(3) without time zone` is `timestamp`.
fn base_name(type_name: &str) -> String {
    let mut base = String::new();
    let mut depth = 0;
    for letter in type_name.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            letter if depth == 0 => base.push(letter),
            _ => {}
        }
    }
    let base = base.replace(" without time zone", "");
    base.replace("timestamp with time zone", "timestamptz")
        .replace("time with time zone", "timetz")
}

/// A column as it goes into the hashed record.
fn hashed(column: &Column) -> String {
    let name = format!("t.{}", quote_name(&column.name));
    let base = base_name(&column.type_name);
    if BY_VALUE.contains(&base.as_str()) {
        return name;
    }
    if BY_TEXT.contains(&base.as_str()) {
        return format!("{name}::text COLLATE \"C\"");
    }
    match BY_SENDING.iter().find(|(known, _)| *known == base) {
        Some((_, send)) => format!("{send}({name})"),
        None => format!("{name}::text COLLATE \"C\""),
    }
}

/// Types of keys with a hash function that SQL can call by its name. It costs a fraction of the hash of a record.
const BY_NAME: &[(&str, &str)] = &[
    ("smallint", "hashint2extended"),
    ("integer", "hashint4extended"),
    ("bigint", "hashint8extended"),
    ("uuid", "uuid_hash_extended"),
];

/// A key hashed without making a record of it; `None`: a column's type has no function for that. Columns of a key are never NULL, so the hash of each
/// can be the seed of the next.
fn hashed_key(key: &[&Column], recipe: Recipe) -> Option<String> {
    let seed = format!("'{}'::bigint", recipe.seed);
    key.iter().try_fold(seed, |seed, column| {
        let base = base_name(&column.type_name);
        let by_name = BY_NAME.iter().find(|(known, _)| *known == base);
        let function = match by_name {
            Some((_, function)) => function,
            None if BY_TEXT.contains(&base.as_str()) => "hashtextextended",
            None => return None,
        };
        Some(format!("{function}({}, {seed})", hashed(column)))
    })
}

/// The number of columns that one record of the hash takes; more are hashed in several.
const COLUMNS_AT_ONCE: usize = 200;

/// The first version that hashes records; older ones hash their text, which costs more.
const RECORDS_SINCE: u32 = 140_000;

/// What both servers can do, and the seed of this verification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    pub(super) seed: i64,
    hashes_records: bool,
}

impl Recipe {
    /// For the older of the two servers.
    pub(super) fn new(seed: i64, oldest_version: u32) -> Recipe {
        Recipe {
            seed,
            hashes_records: oldest_version >= RECORDS_SINCE,
        }
    }
}

fn record(columns: &[String], recipe: Recipe) -> String {
    let mut sql = format!("'{}'::bigint", recipe.seed);
    if !recipe.hashes_records {
        return format!(
            "hashtextextended(ROW({})::text COLLATE \"C\", {sql})",
            columns.join(", ")
        );
    }
    for some in columns.chunks(COLUMNS_AT_ONCE) {
        sql = format!("hash_record_extended(ROW({}), {sql})", some.join(", "));
    }
    sql
}

/// How the rows of a table are hashed.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    path: String,
    /// The key as text, for telling and for finding: an array of texts.
    key: Option<String>,
    row: String,
    bucket: String,
    condition: String,
}

impl Hashing {
    pub(super) fn of(table: &Table, recipe: Recipe) -> Hashing {
        let all: Vec<String> = table.columns.iter().map(hashed).collect();
        let row = record(&all, recipe);
        let key: Vec<&Column> = table
            .identity
            .iter()
            .map(|place| &table.columns[*place])
            .collect();
        let of = match key.is_empty() {
            // Without a key, rows are told apart by what they hold.
            true => row.clone(),
            false => hashed_key(&key, recipe).unwrap_or_else(|| {
                record(&key.iter().copied().map(hashed).collect::<Vec<_>>(), recipe)
            }),
        };
        let texts: Vec<String> = key
            .iter()
            .map(|column| format!("t.{}::text", quote_name(&column.name)))
            .collect();
        let same: Vec<String> = key
            .iter()
            .enumerate()
            .map(|(place, column)| {
                format!(
                    "t.{} = v.k{place}::{}",
                    quote_name(&column.name),
                    column.type_name
                )
            })
            .collect();
        Hashing {
            path: table.path(),
            key: (!key.is_empty()).then(|| format!("ARRAY[{}]::text", texts.join(", "))),
            row,
            bucket: format!("({of}) & {}", BUCKETS - 1),
            condition: same.join(" AND "),
        }
    }

    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Bucket, rows, sum.
    pub(super) fn sums(&self) -> String {
        format!(
            "SELECT {} AS bucket, count(*), sum({}) FROM ONLY {} AS t GROUP BY 1",
            self.bucket, self.row, self.path
        )
    }

    /// Key and hash of each row of some buckets; of a table without a key, the hash and how many rows have it.
    pub(super) fn rows(&self, buckets: &[i64]) -> String {
        let list: Vec<String> = buckets.iter().map(i64::to_string).collect();
        let (what, group) = match &self.key {
            Some(key) => (format!("{key}, {}", self.row), ""),
            None => (format!("({})::text, count(*)", self.row), " GROUP BY 1"),
        };
        format!(
            "SELECT {what} FROM ONLY {} AS t WHERE {} = ANY ('{{{}}}'::bigint[]){group}",
            self.path,
            self.bucket,
            list.join(",")
        )
    }

    /// Key and hash of the rows that are found by some keys, of whatever columns those are; a key is given as the text of its array.
    pub(super) fn rows_found(&self, by: &[KeyColumn], keys: &[String]) -> String {
        let conditions: Vec<String> = by
            .iter()
            .enumerate()
            .map(|(place, column)| column.is_at("t", "v.a", place + 1))
            .collect();
        let list: Vec<String> = keys
            .iter()
            .map(|key| format!("({})", quote_text(key)))
            .collect();
        format!(
            "SELECT {}, {} FROM ONLY {} AS t, (SELECT k.a::text[] AS a FROM (VALUES {}) AS k(a) OFFSET 0) AS v WHERE {}",
            self.key.as_deref().unwrap_or("NULL"),
            self.row,
            self.path,
            list.join(", "),
            conditions.join(" AND ")
        )
    }

    /// Key, hash and version of the rows of some keys; a key is given as the text of its array.
    pub(super) fn rows_of(&self, keys: &[String]) -> String {
        let key = self.key.as_deref().unwrap_or("NULL");
        let width = self.condition.matches(" = v.k").count();
        let names: Vec<String> = (0..width)
            .map(|place| format!("(k.a::text[])[{}] AS k{place}", place + 1))
            .collect();
        let list: Vec<String> = keys
            .iter()
            .map(|key| format!("({})", quote_text(key)))
            .collect();
        format!(
            "SELECT {key}, {}, t.xmin::text || '/' || t.ctid::text FROM ONLY {} AS t, (SELECT {} FROM (VALUES {}) AS k(a) OFFSET 0) AS v WHERE {}",
            self.row,
            self.path,
            names.join(", "),
            list.join(", "),
            self.condition
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_do_not_hide_a_type() {
        for (given, base) in [
            ("character varying(20)", "character varying"),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3) without time zone", "timestamp"),
            ("timestamp with time zone", "timestamptz"),
            ("time(6) with time zone", "timetz"),
            ("bit(3)", "bit"),
            ("numeric(10,2)[]", "numeric[]"),
        ] {
            assert_eq!(base_name(given), base);
        }
    }

    #[test]
    fn a_key_is_hashed_column_by_column_where_each_has_a_function() {
        let recipe = Recipe::new(7, 150_000);
        let column = |type_name: &str| Column {
            name: "k".to_owned(),
            type_name: type_name.to_owned(),
            type_oid: 0,
            type_modifier: -1,
            is_generated: false,
            is_identity_always: false,
            travels_as_binary: true,
            is_not_null: true,
        };
        let hash = |types: &[&str]| {
            let columns: Vec<Column> = types.iter().map(|name| column(name)).collect();
            hashed_key(&columns.iter().collect::<Vec<_>>(), recipe)
        };
        assert_eq!(
            hash(&["integer", "character varying(9)"]).unwrap(),
            "hashtextextended(t.\"k\"::text COLLATE \"C\", hashint4extended(t.\"k\", '7'::bigint))"
        );
        // Equal numbers may have other digits, and a hash of the server's own does not see them.
        for without in [["bigint", "numeric(10,2)"], ["uuid", "public.citext"]] {
            assert_eq!(hash(&without), None, "{without:?}");
        }
    }
}
