//! What goes to the target at once, gathered from the log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::mysql::cascade;
use crate::mysql::fold::Folded;
use crate::mysql::gtid::GtidSet;
use crate::mysql::log::{LogEntry, RowChange};
use crate::mysql::schema::Schema;
use crate::position::LogPosition;

/// Changes that go to the target at once at the most; a larger source transaction is sent in parts, and still committed as one.
const BATCH_CHANGES: usize = 40_000;

/// One thing to do on the target.
#[derive(Debug)]
pub(super) enum Step {
    /// Bring the touched keys to their last states.
    Fold(Folded),
    /// Do what the source's server did by itself when this change happened. Tables in `copied` hold it already.
    Cascade {
        change: RowChange,
        copied: BTreeSet<String>,
    },
    /// Delete all rows of a table.
    Empty { table: String },
    /// Keep a part of a prepared transaction until it is decided (rule 2).
    Keep {
        xid: String,
        changes: Vec<RowChange>,
    },
    /// A prepared transaction is decided. Tables in `copied` hold its changes already.
    Decide {
        xid: String,
        committed: bool,
        copied: BTreeSet<String>,
    },
}

/// Steps in the order of the log, folded where nothing stands between.
#[derive(Debug, Default)]
pub(super) struct Steps {
    list: Vec<Step>,
    /// The fold that the next change goes into.
    open: Folded,
    changes: usize,
    bytes: usize,
}

impl Steps {
    /// Takes a change. Tables in `copied` hold it already, but its cascades may reach tables that do not.
    pub(super) fn hold(&mut self, schema: &Schema, change: RowChange, copied: &BTreeSet<String>) {
        let Some(table) = schema.tables.get(&change.table) else {
            return;
        };
        let is_copied = copied.contains(&change.table);
        // A cascade reads what stands on the target, so it ends the folded batch on both sides (rule 9).
        let cascade = cascade::has_consequences(schema, &change).then(|| Step::Cascade {
            change: change.clone(),
            copied: copied.clone(),
        });
        if !is_copied {
            let before = self.open.bytes();
            self.open.take(table, change);
            self.bytes += self.open.bytes() - before;
            self.changes += 1;
        }
        if let Some(cascade) = cascade {
            self.push(cascade, 0);
        }
    }

    /// Adds a step behind everything held so far.
    fn push(&mut self, step: Step, bytes: usize) {
        self.seal();
        self.list.push(step);
        self.bytes += bytes;
    }

    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.list.push(Step::Fold(std::mem::take(&mut self.open)));
        }
    }

    /// All steps.
    pub(super) fn into_list(mut self) -> Vec<Step> {
        self.seal();
        self.list
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty() && self.open.is_empty()
    }

    fn is_full(&self, bytes_max: usize) -> bool {
        self.changes >= BATCH_CHANGES || self.bytes >= bytes_max
    }
}

/// What goes to the target at once.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(super) steps: Vec<Step>,
    /// Complete source transactions reach up to here.
    pub(super) read_until: LogPosition,
    /// Names of what is executed up to there; `None` where the source gives none.
    pub(super) executed: Option<GtidSet>,
    /// It ends where a source transaction ends, so it is committed.
    pub(super) is_whole: bool,
}

/// Gathers batches from the entries of the log.
#[derive(Debug)]
pub(crate) struct Gathering {
    schema: Schema,
    /// Where tables were read at one moment: their earlier changes are in the copy already.
    snapshots: BTreeMap<String, LogPosition>,
    steps: Steps,
    /// Bytes of changes that are gathered at the most.
    bytes_max: usize,
    read_until: LogPosition,
    /// Names of what is read; `None` where the source gives none.
    executed: Option<GtidSet>,
    /// When the first source transaction was complete that no batch has taken yet.
    since: Option<Instant>,
    /// The log stands inside a source transaction.
    is_inside: bool,
    /// Transactions and changes gathered so far.
    pub(crate) transactions: u64,
    pub(crate) changes: u64,
}

