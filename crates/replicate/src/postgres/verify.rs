//! Compares two servers row by row, hashed inside both, while the stream between them runs.
//!
//! # What equal hashes prove
//!
//! Each server reads each table once, from its first page to its last and with as many workers as it likes, and adds up the hashes of the rows in
//! [`BUCKETS`] sums by a hash of the key: nothing is sorted, no index is walked, whatever the type of the key. A row's hash has 64 bits, is
//! seeded anew for each verification, and is taken over values that are alike bit by bit if and only if the row is ([`hash`]): a row that differs goes
//! unnoticed with a chance of 2^-64. Sums are exact, and tell {a, a, c} from {b, b, c}. It is a proof against faults, not against a forger who knows the seed.
//!
//! # What "equal" means while writes go on
//!
//! Both sides are read at different moments, so a sum that differs may be lag. The rows of such a bucket are compared by key, and each key that differs is
//! settled ([`settle`]): the source's row is read, then, once the target has passed that moment, the target's, then the source's again. If the source's
//! row is the same version both times, the target had to hold it: the difference is true. If not, the key is tried again, a bounded
//! number of times, and then left open (rule 30). Equality holds up to the place at which the verification began.

mod definitions;
mod hash;
mod moment;
mod pass;
mod rights;
mod settle;
mod touched;

use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::plan::StreamPlan;
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::postgres::state::{self, Checkpoint, Method};
use crate::postgres::table::{self, Column, Tables};

pub use crate::verify_report::{Difference, VerifiedTable, VerifyReport};
pub use hash::BUCKETS;
use hash::Recipe;
pub use touched::{Compared, compare_touched};

const METHOD: &str = "the sum of a seeded 64-bit hash of every row, over values that are alike bit by bit, in 1,024 parts of each table by a hash of the key; hashed in both servers";

/// Two sessions to compare over.
struct Sides {
    source: Session,
    target: Session,
    plan: StreamPlan,
    recipe: Recipe,
    /// How often in a row the target was waited for in vain.
    unmet: usize,
}

impl Sides {
    async fn open(plan: &StreamPlan, recipe: Recipe) -> Result<Sides, ReplicateError> {
        let source = hashing_session(plan, &plan.from).await?;
        let target = hashing_session(plan, &plan.to).await?;
        Ok(Sides::of(plan, recipe, source, target))
    }

    fn of(plan: &StreamPlan, recipe: Recipe, source: Session, target: Session) -> Sides {
        Sides {
            source,
            target,
            plan: plan.clone(),
            recipe,
            unmet: 0,
        }
    }

    async fn checkpoint(&mut self) -> Result<Option<Checkpoint>, ReplicateError> {
        state::peek(&mut self.target, self.plan.direction, &self.plan.database).await
    }
}

async fn hashing_session(
    plan: &StreamPlan,
    address: &crate::connection::Address,
) -> Result<Session, ReplicateError> {
    // Several tables are read at once, so no single reading needs more help than there are workers.
    let helpers = plan.workers.to_string();
    let settings = [
        ("lc_monetary", "C"),
        ("max_parallel_workers_per_gather", helpers.as_str()),
        // The planner expects as many sums as there are keys, and would sort all rows for them. There are few, so each helper adds up its own rows in memory.
        ("enable_sort", "off"),
        ("parallel_setup_cost", "0"),
        ("parallel_tuple_cost", "0"),
        ("jit", "off"),
    ];
    Session::open_with(address, &settings).await
}

/// Compares all of a database: rows and definitions. `progress` is told each table's path with its rows.
pub async fn verify(
    plan: &StreamPlan,
    progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    let mut report = compare_rows(plan, progress).await?;
    let mut target = Session::open(&plan.to).await?;
    let checkpoint = state::peek(&mut target, plan.direction, &plan.database).await?;
    definitions::compare(plan, checkpoint.as_ref(), &mut report).await?;
    report.target_position = checkpoint.and_then(|checkpoint| position(&checkpoint));
    Ok(report.seal())
}

/// Compares the rows, and of definitions the columns and keys of the tables that hold them. `progress` is told each table's path with its rows.
pub async fn rows(
    plan: &StreamPlan,
    progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    Ok(compare_rows(plan, progress).await?.seal())
}

