//! The tables of a database as far as moving their rows needs them known, and the statements that make them again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::value::{ColumnClass, quote_name, quote_text};

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What it holds.
    pub class: ColumnClass,
    /// Whether NULL may stand in it.
    pub nullable: bool,
    /// Whether the server computes it; computed columns are not carried.
    pub generated: bool,
}

/// A foreign key of a child table whose rows the server changes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Name of the constraint.
    pub name: String,
    /// The child table.
    pub child: String,
    /// Columns of the child.
    pub columns: Vec<String>,
    /// The parent table.
    pub parent: String,
    /// Columns of the parent, in the same order.
    pub parent_columns: Vec<String>,
    /// What happens to the child when the parent's row goes.
    pub on_delete: ReferentialAction,
    /// What happens to the child when the parent's key changes.
    pub on_update: ReferentialAction,
}

impl ForeignKey {
    /// Whether the server changes child rows by itself.
    pub fn has_action(&self) -> bool {
        self.on_delete != ReferentialAction::Restrict
            || self.on_update != ReferentialAction::Restrict
    }
}

/// What a server does by itself to a child row, without a word in its log (rule 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferentialAction {
    /// Refuses the change of the parent.
    Restrict,
    /// Does the same to the child.
    Cascade,
    /// Empties the child's columns.
    SetNull,
}

impl ReferentialAction {
    fn from_words(words: &str) -> ReferentialAction {
        match words {
            "CASCADE" => ReferentialAction::Cascade,
            "SET NULL" => ReferentialAction::SetNull,
            _ => ReferentialAction::Restrict,
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Columns in the order of the server's log.
    pub columns: Vec<Column>,
    /// Columns that identify a row, as indexes into `columns`: the primary key, else a unique key of NOT NULL columns
    /// without prefixes (rule 8). Empty: the table has no key.
    pub identity: Vec<usize>,
    /// Name of the index behind `identity`.
    pub identity_index: Option<String>,
    /// Storage engine.
    pub engine: String,
    /// The column that numbers itself.
    pub auto_increment_column: Option<usize>,
    /// The server's statement that makes the table.
    pub create_statement: String,
    /// The server's own estimate of rows.
    pub estimated_rows: u64,
    /// The server's own estimate of bytes in the table's rows.
    pub data_bytes: u64,
    /// Mean length of a row in bytes, by the same estimate; at least 1.
    pub mean_row_bytes: u64,
}

impl Table {
    /// Indexes of the columns that are carried: all that the server does not compute.
    pub fn carried(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.generated)
            .map(|(index, _)| index)
    }

    /// The carried columns' names, quoted and separated by commas.
    pub fn carried_names(&self) -> String {
        self.carried()
            .map(|index| quote_name(&self.columns[index].name))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Whether rows can be told apart.
    pub fn has_key(&self) -> bool {
        !self.identity.is_empty()
    }

    /// Index of the column of that name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// All of a database that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Name of the database.
    pub database: String,
    /// Its default character set and collation.
    pub charset: String,
    /// Its default collation.
    pub collation: String,
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Foreign keys, ordered by child and name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Views, triggers, routines and events by kind: listed so that none is forgotten.
    pub programs: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// Foreign keys whose parent is this table.
    pub fn children_of<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a ForeignKey> + 'a {
        self.foreign_keys
            .iter()
            .filter(move |key| key.parent == parent)
    }

    /// Whether a table must be read whole at one moment whose place in the log is exact, because a copy that is a mixture of moments could not
    /// be repaired by replay: it has no key; or the server passes cascades through it, or renames parents of its rows, so that what a cascade
    /// reaches depends on rows as they were at that very moment.
    pub fn needs_one_moment(&self, table: &Table) -> bool {
        let (mut is_reached, mut passes_on) = (false, false);
        for key in self.foreign_keys.iter().filter(|key| key.has_action()) {
            if key.child == table.name {
                is_reached = true;
                if key.on_update != ReferentialAction::Restrict
                    || self.is_changed_by_cascades(&key.parent)
                {
                    return true;
                }
            }
            passes_on |= key.parent == table.name;
        }
        !table.has_key() || (is_reached && passes_on)
    }

    /// Whether the server may change rows of this table without a word in its log.
    pub fn is_changed_by_cascades(&self, table: &str) -> bool {
        self.foreign_keys
            .iter()
            .any(|key| key.child == table && key.has_action())
    }
}

/// Reads the schema of a database from its server.
pub async fn read(session: &mut Session, database: &str) -> Result<Schema, ReplicateError> {
    let name = quote_text(database);
    let defaults: Option<(String, String)> = session
        .row(
            "reading the database's defaults",
            format!("SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {name}"),
        )
        .await?;
    let (charset, collation) = defaults.ok_or_else(|| {
        ReplicateError::Blocked(vec![format!(
            "the {} server has no database {database} that this account may see",
            session.address().side()
        )])
    })?;
    let mut tables = read_tables(session, database).await?;
    for table in tables.values_mut() {
        let sql = format!(
            "SHOW CREATE TABLE {}.{}",
            quote_name(database),
            quote_name(&table.name)
        );
        let made: Option<(String, String)> =
            session.row("reading a table's definition", sql).await?;
        table.create_statement = made.map(|(_, statement)| statement).unwrap_or_default();
    }
    read_columns(session, &name, &mut tables).await?;
    read_keys(session, &name, &mut tables).await?;
    let foreign_keys = read_foreign_keys(session, &name).await?;
    let programs = read_programs(session, &name).await?;
    Ok(Schema {
        database: database.to_owned(),
        charset,
        collation,
        tables,
        foreign_keys,
        programs,
    })
}

async fn read_tables(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Table>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COALESCE(ENGINE, ''), COALESCE(TABLE_ROWS, 0), COALESCE(AVG_ROW_LENGTH, 0), COALESCE(DATA_LENGTH, 0) \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME",
        quote_text(database)
    );
    let rows: Vec<(String, String, u64, u64, u64)> = session.rows("listing tables", sql).await?;
    let table = |(name, engine, estimated_rows, mean_row_bytes, data_bytes): (
        String,
        String,
        u64,
        u64,
        u64,
    )| Table {
        name,
        columns: Vec::new(),
        identity: Vec::new(),
        identity_index: None,
        engine,
        auto_increment_column: None,
        create_statement: String::new(),
        estimated_rows,
        data_bytes,
        mean_row_bytes: mean_row_bytes.max(1),
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.0.clone(), table(row)))
        .collect())
}

