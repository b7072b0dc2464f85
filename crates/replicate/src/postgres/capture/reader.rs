//! Reads one batch off the source: which keys were touched between two snapshots, and the rows they have in the later one.
//!
//! Everything is read by `COPY (…) TO STDOUT` and passes on without being held, so a batch of any size takes no more memory than the buffers of the wire.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{self, Catalogue};
use super::{Captured, Cut};
use crate::connection::{Address, LONG_STATEMENT_LIMIT};
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::server;
use crate::postgres::session::Session;

/// Settings of the sessions that read: a touched row is found by its key, whatever the planner thinks of a change table that was never analysed.
const SETTINGS: &[(&str, &str)] = &[
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    ("lc_monetary", "C"),
    // A policy that hides rows from us is an error, and not a table that looks empty.
    ("row_security", "off"),
];

/// What happened to a table in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Rows were touched, so many times.
    Touched(u64),
    /// It was emptied, and rows were touched so many times before or after.
    Truncated(u64),
    /// Its file was replaced, so that nobody can say which rows changed.
    Rewritten,
}

/// From one snapshot of the source to a later one. The reader's transaction stands in the later one until the batch is ended.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The snapshot that the target stands at.
    pub from: Cut,
    /// The snapshot that it will stand at.
    pub to: Cut,
    /// The end of the source's log shortly before the snapshot: what was visible then is in it. Not so all that stands before that end in the log; see
    /// [`server::barrier`].
    pub log_end: LogPosition,
    /// The catalogue in the later snapshot.
    pub catalogue: Catalogue,
    /// What happened, by the table's number.
    pub tables: BTreeMap<u32, Happened>,
}

impl Batch {
    /// Whether the two snapshots show the same rows in every table.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Touched keys, one that was touched twice counted twice.
    pub fn touched(&self) -> u64 {
        let count = |happened: &Happened| match happened {
            Happened::Touched(keys) | Happened::Truncated(keys) => *keys,
            Happened::Rewritten => 0,
        };
        self.tables.values().map(count).sum()
    }
}

/// Two sessions on the source: one reads in the snapshot of a batch, the other sees the present.
#[derive(Debug)]
pub struct Reader {
    source: Session,
    present: Session,
    captured: BTreeMap<u32, Captured>,
    /// Tables in which batches were disturbed since one was committed.
    restless: BTreeSet<u32>,
}

impl Reader {
    /// Opens the sessions.
    pub async fn open(
        address: &Address,
        captured: Vec<Captured>,
    ) -> Result<Reader, ReplicateError> {
        Ok(Reader {
            source: Session::open_with(address, SETTINGS).await?,
            present: Session::open_with(address, SETTINGS).await?,
            captured: captured
                .into_iter()
                .map(|one| (one.table.oid, one))
                .collect(),
            restless: BTreeSet::new(),
        })
    }

    /// Opens the reading session anew, which leaves a batch however it stands.
    pub(crate) async fn reopen(&mut self) -> Result<(), ReplicateError> {
        let address = self.source.address().clone();
        self.source = Session::open_with(&address, SETTINGS).await?;
        Ok(())
    }

    /// A session that is in no transaction, for what is done between batches.
    pub fn present(&mut self) -> &mut Session {
        &mut self.present
    }

    /// A captured table by its number.
    pub(crate) fn table(&self, oid: u32) -> Result<&Captured, ReplicateError> {
        self.captured
            .get(&oid)
            .ok_or_else(|| ReplicateError::CaptureLost {
                reason: format!("changes were noted of the unknown table number {oid}"),
            })
    }

    /// Cuts a batch: takes a snapshot, and finds what happened since `from`. `before` is the catalogue as it was in `from`.
    pub async fn cut(&mut self, from: &Cut, before: &Catalogue) -> Result<Batch, ReplicateError> {
        let log_end = server::log_end(&mut self.present).await?;
        let doing = "cutting a batch";
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.source.run(doing, begin).await?;
        self.lock_restless().await?;
        let to = Cut::of_transaction(&mut self.source).await?;
        require_switched_on(&mut self.source).await?;
        let catalogue = catalogue::read(&mut self.source).await?;
        if let Some(changes) = catalogue::changed_shape(before, &catalogue) {
            return Err(ReplicateError::CatalogueChanged { changes });
        }
        let mut tables = self.touched_since(from).await?;
        for (oid, happened) in &mut tables {
            // What was noted before and after it cannot be told apart, and is counted.
            let is_keyless = self.captured.get(oid).is_some_and(Captured::is_keyless);
            if is_keyless && matches!(happened, Happened::Truncated(_)) {
                *happened = Happened::Rewritten;
            }
        }
        for oid in catalogue::other_files(before, &catalogue) {
            if !matches!(tables.get(&oid), Some(Happened::Truncated(_))) {
                tables.insert(oid, Happened::Rewritten);
            }
        }
        Ok(Batch {
            from: from.clone(),
            to,
            log_end,
            catalogue,
            tables,
        })
    }

