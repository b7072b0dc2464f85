//! What is made on the target, one item a statement, and at which stage of the move.
//!
//! An item's stage is the later one of its own, which its kind gives, and those of all it needs. So a view that can only be made when its
//! table has a primary key comes after that key, whatever section pg_dump put it in.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{Entry, Section};
use crate::postgres::value::quote_name;

/// When an item is made. The order is that of the move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before the rows: types, tables, functions, views.
    Definition,
    /// Primary keys, and what a table's rows are otherwise told apart by.
    Key,
    /// Unique and exclusion constraints, unique indexes.
    Unique,
    /// Other indexes, and extended statistics.
    Index,
    /// The indexes of partitions become parts of their parents'.
    Attachment,
    /// Foreign keys and checks, not looked at for the rows that are there; views that need a key.
    Reference,
    /// Foreign keys are looked at for the rows that are there.
    Validation,
    /// Materialised views are filled.
    Content,
    /// Rules, row security, triggers, event triggers: what changes how statements act.
    Behaviour,
}

impl Stage {
    /// All, in their order.
    pub const ALL: [Stage; 9] = [
        Stage::Definition,
        Stage::Key,
        Stage::Unique,
        Stage::Index,
        Stage::Attachment,
        Stage::Reference,
        Stage::Validation,
        Stage::Content,
        Stage::Behaviour,
    ];

    /// The word in the state table.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Definition => "definition",
            Stage::Key => "key",
            Stage::Unique => "unique",
            Stage::Index => "index",
            Stage::Attachment => "attachment",
            Stage::Reference => "reference",
            Stage::Validation => "validation",
            Stage::Content => "content",
            Stage::Behaviour => "behaviour",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// One step of making the schema: run in a transaction of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its number; pg_dump's order is that of the numbers.
    pub number: i64,
    /// What it is, in pg_dump's words.
    pub kind: String,
    /// Its name for people, with its schema.
    pub name: String,
    /// When it is made.
    pub stage: Stage,
    /// The table that it belongs to, quoted, if it is one table's own.
    pub table: Option<String>,
    /// The statements.
    pub sql: String,
    /// The statement that removes what they made; empty where there is none.
    pub removal: String,
    /// The items that must be there before.
    pub needs: BTreeSet<i64>,
    /// Whether rows would be lost or refused wrongly without it. What is not needed may be refused by the target; it is then listed.
    pub is_needed: bool,
}

/// What the catalogue knows of a constraint or an index, and pg_dump's words do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The table, quoted.
    pub(crate) table: String,
    /// The constraint's name; empty for an index.
    pub(crate) constraint: String,
    /// A partitioned table; its foreign keys cannot be made without a look at the rows.
    pub(crate) is_partitioned: bool,
    /// A primary key, or the index that identifies rows in the log.
    pub(crate) is_identity: bool,
    /// Whether two rows may not be equal by it.
    pub(crate) is_unique: bool,
    /// Whether the server vouches for the rows that are there.
    pub(crate) is_validated: bool,
}

/// Facts by the catalogue's number (`pg_constraint`, `pg_class` for indexes) and the object's.
pub(crate) type FactsByObject = BTreeMap<(u32, u32), Facts>;

/// Numbers are spread, so that a step of our own finds room behind the entry that it belongs to.
const SPREAD: i64 = 2;

/// Makes items of entries: in pg_dump's order, stages settled, foreign keys parted into making and validating.
pub(crate) fn items(entries: &[Entry], facts: &FactsByObject) -> Vec<Item> {
    let number: BTreeMap<u32, i64> = entries
        .iter()
        .zip(1..)
        .map(|(entry, place)| (entry.id, place * SPREAD))
        .collect();
    let mut items: Vec<Item> = Vec::new();
    for entry in entries {
        let facts = facts.get(&(entry.catalogue, entry.oid));
        let needs = entry.needs.iter().filter_map(|id| number.get(id).copied());
        let item = Item {
            number: number.get(&entry.id).copied().unwrap_or_default(),
            kind: entry.kind.clone(),
            name: full_name(entry),
            stage: own_stage(entry, facts),
            table: facts.map(|facts| facts.table.clone()),
            sql: statements(entry),
            removal: entry.removal.trim_end().to_owned(),
            needs: needs.collect(),
            is_needed: is_needed(entry, facts),
        };
        match facts.filter(|facts| is_parted(entry, facts)) {
            Some(facts) => items.extend(part(item, facts)),
            None => items.push(item),
        }
    }
    settle_stages(&mut items);
    items
}