async fn read_columns(
    session: &mut Session,
    database: &str,
    tables: &mut BTreeMap<String, Table>,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, LOWER(DATA_TYPE), LOWER(COLUMN_TYPE), IS_NULLABLE, COALESCE(CHARACTER_SET_NAME, ''), \
         LOWER(EXTRA), COALESCE(GENERATION_EXPRESSION, ''), COALESCE(CHARACTER_OCTET_LENGTH, 0) \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {database} ORDER BY TABLE_NAME, ORDINAL_POSITION"
    );
    let rows: Vec<mysql_async::Row> = session.rows("reading columns", sql).await?;
    for row in rows {
        let text = |index: usize| row.get::<String, _>(index).unwrap_or_default();
        let Some(table) = tables.get_mut(&text(0)) else {
            continue;
        };
        let length = row.get::<u64, _>(8).unwrap_or_default() as usize;
        let class = column_class(&text(2), &text(3), text(5), length).ok_or_else(|| {
            ReplicateError::TableUnsupported {
                table: table.name.clone(),
                reason: format!(
                    "column {} has the type {}, which this build does not carry",
                    text(1),
                    text(3)
                ),
            }
        })?;
        if text(6).contains("auto_increment") {
            table.auto_increment_column = Some(table.columns.len());
        }
        table.columns.push(Column {
            name: text(1),
            class,
            nullable: text(4) == "YES",
            generated: !text(7).is_empty(),
        });
    }
    Ok(())
}

fn column_class(
    data_type: &str,
    column_type: &str,
    charset: String,
    length: usize,
) -> Option<ColumnClass> {
    let integer = |width_bytes| {
        Some(ColumnClass::Integer {
            width_bytes,
            unsigned: column_type.contains("unsigned"),
        })
    };
    match data_type {
        "tinyint" => integer(1),
        "smallint" => integer(2),
        "mediumint" => integer(3),
        "int" => integer(4),
        "bigint" => integer(8),
        "decimal" => Some(ColumnClass::Decimal),
        "float" => Some(ColumnClass::Float),
        "double" => Some(ColumnClass::Double),
        "date" | "datetime" | "timestamp" | "time" => Some(ColumnClass::Temporal),
        "year" => Some(ColumnClass::Year),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            Some(ColumnClass::Text { charset })
        }
        "binary" => Some(ColumnClass::FixedBinary { length }),
        "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Some(ColumnClass::Bytes),
        "bit" => Some(ColumnClass::Bit),
        "enum" | "set" => Some(ColumnClass::Label { charset }),
        "json" => Some(ColumnClass::Json),
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" => Some(ColumnClass::Geometry),
        _ => None,
    }
}