impl Gathering {
    pub(crate) fn new(
        schema: Schema,
        snapshots: BTreeMap<String, LogPosition>,
        checkpoint: LogPosition,
        executed: Option<GtidSet>,
        bytes_max: usize,
    ) -> Gathering {
        Gathering {
            schema,
            snapshots,
            steps: Steps::default(),
            bytes_max,
            since: None,
            read_until: checkpoint,
            executed,
            is_inside: false,
            transactions: 0,
            changes: 0,
        }
    }

    /// Takes the next entry of the log.
    pub(crate) fn take(&mut self, entry: LogEntry) {
        match entry {
            LogEntry::Changes { start, changes } => {
                let copied = self.copied_at(|from| start < *from);
                self.is_inside = true;
                for change in changes {
                    self.changes += u64::from(!copied.contains(&change.table));
                    self.steps.hold(&self.schema, change, &copied);
                }
            }
            LogEntry::Truncate { start, table } => {
                self.is_inside = true;
                if !self.copied_at(|from| start < *from).contains(&table) {
                    self.steps.push(Step::Empty { table }, 0);
                }
            }
            LogEntry::PreparedPart { xid, changes } => {
                self.is_inside = true;
                self.keep(xid, changes);
            }
            // One without a change in scope is kept too, to be known when it is decided.
            LogEntry::Prepared { xid, changes, end } => {
                self.keep(xid, changes);
                self.complete(end);
            }
            LogEntry::Decided {
                xid,
                committed,
                end,
            } => {
                let copied = self.copied_at(|from| end <= *from);
                let step = Step::Decide {
                    xid,
                    committed,
                    copied,
                };
                self.steps.push(step, 0);
                self.complete(end);
            }
            LogEntry::Executed { gtid } => {
                self.is_inside = true;
                if let Some(executed) = &mut self.executed {
                    executed.add(&gtid);
                }
            }
            LogEntry::Commit { end } => self.complete(end),
            // Whoever reads the log ends there.
            LogEntry::SchemaChange(_) => {}
        }
    }

    fn keep(&mut self, xid: String, changes: Vec<RowChange>) {
        let bytes = changes.iter().map(RowChange::bytes).sum();
        self.steps.push(Step::Keep { xid, changes }, bytes);
    }

    fn complete(&mut self, end: LogPosition) {
        self.read_until = end;
        self.is_inside = false;
        self.transactions += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    /// The tables read at one moment, or copied anew, whose rows hold already what happened at that place in the log.
    fn copied_at(&self, is_before: impl Fn(&LogPosition) -> bool) -> BTreeSet<String> {
        let recopied = self.schema.recopied.iter();
        let recopied = recopied.map(|(table, recopied)| (table, &recopied.from));
        let copied =
            |(table, from): (&String, &LogPosition)| is_before(from).then(|| table.clone());
        self.snapshots
            .iter()
            .chain(recopied)
            .filter_map(copied)
            .collect()
    }

    /// Complete source transactions have been taken up to here.
    pub(crate) fn read_until(&self) -> &LogPosition {
        &self.read_until
    }

    /// Whether the log stands inside a source transaction.
    pub(crate) fn is_inside(&self) -> bool {
        self.is_inside
    }

    /// Whether no more is to be taken before this went to the target.
    pub(crate) fn is_full(&self) -> bool {
        self.steps.is_full(self.bytes_max)
    }

    /// Whether there is something to do on the target.
    pub(crate) fn has_changes(&self) -> bool {
        !self.steps.is_empty()
    }

    /// When the first source transaction was complete that no batch has taken yet.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Takes the batch.
    pub(crate) fn batch(&mut self) -> Batch {
        self.since = None;
        Batch {
            steps: std::mem::take(&mut self.steps).into_list(),
            read_until: self.read_until.clone(),
            executed: self.executed.clone(),
            is_whole: !self.is_inside,
        }
    }
}
