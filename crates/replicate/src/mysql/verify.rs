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

mod definitions;
mod hashes;
mod report;
mod settle;
mod sides;

use crate::error::ReplicateError;
use crate::mysql::chunk::{self, Chunk};
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema, Table};
use crate::mysql::server;

pub use report::{Difference, VerifiedTable, VerifyReport};

pub(crate) use settle::{compare_whole, differing_keys, settle};
pub(crate) use sides::{Sides, compare_sums};

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
        schema_differences: definitions::compare(&mut sides, &schema).await?,
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