async fn compare_rows(
    plan: &StreamPlan,
    progress: impl FnMut(&str, u64),
) -> Result<VerifyReport, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    let holds_until = server::log_end(&mut source).await?;
    let tables = table::read(&mut source).await?;
    let theirs = table::read(&mut target).await?;
    let mut report = VerifyReport::new(&plan.database, holds_until, METHOD);
    let comparable = compare_tables(&tables, &theirs, &mut report);
    let recipe = draw_recipe(&mut source, &mut target).await?;
    compare_whole(plan, recipe, comparable, &mut report, progress).await?;
    Ok(report)
}

/// What both servers can do, and a seed that nobody knew before.
async fn draw_recipe(source: &mut Session, target: &mut Session) -> Result<Recipe, ReplicateError> {
    let seed: Option<(i64,)> = source
        .row("drawing a seed", "SELECT (random() * 9e18)::bigint")
        .await?;
    let oldest = server::version(source)
        .await?
        .min(server::version(target).await?);
    Ok(Recipe::new(seed.unwrap_or_default().0, oldest))
}

/// Compares every row of some tables.
async fn compare_whole(
    plan: &StreamPlan,
    recipe: Recipe,
    tables: Vec<&table::Table>,
    report: &mut VerifyReport,
    progress: impl FnMut(&str, u64),
) -> Result<(), ReplicateError> {
    if tables.is_empty() {
        return Ok(());
    }
    let mut sides = Vec::new();
    for _ in 0..plan.workers.clamp(1, tables.len()) {
        sides.push(Sides::open(plan, recipe).await?);
    }
    pass::run(sides, tables, report, progress).await
}

/// The place in the source's log that a checkpoint stands for, where it is one.
fn position(checkpoint: &Checkpoint) -> Option<LogPosition> {
    match checkpoint.method {
        Method::Logical => checkpoint.position.parse().ok(),
        Method::TriggerCapture | Method::DumpWindow => None,
    }
}

/// What must be alike of a column: name, type, whether it may be null, whether it is generated.
type Shape<'a> = (&'a str, &'a str, bool, bool);

fn columns(table: &table::Table) -> Vec<Shape<'_>> {
    table.columns.iter().map(shape).collect()
}

fn shape(column: &Column) -> Shape<'_> {
    let Column {
        name,
        type_name,
        is_not_null,
        is_generated,
        ..
    } = column;
    (name, type_name, *is_not_null, *is_generated)
}

fn key(table: &table::Table) -> Vec<&str> {
    let places = table.identity.iter();
    places
        .map(|place| table.columns[*place].name.as_str())
        .collect()
}

/// Rows are hashed, copied and written by the names of columns, so their order decides nothing.
fn sorted<'a>(columns: &[Shape<'a>]) -> Vec<Shape<'a>> {
    let mut columns = columns.to_vec();
    columns.sort_unstable();
    columns
}

/// The tables that can be compared; what differs in their columns and keys is reported.
fn compare_tables<'a>(
    tables: &'a Tables,
    theirs: &Tables,
    report: &mut VerifyReport,
) -> Vec<&'a table::Table> {
    let mut comparable = Vec::new();
    for (path, table) in tables {
        let Some(other) = theirs.get(path) else {
            report
                .schema_differences
                .push(format!("table {path} is missing on the target"));
            continue;
        };
        let (ours, other_columns) = (columns(table), columns(other));
        if sorted(&ours) != sorted(&other_columns) {
            report
                .schema_differences
                .push(format!("table {path} has other columns on the target"));
        } else {
            comparable.push(table);
            if ours != other_columns {
                report.told.push(format!(
                    "table {path} has its columns in another order on the target: what a table inherits comes first in a restored one"
                ));
            }
        }
        if key(table) != key(other) {
            report.schema_differences.push(format!(
                "table {path} has another identity key on the target"
            ));
        }
    }
    for path in theirs.keys().filter(|path| !tables.contains_key(*path)) {
        report
            .schema_differences
            .push(format!("table {path} is not on the source"));
    }
    comparable
}
