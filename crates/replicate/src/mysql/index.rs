//! Secondary indexes and foreign keys, made after the rows. What is there already is left alone, so that doing it twice is harmless.
//!
//! A predecessor that died leaves its last statement to the server, which may make an index between our look at what is there and our own
//! statement, and that is refused as a whole then. So after a refusal we look again, and go on with the rest if it has become less.

use std::collections::BTreeSet;

use crate::connection::{REBUILD_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::schema::{Schema, take_apart};
use crate::mysql::value::{quote_name, quote_text};

/// Names by table.
type Present = BTreeSet<(String, String)>;

/// Makes the indexes of a table that may hold doubles, all in one statement.
pub(crate) async fn make_plain(
    target: &mut Session,
    schema: &Schema,
    table: &str,
) -> Result<(), ReplicateError> {
    let present = indexes(target, schema).await?;
    let clauses = schema
        .tables
        .get(table)
        .map(|table| take_apart(table).plain_indexes);
    add(target, schema, table, clauses.unwrap_or_default(), &present).await
}

/// Makes unique indexes, and then the foreign keys, which need their parents' indexes.
pub(crate) async fn make_strict(
    target: &mut Session,
    schema: &Schema,
) -> Result<(), ReplicateError> {
    let present = indexes(target, schema).await?;
    for table in schema.tables.values() {
        add(
            target,
            schema,
            &table.name,
            take_apart(table).unique_indexes,
            &present,
        )
        .await?;
    }
    // A foreign key often bears the name of its index, so the two are looked up apart.
    let present = foreign_keys(target, schema).await?;
    for table in schema.tables.values() {
        add(
            target,
            schema,
            &table.name,
            take_apart(table).foreign_keys,
            &present,
        )
        .await?;
    }
    Ok(())
}

async fn indexes(target: &mut Session, schema: &Schema) -> Result<Present, ReplicateError> {
    let sql = format!(
        "SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {}",
        quote_text(&schema.database)
    );
    Ok(target
        .rows::<(String, String)>("listing the target's indexes", sql)
        .await?
        .into_iter()
        .collect())
}

async fn foreign_keys(target: &mut Session, schema: &Schema) -> Result<Present, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {}",
        quote_text(&schema.database)
    );
    Ok(target
        .rows::<(String, String)>("listing the target's foreign keys", sql)
        .await?
        .into_iter()
        .collect())
}

async fn add(
    target: &mut Session,
    schema: &Schema,
    table: &str,
    clauses: Vec<(String, String)>,
    present: &Present,
) -> Result<(), ReplicateError> {
    let mut missing: Vec<(String, String)> = clauses
        .into_iter()
        .filter(|(name, _)| !present.contains(&(table.to_owned(), name.clone())))
        .collect();
    while !missing.is_empty() {
        let Err(error) = add_missing(target, schema, table, &missing).await else {
            return Ok(());
        };
        if !matches!(error, ReplicateError::Refused { .. }) {
            return Err(error);
        }
        // A foreign key often bears the name of its index, so the two are looked up apart here too.
        let are_foreign_keys = missing
            .iter()
            .any(|(_, clause)| clause.contains("FOREIGN KEY"));
        let present = match are_foreign_keys {
            true => foreign_keys(target, schema).await?,
            false => indexes(target, schema).await?,
        };
        let before = missing.len();
        missing.retain(|(name, _)| !present.contains(&(table.to_owned(), name.clone())));
        if missing.len() == before {
            return Err(error);
        }
    }
    Ok(())
}

async fn add_missing(
    target: &mut Session,
    schema: &Schema,
    table: &str,
    missing: &[(String, String)],
) -> Result<(), ReplicateError> {
    target
        .run(
            "choosing the database",
            format!("USE {}", quote_name(&schema.database)),
        )
        .await?;
    for clauses in statements(missing) {
        let sql = format!("ALTER TABLE {} {}", quote_name(table), clauses.join(", "));
        target
            .run_within(
                REBUILD_LIMIT,
                &format!("making the indexes of table {table}"),
                sql,
            )
            .await?;
    }
    Ok(())
}

/// The clauses by statement: all in one, but for a table's second full-text index and each further one, because InnoDB makes one at a time
/// (error 1795). The first goes with the rest: it rebuilds the table, and the rest is made in the same pass.
fn statements(missing: &[(String, String)]) -> Vec<Vec<String>> {
    let add = |(_, clause): &(String, String)| format!("ADD {clause}");
    let is_full_text = |(_, clause): &&(String, String)| clause.starts_with("FULLTEXT");
    let (full_text, mut together): (Vec<_>, Vec<_>) = missing.iter().partition(is_full_text);
    let mut full_text = full_text.into_iter();
    together.extend(full_text.next());
    let together = together.into_iter().map(add).collect();
    std::iter::once(together)
        .chain(full_text.map(|clause| vec![add(clause)]))
        .collect()
}
