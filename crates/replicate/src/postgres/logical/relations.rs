//! What the log calls a relation, and what that is to us.
//!
//! Before the first change of a table in a session, and after each statement that alters one, the log tells its columns. They must be those that the table had when
//! the stream began: how its changes are read and written is fixed by then.

use std::collections::HashMap;
use std::sync::Arc;

use super::apply::is_own_mark;
use super::decode::Relation;
use super::write::Shape;
use crate::postgres::table::{ReplicaIdentity, Table, Tables};
use crate::postgres::value::quote_path;

/// What a relation is to us.
pub(super) enum Followed {
    /// Nothing that is ours to follow, or not any more.
    Nothing,
    /// Our own checkpoint.
    OwnMark,
    /// A table, by its quoted path.
    Table(String, Arc<Shape>),
}

/// The relations that the log has told of, by its numbers.
pub(super) struct Relations {
    tables: Tables,
    told: HashMap<u32, Followed>,
}

impl Relations {
    /// None yet, of these tables.
    pub(super) fn of(tables: Tables) -> Relations {
        Relations {
            tables,
            told: HashMap::new(),
        }
    }

    /// What a number stands for; `None`: the log has not told.
    pub(super) fn get(&self, oid: u32) -> Option<&Followed> {
        self.told.get(&oid)
    }

    /// Takes in what the log tells. Returns the path of a table that does not look as it did when the stream began.
    pub(super) fn take_in(&mut self, relation: &Relation) -> Option<String> {
        self.told.insert(relation.oid, Followed::Nothing);
        if is_own_mark(&relation.schema, &relation.name) {
            self.told.insert(relation.oid, Followed::OwnMark);
            return None;
        }
        let path = quote_path(&relation.schema, &relation.name);
        let table = self.tables.get(&path)?;
        let known = table
            .stored()
            .map(|column| (&column.name, column.type_oid, column.type_modifier));
        let found = relation
            .columns
            .iter()
            .map(|(name, oid, modifier)| (name, *oid, *modifier));
        if !known.eq(found) {
            return Some(path);
        }
        let shape = Arc::new(shape_of(table));
        self.told.insert(relation.oid, Followed::Table(path, shape));
        None
    }
}

/// How the changes of a table are found and written, by what the log tells of old rows.
fn shape_of(table: &Table) -> Shape {
    let fields: Vec<usize> = (0..table.columns.len())
        .filter(|place| !table.columns[*place].is_generated)
        .collect();
    let key_places = match &table.replica_identity {
        ReplicaIdentity::Key(places) => places,
        ReplicaIdentity::Full | ReplicaIdentity::Unset | ReplicaIdentity::Nothing => {
            &table.identity
        }
    };
    let key: Option<Vec<usize>> = key_places
        .iter()
        .map(|place| fields.iter().position(|field| field == place))
        .collect();
    Shape {
        key: key.unwrap_or_default(),
        fields,
        table: table.clone(),
    }
}
