//! The raw limit: what the two servers alone can do. The schema by `pg_dump` and `pg_restore`, the rows by binary `COPY` from one server into
//! the other, large tables in parts side by side, indexes and constraints by `pg_restore`. Nothing is checked, resumable or followed.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use reberth_replicate::Address;
use reberth_replicate::connection::LONG_STATEMENT_LIMIT;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::table::{self, Table};
use reberth_replicate::postgres::value::quote_name;
use reberth_testkit::postgres::client_program;

use super::contestant::{address, jobs};
use crate::Failure;

/// Pages of a piece: 200 MB, as pgcopydb's are.
const PIECE_PAGES: u64 = 25_600;
/// Bytes that travel together.
const PASSED_BYTES: usize = 512 * 1024;

/// A range of pages of a table.
struct Piece {
    table: Table,
    first_page: u64,
    end_page: u64,
}

/// Moves everything with the servers' own means.
pub(crate) async fn run(source: &str, target: &str) -> Result<(), Failure> {
    let (from, to) = (address(source, "source")?, address(target, "target")?);
    let archive = std::env::temp_dir().join(format!("reberth-bench-raw-{}", std::process::id()));
    let file = archive.to_string_lossy().into_owned();
    // PostgreSQL's programs know no `tls`.
    let uri = |url: &str| url.replace("?tls=off", "");
    let dump = ["-Fc", "--schema-only", "-d", &uri(source), "-f", &file];
    program("pg_dump", &dump)?;
    program(
        "pg_restore",
        &["-d", &uri(target), "--section=pre-data", &file],
    )?;
    let pieces = pieces(&from).await?;
    in_parallel(&from, &to, &pieces).await?;
    let jobs = jobs().to_string();
    let post_data = [
        "-d",
        &uri(target),
        "-j",
        &jobs,
        "--section=post-data",
        &file,
    ];
    program("pg_restore", &post_data)?;
    std::fs::remove_file(archive)?;
    Ok(())
}

fn program(name: &'static str, arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new(client_program(name)?)
        .args(arguments)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{name} failed: {status}").into()),
    }
}

/// The pieces of all tables, those of the largest first.
async fn pieces(from: &Address) -> Result<Vec<Piece>, Failure> {
    let mut source = Session::open(from).await?;
    let mut tables: Vec<Table> = table::read(&mut source).await?.into_values().collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    let mut pieces = Vec::new();
    for table in tables {
        for first_page in (0..table.pages.max(1)).step_by(PIECE_PAGES as usize) {
            pieces.push(Piece {
                table: table.clone(),
                first_page,
                end_page: first_page + PIECE_PAGES,
            });
        }
    }
    Ok(pieces)
}

async fn in_parallel(from: &Address, to: &Address, pieces: &[Piece]) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let workers = (0..jobs()).map(async |_| {
        let mut source = Session::open(from).await?;
        let mut target = Session::open(to).await?;
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
    const DOING: &str = "the raw limit";
    let path = piece.table.path();
    let columns: Vec<String> = piece
        .table
        .stored()
        .map(|column| quote_name(&column.name))
        .collect();
    let columns = columns.join(", ");
    let read = format!(
        "COPY (SELECT {columns} FROM {path} WHERE ctid >= '({},0)' AND ctid < '({},0)') TO STDOUT (FORMAT binary)",
        piece.first_page, piece.end_page
    );
    source.begin_copy_out(DOING, &read).await?;
    let write = format!("COPY {path} ({columns}) FROM STDIN (FORMAT binary)");
    target.begin_copy_in(DOING, &write).await?;
    let mut passed = Vec::new();
    loop {
        let ended = source
            .copy_out_piece(DOING, &mut passed, PASSED_BYTES)
            .await?;
        target.copy_in_piece(DOING, &passed).await?;
        passed.clear();
        if ended.is_some() {
            target.end_copy_in(LONG_STATEMENT_LIMIT, DOING).await?;
            return Ok(());
        }
    }
}
