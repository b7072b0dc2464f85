//! Applies a batch on the target, in one transaction with the checkpoint.
//!
//! The keys and rows of a table go into temporary tables of the session, as wide as the batch is, and from there set-wise by the identity key. Where another unique index
//! stands, every touched row is deleted before any is inserted: an UPDATE in place would meet values that another row of the batch is about to give up (rules 13, 14). Triggers
//! and foreign keys rest in the session, so the order of the tables does not matter.

mod statements;

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Catalogue, Standing};
use super::reader::{Batch, Happened, Reader};
use super::{Captured, Cut, keyless};
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::state::StreamState;
use crate::postgres::value::quote_text;
use statements::{Statements, key_stage, row_stage};

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is committed.
    Committed,
    /// A statement on the source disturbed its reading, and nothing of it was kept: it is to be cut anew.
    Disturbed,
}

/// A session on the target that applies batches.
#[derive(Debug)]
pub struct Applier {
    target: Session,
    state: StreamState,
    /// Tables whose temporary tables are made.
    staged: BTreeSet<u32>,
    /// The snapshot in which each table was copied, by its quoted path.
    copied: BTreeMap<String, Cut>,
}

const FILES: &str = "CREATE TABLE IF NOT EXISTS reberth.captured (
    stream text NOT NULL, table_id oid NOT NULL, file bigint NOT NULL, shape text NOT NULL, path text NOT NULL, PRIMARY KEY (stream, table_id))";

/// Stores the catalogue of the first snapshot. It is done before the stream begins, and again if that was cut off.
pub async fn store_catalogue(
    target: &mut Session,
    stream: &str,
    catalogue: &Catalogue,
) -> Result<(), ReplicateError> {
    let stream = quote_text(stream);
    let mut sql = format!("BEGIN; {FILES}; DELETE FROM reberth.captured WHERE stream = {stream}");
    for (oid, standing) in catalogue {
        sql += &store_standing(&stream, *oid, standing);
    }
    let doing = "storing the catalogue of the source";
    target
        .run(
            "making the storing quiet",
            "SET client_min_messages = warning",
        )
        .await?;
    target
        .run_within(LONG_STATEMENT_LIMIT, doing, sql + "; COMMIT")
        .await
        .map(drop)
}

/// Reads the catalogue as of the checkpoint.
pub async fn stored_catalogue(
    target: &mut Session,
    stream: &str,
) -> Result<Catalogue, ReplicateError> {
    let sql = format!(
        "SELECT table_id, file, shape, path FROM reberth.captured WHERE stream = {}",
        quote_text(stream)
    );
    let rows: Vec<(u32, u64, String, String)> =
        target.rows("reading the stored catalogue", sql).await?;
    let tables = rows
        .into_iter()
        .map(|(oid, file, shape, path)| (oid, Standing { file, shape, path }));
    Ok(tables.collect())
}

fn store_standing(stream: &str, oid: u32, standing: &Standing) -> String {
    format!(
        "; INSERT INTO reberth.captured (stream, table_id, file, shape, path) VALUES ({stream}, {oid}, {}, {}, {}) \
         ON CONFLICT (stream, table_id) DO UPDATE SET file = excluded.file, shape = excluded.shape",
        standing.file,
        quote_text(&standing.shape),
        quote_text(&standing.path)
    )
}

impl Applier {
    /// Opens the session, under the epoch that the state holds.
    pub async fn open(state: &StreamState) -> Result<Applier, ReplicateError> {
        let mut target = state.open_writer().await?;
        let mut copied = BTreeMap::new();
        for (table, text) in state.readings(&mut target).await? {
            let cut = Cut::parse(&text).ok_or_else(|| {
                ReplicateError::Blocked(vec![format!(
                    "the snapshot {text} of {table} cannot be read"
                )])
            })?;
            copied.insert(table, cut);
        }
        Ok(Applier {
            copied,
            target,
            state: state.clone(),
            staged: BTreeSet::new(),
        })
    }

    /// The session, between batches.
    pub fn session(&mut self) -> &mut Session {
        &mut self.target
    }

    /// Applies a batch and moves the checkpoint. After an error both sessions of the batch are to be opened anew.
    pub async fn apply(
        &mut self,
        reader: &mut Reader,
        batch: &Batch,
        before: &Catalogue,
    ) -> Result<Ended, ReplicateError> {
        for oid in batch.tables.keys() {
            self.stage(reader.table(*oid)?).await?;
        }
        self.begin(&batch.from, &batch.to).await?;
        let written = self.write_tables(reader, batch).await;
        // What was read while the catalogue moved may be anything, an error too.
        if !reader.is_undisturbed(batch).await? {
            self.leave(reader, written.is_err()).await?;
            reader.note_disturbed(batch);
            return Ok(Ended::Disturbed);
        }
        written?;
        let mut sql = String::new();
        let stream = quote_text(self.state.name());
        for (oid, standing) in &batch.catalogue {
            if before.get(oid) != Some(standing) {
                sql += &store_standing(&stream, *oid, standing);
            }
        }
        if !sql.is_empty() {
            let doing = "storing the catalogue of the source";
            self.target.run(doing, sql.trim_start_matches("; ")).await?;
        }
        self.target.run("committing a batch", "COMMIT").await?;
        reader.note_committed();
        reader.end().await?;
        Ok(Ended::Committed)
    }

