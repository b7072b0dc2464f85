//! Compares two servers row by row, hashed inside both, while the stream between them runs.
//!
//! A row's hash is the SHA-256 of all its values, each with its length or its absence; a chunk's is the count of its rows and the sums of the first and
//! last 64 bits of their hashes as wide integers. Sums, because exclusive-or cannot tell {a, a, c} from {b, b, c} (rule 7); 128 bits, because two different
//! chunks with equal sums must not be something that happens. MD5 would do against faults, but newer MySQL has it only as a component.
//!
//! **What "equal" means while writes go on** (rule 30). A chunk is read on both sides at different moments, so a difference may be lag. Its rows are
//! then compared by key; keys that differ are read again alone, each time after the target has passed the source's position, until they are
//! equal, or both sides have stood still and still differ (a true difference), or the tries are used up (open: decided after the drain). Equality holds
//! up to the position at which the verification began; what changed since is found by reading the log ([`super::touched`]).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::chunk::{self, Chunk, answer_bytes};
use crate::mysql::fold::Key;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema, Table};
use crate::mysql::server::{self, Flavour};
use crate::mysql::state;
use crate::mysql::value::{Datum, quote_name};
use crate::position::LogPosition;

/// How often a differing key is read again before it is left open.
const TRIES: usize = 25;
/// How often both sides must stand still and differ before that counts as a difference.
const STILL_TRIES: usize = 3;
const WAIT: Duration = Duration::from_millis(120);
/// Differences named in the report at the most; all are counted.
const NAMED_AT_MOST: usize = 100;

/// The report of a verification: a document with a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The database.
    pub database: String,
    /// Equality holds up to this position of the source's log.
    pub holds_until: LogPosition,
    /// Per table: name, rows on the source as counted, chunks compared.
    pub tables: Vec<VerifiedTable>,
    /// Rows compared.
    pub rows: u64,
    /// Rows that differ, all of them.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Keys that kept changing: decided after the drain.
    pub open: Vec<Difference>,
    /// Definitions that differ.
    pub schema_differences: Vec<String>,
    /// How rows were hashed.
    pub method: String,
}

/// What was compared of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedTable {
    /// Its name.
    pub name: String,
    /// Rows on the source.
    pub rows: u64,
    /// Chunks compared.
    pub chunks: u64,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// Its key, readable; for a table without a key a count.
    pub key: String,
    /// `missing` on the target, `extra` there, or `different`.
    pub kind: String,
}

impl VerifyReport {
    /// Whether both sides are proven equal.
    pub fn is_equal(&self) -> bool {
        self.differing == 0 && self.open.is_empty() && self.schema_differences.is_empty()
    }
}

/// Two sessions to compare over.
pub(crate) struct Sides {
    pub(crate) source: Session,
    pub(crate) target: Session,
    flavour: Flavour,
    plan: StreamPlan,
    /// How often in a row the target was waited for in vain: nobody waits long for a stream that stands still.
    unmet: usize,
}

impl Sides {
    pub(crate) async fn open(plan: &StreamPlan) -> Result<Sides, ReplicateError> {
        let mut source = server::reader(&plan.from).await?;
        let flavour = server::version(&mut source).await?.flavour;
        Ok(Sides {
            source,
            target: server::reader(&plan.to).await?,
            flavour,
            plan: plan.clone(),
            unmet: 0,
        })
    }

    /// Waits, for a bounded time, until the target has passed what is the source's end of log now. Whether it has: while it lags, a
    /// difference proves nothing, however still it stands.
    async fn meet(&mut self) -> Result<bool, ReplicateError> {
        let end = server::log_end(&mut self.source, self.flavour).await?;
        let tries = if self.unmet > STILL_TRIES { 1 } else { TRIES };
        for _ in 0..tries {
            let checkpoint =
                state::peek(&mut self.target, self.plan.direction, &self.plan.database).await?;
            if checkpoint.is_none_or(|checkpoint| checkpoint.position >= end) {
                self.unmet = 0;
                return Ok(true);
            }
            tokio::time::sleep(WAIT).await;
        }
        self.unmet += 1;
        Ok(false)
    }