/// A schema may be there already: one that an extension made, or that every new database has.
fn statements(entry: &Entry) -> String {
    match entry.definition.strip_prefix("CREATE SCHEMA ") {
        Some(name) if entry.kind == "SCHEMA" => format!("CREATE SCHEMA IF NOT EXISTS {name}"),
        _ => with_access_method(entry),
    }
}

/// An object's statements, and how it is stored, which in a dump stands beside them.
pub(super) fn with_access_method(entry: &Entry) -> String {
    let definition = &entry.definition;
    let method = match entry.access_method.as_deref() {
        None | Some(USUAL_ACCESS_METHOD) => return definition.clone(),
        Some(method) => quote_name(method),
    };
    let path = entry.removal.trim_end().strip_prefix("DROP TABLE ");
    match path.and_then(|path| path.strip_suffix(';')) {
        Some(path) if entry.is_partitioned => {
            format!("{definition}ALTER TABLE {path} SET ACCESS METHOD {method};\n")
        }
        _ => format!("SET LOCAL default_table_access_method = {method};\n{definition}"),
    }
}

/// Every session that makes items has it as its default.
pub(super) const USUAL_ACCESS_METHOD: &str = "heap";

fn full_name(entry: &Entry) -> String {
    match &entry.schema {
        Some(schema) => format!("{schema}.{}", entry.name),
        None => entry.name.clone(),
    }
}

fn own_stage(entry: &Entry, facts: Option<&Facts>) -> Stage {
    match entry.kind.as_str() {
        "CONSTRAINT" | "INDEX" => match facts {
            Some(facts) if facts.is_identity => Stage::Key,
            Some(facts) if facts.is_unique => Stage::Unique,
            _ if entry.kind == "INDEX" => Stage::Index,
            _ => Stage::Reference,
        },
        "INDEX ATTACH" => Stage::Attachment,
        "STATISTICS" => Stage::Index,
        "CHECK CONSTRAINT" | "FK CONSTRAINT" => Stage::Reference,
        "MATERIALIZED VIEW DATA" => Stage::Content,
        // pg_dump replaces the place holder of a view, made before for want of a key, under this name.
        "RULE" if entry.definition.starts_with("CREATE OR REPLACE VIEW") => Stage::Reference,
        "TRIGGER" | "RULE" | "POLICY" | "ROW SECURITY" | "EVENT TRIGGER" => Stage::Behaviour,
        _ if entry.section == Section::PostData => Stage::Reference,
        _ => Stage::Definition,
    }
}

fn is_needed(entry: &Entry, facts: Option<&Facts>) -> bool {
    match entry.kind.as_str() {
        "INDEX" => facts.is_some_and(|facts| facts.is_unique || facts.is_identity),
        kind => is_needed_kind(kind),
    }
}

/// Kinds whose objects hold rows, or decide which rows may be.
pub(super) fn is_needed_kind(kind: &str) -> bool {
    matches!(
        kind,
        "SCHEMA"
            | "TABLE"
            | "TABLE ATTACH"
            | "INDEX ATTACH"
            | "SEQUENCE"
            | "SEQUENCE OWNED BY"
            | "DEFAULT"
            | "DOMAIN"
            | "TYPE"
            | "CONSTRAINT"
            | "CHECK CONSTRAINT"
            | "FK CONSTRAINT"
            | "TRIGGER"
            | "RULE"
            | "POLICY"
            | "ROW SECURITY"
    )
}

/// A foreign key that the source vouches for is made without a look at the rows and looked at later, under a lock that lets writers in.
fn is_parted(entry: &Entry, facts: &Facts) -> bool {
    entry.kind == "FK CONSTRAINT"
        && facts.is_validated
        && !facts.is_partitioned
        && unterminated(&entry.definition).is_some()
}

fn unterminated(definition: &str) -> Option<&str> {
    definition.trim_end().strip_suffix(';')
}