    /// Leaves a batch behind. A copy that broke in the middle leaves its sessions in it, so they are ended.
    async fn leave(&mut self, reader: &mut Reader, is_broken: bool) -> Result<(), ReplicateError> {
        if is_broken {
            *self = Applier::open(&self.state).await?;
            return reader.reopen().await;
        }
        self.target.run("leaving a batch", "ROLLBACK").await?;
        reader.end().await
    }

    async fn begin(&mut self, from: &Cut, to: &Cut) -> Result<(), ReplicateError> {
        let sql = format!("BEGIN; {}", self.state.advance(from.text(), to.text()));
        let begun = self.target.run("moving the checkpoint", sql).await;
        begun
            .map(drop)
            .map_err(|error| self.state.or_superseded(error))
    }

    async fn write_tables(
        &mut self,
        reader: &mut Reader,
        batch: &Batch,
    ) -> Result<(), ReplicateError> {
        let truncated = batch
            .tables
            .iter()
            .filter(|(_, happened)| matches!(happened, Happened::Truncated(_)));
        let truncated: Result<Vec<String>, ReplicateError> = truncated
            .map(|(oid, _)| Ok(reader.table(*oid)?.table.path()))
            .collect();
        self.empty(&truncated?).await?;
        for (oid, happened) in &batch.tables {
            let captured = reader.table(*oid)?.clone();
            match happened {
                Happened::Rewritten => self.write_whole(reader, &captured).await?,
                Happened::Touched(0) | Happened::Truncated(0) => {}
                Happened::Touched(_) | Happened::Truncated(_) => {
                    if captured.is_keyless() {
                        self.write_counted(reader, &captured, batch).await?;
                    } else {
                        self.write_touched(reader, &captured, &batch.from).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Empties tables. The server truncates only together with all tables that refer to them; where one of those was left out, the rows are deleted.
    async fn empty(&mut self, paths: &[String]) -> Result<(), ReplicateError> {
        if paths.is_empty() {
            return Ok(());
        }
        let doing = "emptying tables";
        let list: Vec<String> = paths
            .iter()
            .map(|path| format!("{}::regclass", quote_text(path)))
            .collect();
        let list = list.join(", ");
        let sql = format!(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid IN ({list}) AND conrelid NOT IN ({list}))"
        );
        let is_referred_to: Option<(bool,)> = self.target.row(doing, sql).await?;
        let sql = match is_referred_to {
            Some((false,)) => format!("TRUNCATE ONLY {}", paths.join(", ONLY ")),
            _ => paths
                .iter()
                .map(|path| format!("DELETE FROM ONLY {path};"))
                .collect(),
        };
        self.target
            .run_within(LONG_STATEMENT_LIMIT, doing, sql)
            .await
            .map(drop)
    }

    async fn write_whole(
        &mut self,
        reader: &mut Reader,
        captured: &Captured,
    ) -> Result<(), ReplicateError> {
        let (path, columns) = (captured.table.path(), captured.stored_names());
        let list = match columns.is_empty() {
            true => String::new(),
            false => format!(" ({columns})"),
        };
        let doing = format!("writing {path} whole");
        let empty = format!("DELETE FROM ONLY {path}");
        self.target
            .run_within(LONG_STATEMENT_LIMIT, &doing, empty)
            .await?;
        let query = format!("SELECT {columns} FROM ONLY {path}");
        let copy_in = format!("COPY {path}{list} FROM STDIN");
        reader
            .pass(&query, &mut self.target, &copy_in)
            .await
            .map(drop)
    }

    async fn write_touched(
        &mut self,
        reader: &mut Reader,
        captured: &Captured,
        from: &Cut,
    ) -> Result<(), ReplicateError> {
        let statements = Statements::of(captured, from);
        reader
            .pass(&statements.keys, &mut self.target, &statements.keys_in)
            .await?;
        reader
            .pass(&statements.rows, &mut self.target, &statements.rows_in)
            .await?;
        let doing = format!("applying to {}", captured.table.path());
        let sql = format!("{}; {}", statements.delete, statements.insert);
        self.target
            .run_within(LONG_STATEMENT_LIMIT, &doing, sql)
            .await
            .map(drop)
    }

    async fn write_counted(
        &mut self,
        reader: &mut Reader,
        captured: &Captured,
        batch: &Batch,
    ) -> Result<(), ReplicateError> {
        let copied = self.copied.get(&captured.table.path());
        let statements = keyless::Statements::of(captured, &batch.from, copied);
        reader
            .pass(&statements.sums, &mut self.target, &statements.sums_in)
            .await?;
        statements
            .write(&mut self.target, captured, &batch.log_end)
            .await
    }

    /// Makes the temporary tables of a table, with its column types and collations and nothing else.
    async fn stage(&mut self, captured: &Captured) -> Result<(), ReplicateError> {
        let oid = captured.table.oid;
        if self.staged.contains(&oid) {
            return Ok(());
        }
        if captured.is_keyless() {
            let sql = keyless::stage(&captured.table);
            self.target.run("making temporary tables", sql).await?;
            self.staged.insert(oid);
            return Ok(());
        }
        let path = captured.table.path();
        let make = |name: String, columns: String| {
            format!(
                "CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS SELECT {columns} FROM ONLY {path} WITH NO DATA"
            )
        };
        let sql = format!(
            "{}; {}",
            make(key_stage(oid), captured.key_names()),
            make(row_stage(oid), captured.stored_names())
        );
        self.target.run("making temporary tables", sql).await?;
        self.staged.insert(oid);
        Ok(())
    }
}
