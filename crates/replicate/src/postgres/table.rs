//! The tables of a database as a stream sees them: what is copied and followed, and by which key.

mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::quote_path;

pub use read::read;

/// A column that holds values of its own; dropped ones are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type with the modifier, such as `numeric(10,2)`.
    pub type_name: String,
    /// The source's number of the type.
    pub type_oid: u32,
    /// Its modifier as the catalogue holds it; -1 for none.
    pub type_modifier: i32,
    /// Computed by the server from other columns: never written.
    pub is_generated: bool,
    /// `GENERATED ALWAYS AS IDENTITY`: an UPDATE may not set it.
    pub is_identity_always: bool,
    /// Whether the type's binary form means the same on every server: it holds no numbers of the source's catalogue.
    pub travels_as_binary: bool,
    /// May not be NULL.
    pub is_not_null: bool,
}

/// What of the old row the source's log tells with an UPDATE or a DELETE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaIdentity {
    /// The columns of a key, by their places in [`Table::columns`].
    Key(Vec<usize>),
    /// The whole row.
    Full,
    /// Nothing, because nobody chose and there is no primary key, or one with a generated column. It can be asked for more ([`super::logical::old_rows`]).
    Unset,
    /// Nothing, by choice, or because the server refuses to tell more: the table cannot be followed but for its inserts.
    Nothing,
}

/// A table that holds rows itself: an ordinary one, a partition, a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The source's number for it.
    pub oid: u32,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The identity key (rule 8), by places in `columns`: the primary key, else a unique one that is never NULL and never deferred. Empty: none.
    pub identity: Vec<usize>,
    /// Whether another unique index or an exclusion constraint is to be kept besides the identity key.
    pub has_other_unique: bool,
    /// What the source's log tells of old rows.
    pub replica_identity: ReplicaIdentity,
    /// Not in the source's log: it can be copied, and not followed.
    pub is_unlogged: bool,
    /// Pages of 8 KiB that the source's rows take.
    pub pages: u64,
    /// Rows, by the source's own estimate.
    pub rows: u64,
    /// Bytes, with those stored outside of the rows.
    pub bytes: u64,
}

/// The tables of a database by their quoted path.
pub type Tables = BTreeMap<String, Table>;

impl Table {
    /// Schema and name as they stand in a statement.
    pub fn path(&self) -> String {
        quote_path(&self.schema, &self.name)
    }

    /// The columns that are copied and written.
    pub fn stored(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_generated)
    }

    /// Whether rows pass in the binary format, undecoded.
    pub fn travels_as_binary(&self) -> bool {
        self.stored().all(|column| column.travels_as_binary)
    }
}
