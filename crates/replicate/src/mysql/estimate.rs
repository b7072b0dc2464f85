//! How long a move takes, derived from sizes that the source tells and a short reading that is measured.
//!
//! The sizes are the server's own estimates. A few megabytes of the largest tables are read as the copy reads them, which gives a rate of one
//! worker. The shortest time is that of all workers at this rate each, with nothing else in the way. The longest is that of one worker, three
//! times over: writing and making indexes on the target may take as long as reading, each. The truth has been between the two; what stands
//! in the server's memory reads faster than what does not, so the rate is that of now.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::server;
use crate::mysql::value::{quote_name, quote_text};

/// Tables that are read for the rate, the largest.
const TABLES_READ: usize = 3;
/// Bytes read of each at the most, by the mean length of its rows.
const BYTES_READ: u64 = 4_000_000;
/// Time for one of these readings; a source that needs longer is not asked for more.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// How many times longer than one worker's reading a move may take.
const LONGEST_FACTOR: f64 = 3.0;

/// One table's size, by the source's own estimate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSize {
    /// Name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of rows.
    pub data_bytes: u64,
    /// Bytes of secondary indexes, which are made anew on the target.
    pub index_bytes: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadProbe {
    /// The tables that were read.
    pub tables: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Their bytes, by the mean length of a row as the source estimates it: the unit of the sizes.
    pub bytes: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Bytes that the source's log grew meanwhile; `None` if it began another file.
    pub log_bytes: Option<u64>,
}

/// How much there is to move, and how long that takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Largest first.
    pub tables: Vec<TableSize>,
    /// `None`: there was nothing to read.
    pub probe: Option<ReadProbe>,
    /// Copy workers.
    pub workers: usize,
    /// Seconds at the least and at the most, derived; `None` without a measured rate.
    pub seconds: Option<(u64, u64)>,
}

impl Estimate {
    /// Bytes of rows in all.
    pub fn data_bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.data_bytes).sum()
    }
}

/// Asks for the sizes, and measures.
pub async fn estimate(plan: &StreamPlan, schema: &Schema) -> Result<Estimate, ReplicateError> {
    let mut source = server::reader(&plan.from).await?;
    let tables = sizes(&mut source, schema).await?;
    let probe = probe(&mut source, schema, &tables).await?;
    let data_bytes: u64 = tables.iter().map(|table| table.data_bytes).sum();
    let seconds = probe
        .as_ref()
        .and_then(|probe| range(data_bytes, probe.bytes as f64 / probe.seconds, plan.workers));
    Ok(Estimate {
        tables,
        probe,
        workers: plan.workers,
        seconds,
    })
}

/// The shortest and the longest time for so many bytes.
fn range(data_bytes: u64, bytes_per_s: f64, workers: usize) -> Option<(u64, u64)> {
    let one_worker_s = data_bytes as f64 / bytes_per_s;
    let (shortest, longest) = (
        one_worker_s / workers.max(1) as f64,
        one_worker_s * LONGEST_FACTOR,
    );
    longest
        .is_finite()
        .then(|| (shortest.floor() as u64, longest.ceil().max(1.0) as u64))
}

async fn sizes(source: &mut Session, schema: &Schema) -> Result<Vec<TableSize>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, CAST(COALESCE(INDEX_LENGTH, 0) AS UNSIGNED) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        quote_text(&schema.database)
    );
    let indexes: Vec<(String, u64)> = source.rows("asking for the sizes of indexes", sql).await?;
    let size = |table: &Table| TableSize {
        table: table.name.clone(),
        rows: table.estimated_rows,
        data_bytes: table.data_bytes,
        index_bytes: indexes
            .iter()
            .find(|(name, _)| *name == table.name)
            .map_or(0, |(_, bytes)| *bytes),
    };
    let mut tables: Vec<TableSize> = schema.tables.values().map(size).collect();
    tables
        .sort_by(|one, other| (other.data_bytes, &one.table).cmp(&(one.data_bytes, &other.table)));
    Ok(tables)
}

/// Reads some of the largest tables in the order of their keys, as the copy does.
async fn probe(
    source: &mut Session,
    schema: &Schema,
    tables: &[TableSize],
) -> Result<Option<ReadProbe>, ReplicateError> {
    let flavour = server::version(source).await?.flavour;
    let before = server::log_end(source, flavour).await?;
    let mut probe = ReadProbe {
        tables: Vec::new(),
        rows: 0,
        bytes: 0,
        seconds: 0.0,
        log_bytes: None,
    };
    for size in tables.iter().take(TABLES_READ) {
        let Some(table) = schema.tables.get(&size.table) else {
            continue;
        };
        let limit = (BYTES_READ / table.mean_row_bytes.max(1)).clamp(1, 100_000);
        let sql = format!(
            "SELECT {} FROM {}.{} LIMIT {limit}",
            table.carried_names(),
            quote_name(&schema.database),
            quote_name(&table.name)
        );
        let doing = format!("measuring how fast table {} is read", table.name);
        let started = Instant::now();
        let rows: Vec<mysql_async::Row> = source.rows_within(READ_LIMIT, &doing, sql).await?;
        probe.seconds += started.elapsed().as_secs_f64();
        probe.rows += rows.len() as u64;
        probe.bytes += rows.len() as u64 * table.mean_row_bytes;
        probe.tables.push(table.name.clone());
    }
    let after = server::log_end(source, flavour).await?;
    probe.log_bytes = (after.file() == before.file()).then(|| after.offset() - before.offset());
    Ok((probe.rows > 0 && probe.seconds > 0.0).then_some(probe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_spans_from_all_workers_to_one_three_times_over() {
        assert_eq!(range(1_000_000_000, 50e6, 4), Some((5, 60)));
        assert_eq!(range(0, 50e6, 4), Some((0, 1)));
        assert_eq!(range(1, 0.0, 4), None);
    }
}