    /// Locks tables before the snapshot is taken, so that nothing empties or rewrites them between it and their reading: a table that is truncated
    /// all the time would disturb every batch.
    async fn lock_restless(&mut self) -> Result<(), ReplicateError> {
        let tables = self
            .restless
            .iter()
            .filter_map(|oid| self.captured.get(oid));
        let paths: Vec<String> = tables.map(|one| one.table.path()).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "LOCK TABLE ONLY {} IN ACCESS SHARE MODE",
            paths.join(", ONLY ")
        );
        self.source
            .run("keeping tables as they are", sql)
            .await
            .map(drop)
    }

    /// Notes that a batch was disturbed: the next one holds its tables from the beginning.
    pub(crate) fn note_disturbed(&mut self, batch: &Batch) {
        self.restless.extend(batch.tables.keys());
    }

    async fn touched_since(
        &mut self,
        from: &Cut,
    ) -> Result<BTreeMap<u32, Happened>, ReplicateError> {
        let sql = format!(
            "SELECT table_id, count(key), bool_or(key IS NULL) FROM reberth.change WHERE {} GROUP BY table_id",
            from.unseen()
        );
        let rows: Vec<(u32, u64, bool)> = self
            .source
            .rows_within(LONG_STATEMENT_LIMIT, "finding what was touched", sql)
            .await?;
        let happened = |keys, is_truncated| match is_truncated {
            true => Happened::Truncated(keys),
            false => Happened::Touched(keys),
        };
        let tables = rows
            .into_iter()
            .map(|(oid, keys, is_truncated)| (oid, happened(keys, is_truncated)));
        Ok(tables.collect())
    }

    /// Passes what a query of the batch gives into a `COPY … FROM STDIN` of another session. Returns the number of rows.
    pub(crate) async fn pass(
        &mut self,
        query: &str,
        target: &mut Session,
        copy_in: &str,
    ) -> Result<u64, ReplicateError> {
        let doing = "reading what was touched";
        let copy_out = format!("COPY ({query}) TO STDOUT");
        self.source.begin_copy_out(doing, &copy_out).await?;
        target
            .begin_copy_in("writing what was touched", copy_in)
            .await?;
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        loop {
            let ended = self
                .source
                .copy_out_piece(doing, &mut piece, PIECE_BYTES)
                .await?;
            target
                .copy_in_piece("writing what was touched", &piece)
                .await?;
            piece.clear();
            if let Some(rows) = ended {
                let stored = target
                    .end_copy_in(LONG_STATEMENT_LIMIT, "writing what was touched")
                    .await?;
                return match stored == rows {
                    true => Ok(rows),
                    false => Err(ReplicateError::Blocked(vec![format!(
                        "{rows} rows were read and {stored} written; this is a defect of Reberth"
                    )])),
                };
            }
        }
    }

    /// Whether what was read is what the batch's snapshot holds: the tables have their shapes still, and those that were read their files. The locks of the reading
    /// keep out whatever would change a file that was read, so the present is as good as the moment of the reading.
    pub async fn is_undisturbed(&mut self, batch: &Batch) -> Result<bool, ReplicateError> {
        let present = catalogue::read(&mut self.present).await?;
        let others = catalogue::other_files(&batch.catalogue, &present);
        let was_read = |oid| batch.tables.contains_key(oid);
        Ok(
            catalogue::changed_shape(&batch.catalogue, &present).is_none()
                && !others.iter().any(was_read),
        )
    }

    /// Notes that a batch was committed.
    pub(crate) fn note_committed(&mut self) {
        self.restless.clear();
    }

    /// Ends the transaction of a batch.
    pub async fn end(&mut self) -> Result<(), ReplicateError> {
        self.source
            .run("ending a batch", "ROLLBACK")
            .await
            .map(drop)
    }
}

/// Refuses a capture that has a gap.
pub(crate) async fn require_switched_on(session: &mut Session) -> Result<(), ReplicateError> {
    let sql = "SELECT is_on FROM reberth.capture";
    let row = session
        .row::<(bool,)>("asking for the switch of the capture", sql)
        .await;
    let reason = match row {
        Ok(Some((true,))) => return Ok(()),
        Ok(_) => "it was switched off when the noted changes reached their size limit",
        Err(error) if is_undefined(&error) => "its tables are gone",
        Err(error) => return Err(error),
    };
    Err(ReplicateError::CaptureLost {
        reason: reason.to_owned(),
    })
}

/// Bytes that travel together.
const PIECE_BYTES: usize = 256 * 1024;

/// Whether the server does not know a table or a schema.
pub(crate) fn is_undefined(error: &ReplicateError) -> bool {
    match error {
        ReplicateError::Refused { source, .. } => {
            matches!(source.sql_state(), Some("42P01" | "3F000"))
        }
        _ => false,
    }
}