/// Columns of an index, with the length of the prefix or 0; an expression has no column.
type IndexParts = Vec<(Option<String>, u64)>;

async fn read_keys(
    session: &mut Session,
    database: &str,
    tables: &mut BTreeMap<String, Table>,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, COALESCE(SUB_PART, 0) FROM information_schema.STATISTICS \
         WHERE TABLE_SCHEMA = {database} AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX"
    );
    let rows: Vec<(String, String, Option<String>, u64)> =
        session.rows("reading keys", sql).await?;
    let mut keys: Vec<(String, String, IndexParts)> = Vec::new();
    for (table, index, column, prefix) in rows {
        match keys.last_mut() {
            Some(last) if last.0 == table && last.1 == index => last.2.push((column, prefix)),
            _ => keys.push((table, index, vec![(column, prefix)])),
        }
    }
    for (table, index, parts) in keys {
        let Some(table) = tables.get_mut(&table).filter(|table| !table.has_key()) else {
            continue;
        };
        let columns: Option<Vec<usize>> = parts
            .iter()
            .map(|(column, prefix)| {
                let column = table.column_index(column.as_deref()?)?;
                (*prefix == 0
                    && !table.columns[column].nullable
                    && !table.columns[column].generated)
                    .then_some(column)
            })
            .collect();
        if let Some(columns) = columns {
            table.identity = columns;
            table.identity_index = Some(index);
        }
    }
    Ok(())
}

async fn read_foreign_keys(
    session: &mut Session,
    database: &str,
) -> Result<Vec<ForeignKey>, ReplicateError> {
    let sql = format!(
        "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE \
         FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
         ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
         WHERE k.TABLE_SCHEMA = {database} AND k.REFERENCED_TABLE_SCHEMA = {database} ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION"
    );
    let rows: Vec<(String, String, String, String, String, String, String)> =
        session.rows("reading foreign keys", sql).await?;
    let mut keys: Vec<ForeignKey> = Vec::new();
    for (child, name, column, parent, parent_column, on_delete, on_update) in rows {
        match keys.last_mut() {
            Some(last) if last.child == child && last.name == name => {
                last.columns.push(column);
                last.parent_columns.push(parent_column);
            }
            _ => keys.push(ForeignKey {
                name,
                child,
                columns: vec![column],
                parent,
                parent_columns: vec![parent_column],
                on_delete: ReferentialAction::from_words(&on_delete),
                on_update: ReferentialAction::from_words(&on_update),
            }),
        }
    }
    Ok(keys)
}

async fn read_programs(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, Vec<String>>, ReplicateError> {
    let mut programs = BTreeMap::new();
    for (kind, table, name, schema) in [
        ("view", "VIEWS", "TABLE_NAME", "TABLE_SCHEMA"),
        ("trigger", "TRIGGERS", "TRIGGER_NAME", "TRIGGER_SCHEMA"),
        ("routine", "ROUTINES", "ROUTINE_NAME", "ROUTINE_SCHEMA"),
        ("event", "EVENTS", "EVENT_NAME", "EVENT_SCHEMA"),
    ] {
        let sql = format!(
            "SELECT {name} FROM information_schema.{table} WHERE {schema} = {database} ORDER BY 1"
        );
        let names: Vec<String> = session
            .rows("listing views, triggers, routines and events", sql)
            .await?;
        if !names.is_empty() {
            programs.insert(kind.to_owned(), names);
        }
    }
    Ok(programs)
}

/// A table's definition taken apart: what is made before the rows, and what after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The statement without secondary indexes, foreign keys and counter.
    pub create: String,
    /// Clauses of indexes that may hold doubles: made right after the copy.
    pub plain_indexes: Vec<(String, String)>,
    /// Clauses of unique indexes: made once the table is consistent.
    pub unique_indexes: Vec<(String, String)>,
    /// Clauses of foreign keys: made last.
    pub foreign_keys: Vec<(String, String)>,
}