    /// Runs the same query on both sides at once.
    async fn ask(
        &mut self,
        doing: &str,
        sql: &[u8],
    ) -> Result<(Vec<mysql_async::Row>, Vec<mysql_async::Row>), ReplicateError> {
        let (source, target) = tokio::join!(
            self.source.rows_within(LONG_STATEMENT_LIMIT, doing, sql),
            self.target.rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        );
        Ok((source?, target?))
    }
}

/// Compares all tables of a database. `progress` is told each table's name with its rows as they are done.
pub async fn verify(
    plan: &StreamPlan,
    mut progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    let mut sides = Sides::open(plan).await?;
    let holds_until = server::visible_position(&mut sides.source, sides.flavour).await?;
    let schema = schema::read(&mut sides.source, &plan.database).await?;
    let mut report = VerifyReport {
        database: plan.database.clone(),
        holds_until,
        tables: Vec::new(),
        rows: 0,
        differing: 0,
        differences: Vec::new(),
        open: Vec::new(),
        schema_differences: compare_schema(&mut sides, &schema).await?,
        method:
            "sums of the first and last 64 bits of SHA-256 over length-prefixed values, per key range, in both servers"
                .to_owned(),
    };
    for table in schema.tables.values() {
        let chunks = if table.has_key() {
            chunk::cut(&mut sides.source, &plan.database, table).await?
        } else {
            vec![Chunk::whole(&table.name)]
        };
        let mut rows = 0;
        for chunk in &chunks {
            rows += compare_chunk(&mut sides, &schema, table, chunk, &mut report).await?;
        }
        report.rows += rows;
        report.tables.push(VerifiedTable {
            name: table.name.clone(),
            rows,
            chunks: chunks.len() as u64,
        });
        progress(&table.name, rows);
    }
    Ok(report)
}

async fn compare_schema(sides: &mut Sides, source: &Schema) -> Result<Vec<String>, ReplicateError> {
    let target = schema::read(&mut sides.target, &source.database).await?;
    let target_flavour = server::version(&mut sides.target).await?.flavour;
    let mut differences = Vec::new();
    for (name, table) in &source.tables {
        match target.tables.get(name) {
            None => differences.push(format!("table {name} is missing on the target")),
            Some(other)
                if target_flavour == sides.flavour && definition(table) != definition(other) =>
            {
                differences.push(format!("table {name} is defined differently"))
            }
            Some(other) if other.columns != table.columns || other.identity != table.identity => {
                differences.push(format!("columns or key of table {name} differ"))
            }
            Some(_) => {}
        }
    }
    for name in target
        .tables
        .keys()
        .filter(|name| !source.tables.contains_key(*name))
    {
        differences.push(format!("table {name} is on the target only"));
    }
    if source.programs != target.programs {
        differences.push("views, triggers, routines or events differ".to_owned());
    }
    Ok(differences)
}

/// A definition as comparable lines: indexes and constraints may have been made in another order.
fn definition(table: &Table) -> (String, Vec<(String, String)>) {
    let parts = schema::take_apart(table);
    let mut clauses: Vec<(String, String)> = [
        parts.plain_indexes,
        parts.unique_indexes,
        parts.foreign_keys,
    ]
    .into_iter()
    .flatten()
    .collect();
    clauses.sort();
    (parts.create, clauses)
}

/// The expression that hashes a whole row.
fn row_hash(table: &Table) -> String {
    let values: Vec<String> = table
        .carried()
        .map(|index| {
            let value = table.columns[index]
                .class
                .hash_expression(&quote_name(&table.columns[index].name));
            format!("IFNULL(CONCAT(LENGTH({value}),':',{value}),'-')")
        })
        .collect();
    format!("SHA2(CONCAT({}), 256)", values.join(","))
}

