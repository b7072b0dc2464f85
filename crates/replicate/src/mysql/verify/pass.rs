//! One pass over all chunks, several at once on both sides; what differs at first sight is settled in groups.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, Stream, TryStreamExt};

use super::differing::differing_keys;
use super::settle::{Suspects, settle, settle_whole};
use super::sides::{Sides, proves_equal};
use crate::error::ReplicateError;
use crate::mysql::chunk::{self, Chunk, Cutter};
use crate::mysql::schema::{Schema, Table};
use crate::verify_report::{VerifiedTable, VerifyReport};

/// So many suspects are held before they are settled.
const SUSPECTS_AT_MOST: usize = 5_000;
/// A chunk with more rows than this on one side is cut again before its rows are compared one by one.
const ROWS_AT_ONCE: u64 = 100_000;

/// Compares tables by their chunks, as many at once as there are pairs of sessions.
pub(super) struct Pass<'a> {
    schema: &'a Schema,
    idle: Mutex<Vec<Sides>>,
    suspects: Mutex<Suspects>,
    report: Mutex<VerifyReport>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(schema: &'a Schema, sides: Vec<Sides>, report: VerifyReport) -> Pass<'a> {
        Pass {
            schema,
            idle: Mutex::new(sides),
            suspects: Mutex::new(Suspects::new()),
            report: Mutex::new(report),
        }
    }

    /// Compares all chunks of these tables. `cutter` finds the borders.
    pub(super) async fn run(
        &self,
        tables: Vec<&'a Table>,
        cutter: Sides,
        progress: impl FnMut(&str, u64),
    ) -> Result<(), ReplicateError> {
        let limit = lock(&self.idle).len();
        let progress = Mutex::new(progress);
        let work = Cutting::start(tables, cutter).into_stream();
        work.try_for_each_concurrent(limit, |(table, chunk)| {
            let progress = &progress;
            async move {
                let rows = self.compare(table, chunk).await?;
                lock(progress)(&table.name, rows);
                Ok(())
            }
        })
        .await?;
        self.settle_suspects(0).await
    }

    pub(super) fn into_report(self) -> VerifyReport {
        self.report
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares one chunk and returns the table's rows so far.
    async fn compare(&self, table: &Table, chunk: Chunk) -> Result<u64, ReplicateError> {
        let mut sides = self.take()?;
        let rows = if table.has_key() {
            self.compare_chunk(&mut sides, table, chunk).await?
        } else {
            self.compare_whole(&mut sides, table).await?
        };
        lock(&self.idle).push(sides);
        self.settle_suspects(SUSPECTS_AT_MOST).await?;
        Ok(self.count(table, rows))
    }

    /// There are as many pairs of sessions as comparisons at once.
    fn take(&self) -> Result<Sides, ReplicateError> {
        lock(&self.idle).pop().ok_or_else(|| {
            ReplicateError::Blocked(vec![
                "a comparison found no session left; this is a defect of Reberth".to_owned(),
            ])
        })
    }

    async fn compare_whole(&self, sides: &mut Sides, table: &Table) -> Result<u64, ReplicateError> {
        let (source, target) = sides.add_up(table).await?;
        if source != target {
            let mut report = VerifyReport::new("", lock(&self.report).holds_until.clone(), "");
            settle_whole(sides, self.schema, table, &mut report).await?;
            lock(&self.report).take_in(report);
        }
        Ok(source.rows)
    }

    async fn compare_chunk(
        &self,
        sides: &mut Sides,
        table: &Table,
        chunk: Chunk,
    ) -> Result<u64, ReplicateError> {
        let doing = format!("hashing table {}", table.name);
        let queries = sides.queries(table)?;
        let sql = queries.ordered_hash(&chunk.condition(table));
        let (source, target) = sides.ask_digests(&doing, &sql).await?;
        if proves_equal(&source, &target) {
            return Ok(source.0);
        }
        let mut rest = Some(chunk);
        while let Some(range) = rest {
            let (part, behind) = if source.0.max(target.0) > ROWS_AT_ONCE {
                let session = if source.0 > target.0 {
                    &mut sides.source
                } else {
                    &mut sides.target
                };
                chunk::cut_off(session, &self.schema.database, table, range).await?
            } else {
                (range, None)
            };
            rest = behind;
            let found = differing_keys(sides, table, &part.condition(table)).await?;
            let mut suspects = lock(&self.suspects);
            suspects
                .entry(table.name.clone())
                .or_default()
                .extend(found.into_keys());
        }
        Ok(source.0)
    }

    /// Settles what has gathered, if it is more than that.
    async fn settle_suspects(&self, more_than: usize) -> Result<(), ReplicateError> {
        let suspects = {
            let mut suspects = lock(&self.suspects);
            if suspects.values().map(|keys| keys.len()).sum::<usize>() <= more_than {
                return Ok(());
            }
            std::mem::take(&mut *suspects)
        };
        let mut sides = self.take()?;
        let mut report = VerifyReport::new("", lock(&self.report).holds_until.clone(), "");
        settle(&mut sides, self.schema, suspects, &mut report).await?;
        lock(&self.report).take_in(report);
        lock(&self.idle).push(sides);
        Ok(())
    }

    fn count(&self, table: &Table, rows: u64) -> u64 {
        let mut report = lock(&self.report);
        report.rows += rows;
        let known = report
            .tables
            .iter()
            .position(|verified| verified.name == table.name);
        let number = known.unwrap_or_else(|| {
            report.tables.push(VerifiedTable {
                name: table.name.clone(),
                rows: 0,
                chunks: 0,
            });
            report.tables.len() - 1
        });
        let verified = &mut report.tables[number];
        verified.rows += rows;
        verified.chunks += 1;
        verified.rows
    }
}

/// Nothing of ours panics while it holds a lock, and what it guards is whole between any two statements.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The chunks of several tables, each cut off when it is asked for: on the target, since any borders will do and the source has other work.
struct Cutting<'a> {
    tables: VecDeque<&'a Table>,
    cutter: Option<Cutter<'a>>,
    sides: Sides,
}

impl<'a> Cutting<'a> {
    fn start(tables: Vec<&'a Table>, sides: Sides) -> Cutting<'a> {
        Cutting {
            tables: tables.into(),
            cutter: None,
            sides,
        }
    }

    fn into_stream(self) -> impl Stream<Item = Result<(&'a Table, Chunk), ReplicateError>> {
        stream::try_unfold(self, |mut cutting| async move {
            let next = cutting.next().await?;
            Ok(next.map(|next| (next, cutting)))
        })
    }

    async fn next(&mut self) -> Result<Option<(&'a Table, Chunk)>, ReplicateError> {
        while let Some(&table) = self.tables.front() {
            if !table.has_key() {
                self.tables.pop_front();
                return Ok(Some((table, Chunk::whole(&table.name))));
            }
            let session = &mut self.sides.target;
            let cutter = match &mut self.cutter {
                Some(cutter) => cutter,
                none => {
                    let database = &self.sides.plan.database;
                    none.insert(Cutter::start(session, database, table).await?)
                }
            };
            if let Some(chunk) = cutter.next(session).await? {
                return Ok(Some((table, chunk)));
            }
            self.cutter = None;
            self.tables.pop_front();
        }
        Ok(None)
    }
}