/// Takes the server's own statement apart, line by line: `SHOW CREATE TABLE` prints each column, index and constraint
/// on a line of its own in every version of both families.
pub fn take_apart(table: &Table) -> Definition {
    let counter_index = table
        .auto_increment_column
        .map(|column| quote_name(&table.columns[column].name));
    let (mut kept, mut plain, mut unique, mut foreign) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut lines = table.create_statement.lines();
    let head = lines.next().unwrap_or_default();
    let mut tail = Vec::new();
    for line in lines {
        if !tail.is_empty() || line.starts_with(')') {
            tail.push(without_counter(line));
            continue;
        }
        let clause = line.trim().trim_end_matches(',').to_owned();
        let name = clause.split('`').nth(1).unwrap_or_default().to_owned();
        let is_identity = table.identity_index.as_deref() == Some(name.as_str());
        // A self-numbering column must stay the first of some index from the beginning.
        let numbers_itself = counter_index
            .as_ref()
            .is_some_and(|column| clause.contains(&format!("({column}")))
            && table.identity.first().copied() != table.auto_increment_column;
        if clause.starts_with("UNIQUE KEY") && !is_identity && !numbers_itself {
            unique.push((name, clause));
        } else if (clause.starts_with("KEY")
            || clause.starts_with("FULLTEXT KEY")
            || clause.starts_with("SPATIAL KEY"))
            && !numbers_itself
        {
            plain.push((name, clause));
        } else if clause.starts_with("CONSTRAINT") && clause.contains(" FOREIGN KEY ") {
            foreign.push((name, clause));
        } else {
            kept.push(format!("  {clause}"));
        }
    }
    let create = format!("{head}\n{}\n{}", kept.join(",\n"), tail.join("\n"));
    Definition {
        create,
        plain_indexes: plain,
        unique_indexes: unique,
        foreign_keys: foreign,
    }
}

/// The table's options without `AUTO_INCREMENT=n`: counters are aligned at the cutover, from the source's own.
fn without_counter(options: &str) -> String {
    let Some((before, after)) = options.split_once(" AUTO_INCREMENT=") else {
        return options.to_owned();
    };
    format!(
        "{before}{}",
        after.trim_start_matches(|c: char| c.is_ascii_digit())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(create: &str, identity_index: Option<&str>) -> Table {
        Table {
            name: "t".into(),
            columns: vec![Column {
                name: "id".into(),
                class: ColumnClass::Integer {
                    width_bytes: 8,
                    unsigned: true,
                },
                nullable: false,
                generated: false,
            }],
            identity: vec![0],
            identity_index: identity_index.map(str::to_owned),
            engine: "InnoDB".into(),
            auto_increment_column: Some(0),
            create_statement: create.into(),
            estimated_rows: 0,
            data_bytes: 0,
            mean_row_bytes: 1,
        }
    }

    #[test]
    fn a_definition_is_taken_apart_and_loses_nothing() {
        let definition = take_apart(&table(
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n  `a` int(11) DEFAULT NULL COMMENT 'KEY (x), y',\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`a`),\n  KEY `k` (`a`,`id`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n  CONSTRAINT `c` CHECK (`a` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`)\nPARTITIONS 4",
            Some("PRIMARY"),
        ));
        assert_eq!(
            definition.create,
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n  `a` int(11) DEFAULT NULL COMMENT 'KEY (x), y',\n  PRIMARY KEY (`id`),\n  CONSTRAINT `c` CHECK (`a` > 0)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`)\nPARTITIONS 4"
        );
        assert_eq!(
            definition.unique_indexes,
            vec![("u".to_owned(), "UNIQUE KEY `u` (`a`)".to_owned())]
        );
        assert_eq!(definition.plain_indexes.len(), 1);
        assert_eq!(definition.foreign_keys[0].0, "f");
    }

    #[test]
    fn the_identity_stays_when_it_is_a_unique_key() {
        let definition = take_apart(&table(
            "CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL,\n  UNIQUE KEY `u` (`id`)\n) ENGINE=InnoDB",
            Some("u"),
        ));
        assert!(definition.create.contains("UNIQUE KEY `u`"));
        assert!(definition.unique_indexes.is_empty());
    }
}