fn place(schema: &Schema, table: &Table) -> String {
    format!(
        "{}.{}",
        quote_name(&schema.database),
        quote_name(&table.name)
    )
}

/// Count and sums of the rows that a condition selects.
fn sums_query(schema: &Schema, table: &Table, condition: &[u8]) -> Vec<u8> {
    let sum = |half: &str| {
        format!("CAST(COALESCE(SUM(CAST(CONV({half}(h, 16), 16, 10) AS UNSIGNED)), 0) AS CHAR)")
    };
    let mut sql = format!(
        "SELECT COUNT(*), {}, {} FROM (SELECT {} AS h FROM {} WHERE ",
        sum("LEFT"),
        sum("RIGHT"),
        row_hash(table),
        place(schema, table)
    )
    .into_bytes();
    sql.extend_from_slice(condition);
    sql.extend_from_slice(b") AS hashed");
    sql
}

type Sums = (u64, String, String);

fn read_sums(rows: &[mysql_async::Row]) -> Sums {
    let row = rows.first();
    let text = |index: usize| {
        row.and_then(|row| row.get::<String, _>(index))
            .unwrap_or_default()
    };
    (
        row.and_then(|row| row.get(0)).unwrap_or_default(),
        text(1),
        text(2),
    )
}

/// Compares count and sums of what a condition selects: whether equal, and the rows on the source.
pub(crate) async fn compare_sums(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
) -> Result<(bool, u64), ReplicateError> {
    let doing = format!("hashing table {}", table.name);
    let (source, target) = sides
        .ask(&doing, &sums_query(schema, table, condition))
        .await?;
    let (source, target) = (read_sums(&source), read_sums(&target));
    Ok((source == target, source.0))
}

async fn compare_chunk(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    chunk: &Chunk,
    report: &mut VerifyReport,
) -> Result<u64, ReplicateError> {
    let condition = chunk.condition(table);
    let (is_equal, rows) = compare_sums(sides, schema, table, &condition).await?;
    if is_equal {
        return Ok(rows);
    }
    if !table.has_key() {
        compare_whole(sides, schema, table, &condition, report).await?;
        return Ok(rows);
    }
    let differing = differing_keys(sides, schema, table, &condition).await?;
    settle(sides, schema, table, differing, report).await?;
    Ok(rows)
}

/// A table is compared as a whole until it is equal or stands still.
pub(crate) async fn compare_whole(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let doing = format!("hashing table {}", table.name);
    let mut last = None;
    let mut still = 0;
    let mut behind = 0;
    for _ in 0..TRIES {
        let met = sides.meet().await?;
        behind += usize::from(!met);
        if behind > STILL_TRIES {
            break;
        }
        let (source, target) = sides
            .ask(&doing, &sums_query(schema, table, condition))
            .await?;
        let now = (read_sums(&source), read_sums(&target));
        if now.0 == now.1 {
            return Ok(());
        }
        still = if met && last.as_ref() == Some(&now) {
            still + 1
        } else {
            0
        };
        if still >= STILL_TRIES {
            let key = format!("{} rows on the source, {} on the target", now.0.0, now.1.0);
            report.differing += now.0.0.abs_diff(now.1.0).max(1);
            report.differences.push(Difference {
                table: table.name.clone(),
                key,
                kind: "different".to_owned(),
            });
            return Ok(());
        }
        last = Some(now);
        tokio::time::sleep(WAIT).await;
    }
    report.open.push(Difference {
        table: table.name.clone(),
        key: "whole table".to_owned(),
        kind: "changing".to_owned(),
    });
    Ok(())
}

