//! Compares what has changed since a verification, so that the gate behind a fence costs by rows changed, not by rows held.
//!
//! # Why comparing these keys is enough
//!
//! Let B be the base ([`crate::postgres::base`]): it was laid, then the stream had passed it, then both sides were verified. Take any row of a table.
//!
//! *No transaction behind B has touched its key.* Then the source's row is what it was at B, and the verification has read it so, since all before B was visible by
//! then. The target's row is what it was when the verification read it: the stream had applied all before B already, what it applied since is behind B and tells of other keys, and
//! nobody else may write there. Both were compared, so they are equal. It matters that the stream had passed B first: of a row that changes from A to B and back to A, a
//! target that stands at the first A looks equal, and would be wrong for good if its applier dropped the last change.
//!
//! *Some transaction has.* Then its old and its new key are told by the source itself, to a reader that shares nothing with the applier but the connection's code (rule 31): by the
//! base's own slot ([`logged`]), or by the keys that triggers noted and that nobody pruned ([`noted`]). The rows of these keys are read on both sides. A key is no more
//! than a means to find rows: what the servers find is compared, so one that neither finds is a row that is gone on both.
//!
//! *Whatever these cannot tell is compared whole*: tables that stand in another file or have another shape than at B (rewritten, emptied, altered, new), that are not published,
//! whose changes have no key, or were told in a form that does not fit. So is a table of which so many keys are named that reading it from end to end costs less.
//! Keys are held up to [`comparison::HELD_BYTES_MAX`], then compared and forgotten: more changes take more time, never more memory.
//!
//! *While writes go on* ([`compare_touched`] before the fence), the keys up to a place U are compared, which the stream has passed, and the base moves there. What changes behind U is told again
//! the next time, and so is what was left open, which has changed while it was looked at. Every transaction whose keys were read is seen by those who compare
//! ([`logged`]), or its old row would be taken for its new one.
//!
//! Sequences, large objects and materialised views are no rows of a table: they are brought level behind the fence, whatever has changed.

mod comparison;
mod logged;
mod noted;

use std::collections::{BTreeMap, BTreeSet};

use super::{Session, Tables, VerifyReport, compare_tables, compare_whole, draw_recipe};
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::base::{self, Stored};
use crate::postgres::capture::catalogue::{self, Catalogue};
use crate::postgres::capture::keys;
use crate::postgres::method;
use crate::postgres::plan::StreamPlan;
use crate::postgres::state::Method;
use crate::postgres::table;
use crate::postgres::value::{quote_path, quote_text};
use comparison::{Comparison, Finding};

const METHOD: &str = "a seeded 64-bit hash of every row that the source names since the last verification, over values that are alike bit by bit; hashed in both servers";

/// What was compared.
#[derive(Debug)]
pub struct Compared {
    /// Row changes that the source told of.
    pub changes: u64,
    /// Different keys of them that were looked up on both sides.
    pub keys: u64,
    /// What was found. Its tables are those that were compared whole.
    pub report: VerifyReport,
}

/// Compares what has changed since a base, up to a place that the stream has passed. If nothing differs, the base moves there.
pub async fn compare_touched(
    plan: &StreamPlan,
    base_name: &str,
    until: &LogPosition,
) -> Result<Compared, ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    let stored = base::read(plan, &mut target, base_name).await?;
    // Before any change is read: what is replaced later is seen the next time.
    let now = catalogue::read(&mut source).await?;
    let tables = table::read(&mut source).await?;
    let theirs = table::read(&mut target).await?;
    let mut report = VerifyReport::new(&plan.database, until.clone(), METHOD);
    let comparable = compare_tables(&tables, &theirs, &mut report);
    let recipe = draw_recipe(&mut source, &mut target).await?;
    let findings = findings(plan, &mut source, &comparable).await?;
    let mut comparison = Comparison::open(plan, recipe, findings, report).await?;
    for path in told_by_nothing(plan, &mut source, &stored, &now, &tables).await? {
        comparison.take_whole(&path);
    }
    let (mut reader, moved_to) = match plan.method {
        Method::Logical => {
            let reader = logged::read(plan, until, &mut comparison).await?;
            (Some(reader), None)
        }
        Method::TriggerCapture => {
            let moved_to =
                noted::read(plan, &mut target, base_name, &stored, &mut comparison).await?;
            (None, Some(moved_to))
        }
        Method::DumpWindow => return Err(method::nothing_follows()),
    };
    let (changes, keys, whole, mut report) = comparison.finish();
    report.rows = keys;
    let whole: Vec<&table::Table> = comparable
        .into_iter()
        .filter(|table| whole.contains(&table.path()))
        .collect();
    if !whole.is_empty() {
        // That may take longer than the source waits for a word of it.
        reader = None;
    }
    compare_whole(plan, recipe, whole, &mut report, |_, _| {}).await?;
    // Nobody took it away meanwhile, so nothing was missing from what was read.
    base::read(plan, &mut target, base_name).await?;
    if report.is_base() {
        if plan.method == Method::Logical {
            logged::let_go(plan, &mut source, until, reader).await?;
        }
        base::move_on(plan, &mut target, base_name, moved_to.as_ref(), &now).await?;
    }
    Ok(Compared {
        changes,
        keys,
        report: report.seal(),
    })
}

/// Tables of which something may have changed that no reader of changes is told.
async fn told_by_nothing(
    plan: &StreamPlan,
    source: &mut Session,
    stored: &Stored,
    now: &Catalogue,
    tables: &Tables,
) -> Result<BTreeSet<String>, ReplicateError> {
    let is_as_before =
        |oid: &u32| now.contains_key(oid) && now.get(oid) == stored.catalogue.get(oid);
    let mut paths: BTreeSet<String> = tables
        .iter()
        .filter(|(_, table)| !is_as_before(&table.oid))
        .map(|(path, _)| path.clone())
        .collect();
    if plan.method == Method::Logical {
        let published = published(plan, source).await?;
        let unpublished = tables.keys().filter(|path| !published.contains(*path));
        paths.extend(unpublished.cloned());
    }
    Ok(paths)
}

async fn published(
    plan: &StreamPlan,
    source: &mut Session,
) -> Result<BTreeSet<String>, ReplicateError> {
    let sql = format!(
        "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = {}",
        quote_text(&plan.mark())
    );
    let rows: Vec<(String, String)> = source.rows("reading the publication", sql).await?;
    Ok(rows
        .into_iter()
        .map(|(schema, name)| quote_path(&schema, &name))
        .collect())
}

/// By which columns the rows of each table are found: those that its changes name.
async fn findings<'a>(
    plan: &StreamPlan,
    source: &mut Session,
    tables: &[&'a table::Table],
) -> Result<BTreeMap<String, Finding<'a>>, ReplicateError> {
    let indexes = keys::key_columns(source).await?;
    let mut findings = BTreeMap::new();
    for table in tables {
        let places = match (&table.replica_identity, plan.method) {
            (table::ReplicaIdentity::Key(places), Method::Logical) => places,
            _ => &table.identity,
        };
        let wanted: Vec<&str> = places
            .iter()
            .filter_map(|place| table.columns.get(*place))
            .map(|column| column.name.as_str())
            .collect();
        let known = indexes.get(&table.oid).map_or(&[][..], Vec::as_slice);
        let by = keys::of_columns(known, &wanted);
        findings.insert(table.path(), Finding { table, by });
    }
    Ok(findings)
}