fn part(item: Item, facts: &Facts) -> [Item; 2] {
    let bare = unterminated(&item.sql).unwrap_or(&item.sql);
    let validation = Item {
        number: item.number + 1,
        kind: "VALIDATION".to_owned(),
        name: item.name.clone(),
        stage: Stage::Validation,
        table: item.table.clone(),
        sql: format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            facts.table,
            quote_name(&facts.constraint)
        ),
        removal: String::new(),
        needs: BTreeSet::from([item.number]),
        is_needed: true,
    };
    let making = Item {
        sql: format!("{bare} NOT VALID;"),
        ..item
    };
    [making, validation]
}

/// Raises each item's stage to those of what it needs. pg_dump lists an item behind what it needs, so one pass is enough.
fn settle_stages(items: &mut [Item]) {
    let mut stages: BTreeMap<i64, Stage> = BTreeMap::new();
    for item in items {
        let needed = item.needs.iter().filter_map(|need| stages.get(need));
        item.stage = needed.copied().fold(item.stage, Stage::max);
        stages.insert(item.number, item.stage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u32, kind: &str, definition: &str, needs: &[u32]) -> Entry {
        Entry {
            id,
            catalogue: 1,
            oid: id,
            name: format!("n{id}"),
            kind: kind.to_owned(),
            section: Section::PostData,
            definition: definition.to_owned(),
            removal: String::new(),
            schema: Some("s".to_owned()),
            tablespace: None,
            access_method: None,
            is_partitioned: false,
            owner: None,
            needs: needs.to_vec(),
        }
    }

    fn facts(id: u32, facts: Facts) -> ((u32, u32), Facts) {
        ((1, id), facts)
    }

    #[test]
    fn an_item_is_not_made_before_what_it_needs() {
        let entries = [
            entry(9, "CONSTRAINT", "ADD PRIMARY KEY", &[]),
            entry(4, "INDEX", "CREATE INDEX", &[]),
            entry(5, "INDEX ATTACH", "ATTACH", &[4]),
            entry(6, "FUNCTION", "CREATE FUNCTION", &[9]),
            entry(7, "RULE", "CREATE OR REPLACE VIEW v", &[9]),
            entry(8, "MATERIALIZED VIEW DATA", "REFRESH", &[7]),
        ];
        let is_identity = Facts {
            is_identity: true,
            ..Facts::default()
        };
        let known = FactsByObject::from([facts(9, is_identity), facts(4, Facts::default())]);
        let stages: Vec<Stage> = items(&entries, &known)
            .iter()
            .map(|item| item.stage)
            .collect();
        assert_eq!(
            stages,
            [
                Stage::Key,
                Stage::Index,
                Stage::Attachment,
                Stage::Reference,
                Stage::Reference,
                Stage::Content
            ]
        );
    }

    fn check_foreign_key(definition: &str, known: Facts, expected: &[&str]) {
        let entries = [entry(1, "FK CONSTRAINT", definition, &[])];
        let made = items(&entries, &FactsByObject::from([facts(1, known)]));
        let statements: Vec<&str> = made.iter().map(|item| item.sql.as_str()).collect();
        assert_eq!(statements, expected);
    }

    #[test]
    fn a_foreign_key_is_made_first_and_validated_later() {
        let validated = Facts {
            table: "\"a b\".\"c\"".to_owned(),
            constraint: "x \"FOREIGN".to_owned(),
            is_validated: true,
            ..Facts::default()
        };
        let plain = "ALTER TABLE ONLY \"a b\".c\n    ADD CONSTRAINT \"x \"\"FOREIGN\" FOREIGN KEY (d) REFERENCES e(f) DEFERRABLE;\n";
        check_foreign_key(
            plain,
            validated.clone(),
            &[
                "ALTER TABLE ONLY \"a b\".c\n    ADD CONSTRAINT \"x \"\"FOREIGN\" FOREIGN KEY (d) REFERENCES e(f) DEFERRABLE NOT VALID;",
                "ALTER TABLE \"a b\".\"c\" VALIDATE CONSTRAINT \"x \"\"FOREIGN\"",
            ],
        );
        // What the source does not vouch for stays so, and a partitioned table's is made in one step.
        check_foreign_key(plain, Facts::default(), &[plain]);
        let partitioned = Facts {
            is_partitioned: true,
            ..validated
        };
        check_foreign_key(plain, partitioned, &[plain]);
    }
}