/// Row hashes by key, of the rows that a condition selects.
fn hashes_query(schema: &Schema, table: &Table, condition: &[u8]) -> Vec<u8> {
    let keys: Vec<String> = table
        .identity
        .iter()
        .map(|&index| {
            table.columns[index]
                .class
                .select_expression(&quote_name(&table.columns[index].name))
        })
        .collect();
    let mut sql = format!(
        "SELECT {}, {} FROM {} WHERE ",
        row_hash(table),
        keys.join(","),
        place(schema, table)
    )
    .into_bytes();
    sql.extend_from_slice(condition);
    sql
}

fn read_hashes(table: &Table, rows: Vec<mysql_async::Row>) -> BTreeMap<Key, Vec<u8>> {
    rows.into_iter()
        .map(|row| {
            let mut values = row.unwrap().into_iter().map(answer_bytes);
            let hash = values.next().flatten().unwrap_or_default();
            let key = table
                .identity
                .iter()
                .zip(values)
                .map(|(&index, bytes)| table.columns[index].class.from_answer(bytes))
                .collect();
            (key, hash)
        })
        .collect()
}

/// What each differing key holds on both sides.
type Differing = BTreeMap<Key, (Option<Vec<u8>>, Option<Vec<u8>>)>;

pub(crate) async fn differing_keys(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
) -> Result<Differing, ReplicateError> {
    let doing = format!("comparing rows of table {}", table.name);
    let (source, target) = sides
        .ask(&doing, &hashes_query(schema, table, condition))
        .await?;
    let (source, mut target) = (read_hashes(table, source), read_hashes(table, target));
    let mut differing = Differing::new();
    for (key, hash) in source {
        let other = target.remove(&key);
        if other.as_ref() != Some(&hash) {
            differing.insert(key, (Some(hash), other));
        }
    }
    differing.extend(
        target
            .into_iter()
            .map(|(key, hash)| (key, (None, Some(hash)))),
    );
    Ok(differing)
}

/// Reads differing keys again until each is equal, truly different, or left open.
pub(crate) async fn settle(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    mut differing: Differing,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let mut still: BTreeMap<Key, usize> = BTreeMap::new();
    let mut behind = 0;
    for _ in 0..TRIES {
        if differing.is_empty() {
            return Ok(());
        }
        let met = sides.meet().await?;
        behind += usize::from(!met);
        if behind > STILL_TRIES {
            break;
        }
        let mut now = Differing::new();
        let keys: Vec<&Key> = differing.keys().collect();
        for some in keys.chunks(200) {
            let mut condition = Vec::new();
            crate::mysql::apply::write_key_list(table, some, &mut condition);
            now.extend(differing_keys(sides, schema, table, &condition).await?);
        }
        for (key, values) in &now {
            let count = still.entry(key.clone()).or_default();
            *count = if met && differing.get(key) == Some(values) {
                *count + 1
            } else {
                0
            };
        }
        for (key, values) in std::mem::take(&mut now) {
            if still.get(&key).is_some_and(|count| *count >= STILL_TRIES) {
                report.differing += 1;
                if report.differences.len() < NAMED_AT_MOST {
                    report.differences.push(describe(table, &key, &values));
                }
            } else {
                now.insert(key, values);
            }
        }
        differing = now;
        tokio::time::sleep(WAIT).await;
    }
    report.open.extend(
        differing
            .iter()
            .take(NAMED_AT_MOST)
            .map(|(key, values)| describe(table, key, values)),
    );
    Ok(())
}

fn describe(table: &Table, key: &Key, values: &(Option<Vec<u8>>, Option<Vec<u8>>)) -> Difference {
    let kind = match values {
        (Some(_), None) => "missing",
        (None, Some(_)) => "extra",
        _ => "different",
    };
    let key: Vec<String> = key
        .iter()
        .map(|datum| match datum {
            Datum::Null => "NULL".to_owned(),
            Datum::Plain(text) => text.clone(),
            Datum::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
        .collect();
    Difference {
        table: table.name.clone(),
        key: key.join(","),
        kind: kind.to_owned(),
    }
}
