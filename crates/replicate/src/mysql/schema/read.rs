//! Reads the schema of a database from its server.

use std::collections::BTreeMap;

use super::{Column, ForeignKey, ReferentialAction, Schema, Table};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::sequence;
use crate::mysql::value::{ColumnClass, Spelling, quote_name, quote_text};

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
    Ok(Schema {
        database: database.to_owned(),
        charset,
        collation,
        tables,
        foreign_keys,
        sequences: sequence::names(session, database).await?,
        recopied: BTreeMap::new(),
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
    let spelled = |spelling| Some(ColumnClass::Spelled { spelling });
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
        "uuid" => spelled(Spelling::Uuid),
        "inet4" => spelled(Spelling::Inet4),
        "inet6" => spelled(Spelling::Inet6),
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
