//! The raw limit: what the two servers alone can do. Each table is cut into pieces; workers let the source write a piece into
//! memory (`SELECT … INTO OUTFILE` under /dev/shm) and the target load it (`LOAD DATA`), side by side; then all secondary indexes of a table in
//! one statement. Nothing is checked, kept consistent or followed.

use std::sync::atomic::{AtomicUsize, Ordering};

use reberth_replicate::connection::{LONG_STATEMENT_LIMIT, Session};
use reberth_replicate::mysql::schema::{self, Schema, Table, take_apart};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::value::{ColumnClass, quote_name};
use reberth_replicate::{Address, Secret};

use crate::Failure;
use crate::contestant::WORKERS;
use crate::data::DATABASE;
use crate::servers::USER;

/// Rows of a piece.
const PIECE_ROWS: u64 = 100_000;

/// A piece of a table: a condition on its `id`, or all of it.
struct Piece {
    table: Table,
    condition: String,
    file: String,
}

/// Moves everything with the servers' own means.
pub(crate) fn run(source: &str, target: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let from = Address::parse(&Secret::new(source), USER, "source")?;
    let to = Address::parse(&Secret::new(target), USER, "target")?;
    runtime.block_on(move_all(from, to))
}

async fn move_all(from: Address, to: Address) -> Result<(), Failure> {
    let mut source = server::reader(&from).await?;
    let mut target = server::writer(&to).await?;
    let schema = schema::read(&mut source, DATABASE).await?;
    run_sql(
        &mut target,
        &format!("CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4"),
    )
    .await?;
    run_sql(&mut target, &format!("USE {DATABASE}")).await?;
    for table in schema.tables.values() {
        run_sql(&mut target, &take_apart(table).create).await?;
    }
    let pieces = pieces(&mut source, &schema).await?;
    in_parallel(&from, &to, &pieces).await?;
    add_indexes(&to, &schema).await
}

async fn pieces(source: &mut Session, schema: &Schema) -> Result<Vec<Piece>, Failure> {
    let mut tables: Vec<&Table> = schema.tables.values().collect();
    tables.sort_by_key(|table| u64::MAX - table.data_bytes);
    let mut pieces = Vec::new();
    for table in tables {
        let mut conditions = vec!["TRUE".to_owned()];
        if table.has_key() {
            let sql = format!("SELECT MAX(id) FROM {DATABASE}.{}", quote_name(&table.name));
            let last: u64 = source.row("the highest key", sql).await?.unwrap_or(0);
            conditions = (0..=last / PIECE_ROWS)
                .map(|number| {
                    format!(
                        "id >= {} AND id < {}",
                        number * PIECE_ROWS,
                        (number + 1) * PIECE_ROWS
                    )
                })
                .collect();
        }
        for (number, condition) in conditions.into_iter().enumerate() {
            let file = format!(
                "/dev/shm/reberth-bench-{}-{}-{number}",
                std::process::id(),
                table.name
            );
            pieces.push(Piece {
                table: table.clone(),
                condition,
                file,
            });
        }
    }
    Ok(pieces)
}

async fn in_parallel(from: &Address, to: &Address, pieces: &[Piece]) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let workers = (0..WORKERS).map(async |_| {
        let mut source = server::reader(from).await?;
        let mut target = server::writer(to).await?;
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            move_piece(&mut source, &mut target, piece).await?;
        }
        Ok::<(), Failure>(())
    });
    futures_util::future::try_join_all(workers).await?;
    Ok(())
}

async fn move_piece(
    source: &mut Session,
    target: &mut Session,
    piece: &Piece,
) -> Result<(), Failure> {
    let (name, names, file) = (
        quote_name(&piece.table.name),
        piece.table.carried_names(),
        &piece.file,
    );
    let sql = format!(
        "SELECT {names} FROM {DATABASE}.{name} WHERE {} INTO OUTFILE '{file}' CHARACTER SET binary",
        piece.condition
    );
    run_sql(source, &sql).await?;
    let sql = format!(
        "LOAD DATA INFILE '{file}' INTO TABLE {DATABASE}.{name} CHARACTER SET binary {}",
        loaded_columns(&piece.table)
    );
    let loaded = run_sql(target, &sql).await;
    // Each piece is in memory only while it passes.
    std::fs::remove_file(file)?;
    loaded
}

/// The columns of a file. MySQL takes no JSON out of bytes, so there it goes through a variable.
fn loaded_columns(table: &Table) -> String {
    let (mut columns, mut converted) = (Vec::new(), Vec::new());
    for index in table.carried() {
        let name = quote_name(&table.columns[index].name);
        if table.columns[index].class == ColumnClass::Json {
            columns.push(format!("@value{index}"));
            converted.push(format!("{name} = CONVERT(@value{index} USING utf8mb4)"));
        } else {
            columns.push(name);
        }
    }
    let set = match converted.as_slice() {
        [] => String::new(),
        _ => format!(" SET {}", converted.join(", ")),
    };
    format!("({}){set}", columns.join(","))
}

async fn add_indexes(to: &Address, schema: &Schema) -> Result<(), Failure> {
    let statements: Vec<String> = schema
        .tables
        .values()
        .map(|table| {
            let parts = take_apart(table);
            let clauses: Vec<String> = [
                parts.plain_indexes,
                parts.unique_indexes,
                parts.foreign_keys,
            ]
            .into_iter()
            .flatten()
            .map(|(_, clause)| format!("ADD {clause}"))
            .collect();
            format!(
                "ALTER TABLE {DATABASE}.{} {}",
                quote_name(&table.name),
                clauses.join(", ")
            )
        })
        .collect();
    let next = AtomicUsize::new(0);
    let workers = (0..WORKERS).map(async |_| {
        let mut target = server::writer(to).await?;
        while let Some(sql) = statements.get(next.fetch_add(1, Ordering::Relaxed)) {
            run_sql(&mut target, sql).await?;
        }
        Ok::<(), Failure>(())
    });
    futures_util::future::try_join_all(workers).await?;
    Ok(())
}

async fn run_sql(session: &mut Session, sql: &str) -> Result<(), Failure> {
    session
        .run_within(LONG_STATEMENT_LIMIT, "the raw limit", sql)
        .await?;
    Ok(())
}
