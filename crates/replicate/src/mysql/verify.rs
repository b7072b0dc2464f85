//! Compares two servers row by row, hashed inside both, while the stream between them runs.
//!
//! # Why equal hashes prove equal rows
//!
//! Tables are cut into key ranges. In each server the rows of a range are written one after another, in the order of the key, as bytes that can be
//! taken apart again in one way only ([`row_bytes`]), and SHA-256 is taken over the whole. Two different contents of a range are two
//! different texts, and nobody has ever found two texts with the same SHA-256. A sum or exclusive-or of short hashes would not do: 64 bits
//! of it fall to chance in large estates, CRC32 to anybody who tries, and exclusive-or cannot tell {a, a, c} from {b, b, c}.
//! If a server read the rows in another order, the hashes would differ: that costs a second look, never a false "equal". So nothing is sorted.
//! Whatever a server cuts off it warns of, and an answer with a warning proves nothing (`Sides::ask_digests`).
//! Tables without a key have no order: there it is the count of rows and the sum of their SHA-256 ([`multiset`]), which proves against faults, if
//! not against a forger.
//!
//! One hash per range instead of one per row is also what makes it cheap: the time goes into writing the values as text, as in
//! any checksum over SQL. `docs/decisions/replication-engine.md` has the figures beside other ways.
//!
//! # What "equal" means while writes go on
//!
//! A range is read on both sides at different moments, so a difference may be lag. Ranges that differ are compared by key, and keys that
//! differ are decided by the source's log ([`mod@settle`]): what the log does not name between two places is truly different, what it names is read again, a
//! bounded number of times, and then left open (rule 30). Equality holds up to the position at which the verification began. What changed
//! since, open keys included, stands in the log behind that position ([`super::touched`]); only where the target was behind for
//! the whole time does the report say that nothing can be built on it.

mod catalogue;
mod column_default;
mod definitions;
mod differing;
mod double_text;
mod hashes;
mod multiset;
mod pass;
mod row_bytes;
mod settle;
mod sides;

use crate::error::ReplicateError;
use crate::mysql::fold::Key;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema, Table};
use crate::mysql::server;
use crate::mysql::state;
use pass::Pass;

pub use crate::verify_report::{Difference, VerifiedTable, VerifyReport};
pub(crate) use definitions::compare as compare_definitions;

pub(crate) use settle::{Suspects, settle};
pub(crate) use sides::Sides;

const METHOD: &str = "SHA-256 over all rows of a key range, in the order of the key, as bytes that can be taken apart in one way only; for tables without a key the count and \
     the 256-bit sum of each row's SHA-256; hashed in both servers";

/// Compares all tables of a database. `progress` is told each table's name with its rows so far.
pub async fn verify(
    plan: &StreamPlan,
    progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    let plan = &plan.at_its_server().await?;
    let mut source = server::reader(&plan.from).await?;
    let flavour = server::version(&mut source).await?.flavour;
    let holds_until = server::visible_position(&mut source, flavour).await?;
    let schema = schema::read(&mut source, &plan.database).await?;
    let mut sides = Sides::open(plan, &schema).await?;
    let definitions = definitions::compare(&mut sides, &schema).await?;
    let mut report = VerifyReport::new(&plan.database, holds_until, METHOD);
    report.schema_differences = definitions.sentences;
    report.counters_behind = definitions.counters_behind;
    report.not_compared = sides.not_compared();
    let tables = schema
        .tables
        .values()
        .filter(|table| !definitions.incomparable.contains(&table.name))
        .collect();
    compare_tables(sides, &schema, tables, report, progress).await
}

/// The keys that differ at this moment among the rows of a condition.
pub(crate) async fn first_look(
    sides: &mut Sides,
    table: &Table,
    condition: &[u8],
) -> Result<Vec<Key>, ReplicateError> {
    let found = differing::differing_keys(sides, table, condition).await?;
    Ok(found.into_keys().collect())
}

/// Compares whole tables, and completes the report.
pub(crate) async fn compare_tables(
    sides: Sides,
    schema: &Schema,
    tables: Vec<&Table>,
    report: VerifyReport,
    progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    let mut workers = Vec::new();
    for _ in 0..sides.plan.workers.max(1) {
        workers.push(sides.another().await?);
    }
    let mut last = sides.another().await?;
    let pass = Pass::new(schema, workers, report);
    pass.run(tables, sides, progress).await?;
    let mut report = pass.into_report();
    let plan = &last.plan;
    let checkpoint = state::peek(&mut last.target, plan.direction, &plan.database).await?;
    report.target_position = checkpoint.map(|checkpoint| checkpoint.position);
    Ok(report.seal())
}
