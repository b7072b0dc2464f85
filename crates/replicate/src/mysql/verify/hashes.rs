//! The queries that hash rows inside a server, and their answers.

use std::collections::BTreeMap;

use super::row_bytes::{BINARY, RowBytes};
use crate::error::ReplicateError;
use crate::mysql::chunk::answer_bytes;
use crate::mysql::fold::Key;
use crate::mysql::schema::Table;
use crate::mysql::value::quote_name;

/// How one side is asked about the rows of one table.
#[derive(Clone, Debug)]
pub(super) struct TableQueries {
    place: String,
    index: String,
    keys: String,
    bytes: RowBytes,
}

impl TableQueries {
    pub(super) fn new(database: &str, table: &Table, bytes: RowBytes) -> TableQueries {
        let keys: Vec<String> = table
            .identity
            .iter()
            .map(|&index| {
                let column = &table.columns[index];
                column.class.select_expression(&quote_name(&column.name))
            })
            .collect();
        let index = table
            .identity_index
            .as_deref()
            .map(|index| format!(" FORCE INDEX ({})", quote_name(index)));
        TableQueries {
            place: format!("{}.{}", quote_name(database), quote_name(&table.name)),
            index: index.unwrap_or_default(),
            keys: keys.join(","),
            bytes,
        }
    }

    /// Count of the rows that a condition selects, and one hash over all of them in the order of the key.
    pub(super) fn ordered_hash(&self, condition: &[u8]) -> Vec<u8> {
        let mut sql = format!(
            "SELECT COUNT(*), SHA2(GROUP_CONCAT({} SEPARATOR ''), 256) FROM {}{} WHERE ",
            self.bytes.arguments(),
            self.place,
            self.index
        )
        .into_bytes();
        sql.extend_from_slice(condition);
        sql
    }

    /// The hash of each row of the table.
    pub(super) fn all_hashes(&self) -> Vec<u8> {
        format!("SELECT UNHEX({}) FROM {}", self.row_hash(), self.place).into_bytes()
    }

    /// Row hashes and keys of the rows that a condition selects.
    pub(super) fn row_hashes(&self, condition: &[u8]) -> Vec<u8> {
        let mut sql = format!(
            "SELECT UNHEX({}), {} FROM {} WHERE ",
            self.row_hash(),
            self.keys,
            self.place
        )
        .into_bytes();
        sql.extend_from_slice(condition);
        sql
    }

    /// A hash of each column of the row that a condition selects.
    pub(super) fn column_hashes(&self, condition: &[u8]) -> Vec<u8> {
        let hashes: Vec<String> = self
            .bytes
            .columns()
            .map(|(_, arguments)| format!("SHA2(CONCAT({BINARY},{arguments}), 256)"))
            .collect();
        let mut sql =
            format!("SELECT {} FROM {} WHERE ", hashes.join(","), self.place).into_bytes();
        sql.extend_from_slice(condition);
        sql
    }

    /// Names of the columns, in the order of [`TableQueries::column_hashes`].
    pub(super) fn column_names(&self) -> Vec<&str> {
        self.bytes.columns().map(|(name, _)| name).collect()
    }

    fn row_hash(&self) -> String {
        format!("SHA2(CONCAT({}), 256)", self.bytes.arguments())
    }
}

/// Count of rows and a text that stands for their content. `None`: the server could not build it.
pub(super) type Digest = (u64, Option<String>);

pub(super) fn read_digest(rows: &[mysql_async::Row]) -> Digest {
    let row = rows.first();
    (
        row.and_then(|row| row.get(0)).unwrap_or_default(),
        row.and_then(|row| row.get::<Option<String>, _>(1))
            .flatten(),
    )
}

/// Hashes of rows by key.
pub(super) type RowHashes = BTreeMap<Key, Vec<u8>>;

pub(super) fn read_row_hashes(
    table: &Table,
    rows: Vec<mysql_async::Row>,
) -> Result<RowHashes, ReplicateError> {
    let mut hashes = BTreeMap::new();
    for row in rows {
        let mut values = row.unwrap().into_iter().map(answer_bytes);
        // NULL would be equal to NULL: a row that was not hashed must not pass for one that was.
        let hash = values
            .next()
            .flatten()
            .ok_or_else(|| too_long(&table.name))?;
        let key = table
            .identity
            .iter()
            .zip(values)
            .map(|(&index, bytes)| table.columns[index].class.from_answer(bytes))
            .collect();
        hashes.insert(key, hash);
    }
    Ok(hashes)
}

/// The error for a row whose bytes the server could not put together.
pub(super) fn too_long(table: &str) -> ReplicateError {
    ReplicateError::TableUnsupported {
        table: table.to_owned(),
        reason:
            "a row of it is too long for the server to hash: raise max_allowed_packet on both servers"
                .to_owned(),
    }
}
