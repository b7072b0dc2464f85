//! Applies the log to the target: whole source transactions, folded, in one transaction with the checkpoint.

mod batch;
mod rows;
mod script;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::connection::{LONG_STATEMENT_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::cascade;
use crate::mysql::fold::Folded;
use crate::mysql::gtid::GtidSet;
use crate::mysql::log::RowChange;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::state::StreamState;
use crate::mysql::value::quote_name;
use crate::position::LogPosition;

use batch::{Step, Steps};
use rows::{Place, TableBatch, change_keyless, delete_keys, write_rows};
use script::{Expected, Script};

pub(crate) use batch::{Batch, Gathering};
pub(crate) use rows::write_key_list;

/// Carries batches out on the target, in the order in which they were gathered.
pub(crate) struct Applier {
    state: StreamState,
    session: Session,
    schema: Arc<Schema>,
    script: Script,
    /// Committed on the target.
    checkpoint: LogPosition,
    /// Every touched key is known to stand or not to stand as the log says.
    is_certain: bool,
    is_open: bool,
    /// Parts of prepared transactions kept in the open transaction: each part has a number that those after it do not have.
    parts_kept: u32,
}

impl Applier {
    pub(crate) async fn open(
        state: &StreamState,
        schema: Schema,
        checkpoint: LogPosition,
        is_certain: bool,
    ) -> Result<Applier, ReplicateError> {
        Ok(Applier {
            state: state.clone(),
            session: state.open_applier().await?,
            schema: Arc::new(schema),
            script: Script::default(),
            checkpoint,
            is_certain,
            is_open: false,
            parts_kept: 0,
        })
    }

    /// The session over which it writes.
    pub(crate) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The position committed on the target.
    pub(crate) fn checkpoint(&self) -> &LogPosition {
        &self.checkpoint
    }

    /// Carries a batch out, and commits it if it is whole. After an error the session must not be used any more.
    pub(crate) async fn carry_out(&mut self, batch: Batch) -> Result<(), ReplicateError> {
        let Batch {
            steps,
            read_until,
            executed,
            is_whole,
        } = batch;
        if !self.is_open {
            self.open_transaction(&read_until).await?;
        }
        for step in steps {
            self.take_step(step, &read_until).await?;
        }
        if is_whole {
            self.commit(read_until, executed.as_ref()).await?;
        }
        Ok(())
    }

    /// Locks the checkpoint and proves that it stands where we left it (rule 18). The answer is read with those of the first rows.
    async fn open_transaction(&mut self, position: &LogPosition) -> Result<(), ReplicateError> {
        let lock = self.state.lock_checkpoint(&self.checkpoint);
        let epoch = self.state.epoch();
        for (expected, sql) in [
            (Expected::Success, "START TRANSACTION"),
            (Expected::Checkpoint { epoch }, &lock),
        ] {
            self.script
                .add(&mut self.session, position, None, expected, sql.as_bytes())
                .await?;
        }
        self.is_open = true;
        Ok(())
    }

    /// Moves the checkpoint and commits it together with the rows, after every answer was what it must be.
    async fn commit(
        &mut self,
        end: LogPosition,
        executed: Option<&GtidSet>,
    ) -> Result<(), ReplicateError> {
        let epoch = self.state.epoch();
        let sql = self.state.move_checkpoint(&end, executed);
        let expected = Expected::Checkpoint { epoch };
        self.script
            .add(&mut self.session, &end, None, expected, sql.as_bytes())
            .await?;
        self.script.run(&mut self.session, &end).await?;
        self.session
            .run_within(LONG_STATEMENT_LIMIT, "committing", "COMMIT")
            .await?;
        self.is_open = false;
        self.parts_kept = 0;
        self.checkpoint = end;
        Ok(())
    }

    async fn take_step(
        &mut self,
        step: Step,
        position: &LogPosition,
    ) -> Result<(), ReplicateError> {
        match step {
            Step::Fold(folded) => return self.apply(folded, position).await,
            Step::Decide {
                xid,
                committed,
                copied,
            } => {
                return self.decide(&xid, committed, &copied, position).await;
            }
            // What follows reads or changes what the statements before it leave behind.
            _ => self.script.run(&mut self.session, position).await?,
        }
        match step {
            Step::Cascade { change, copied } => {
                cascade::carry_out(&mut self.session, &self.schema, change, &copied, position).await
            }
            Step::Empty { table } => self.empty(&table).await,
            Step::Keep { xid, changes } => self.keep_prepared(&xid, &changes).await,
            Step::Fold(_) | Step::Decide { .. } => Ok(()),
        }
    }

    /// Brings the touched keys to their last states: first all deletes of all tables, then all rows (rule 13).
    async fn apply(
        &mut self,
        folded: Folded,
        position: &LogPosition,
    ) -> Result<(), ReplicateError> {
        let schema = self.schema.clone();
        let mut place = Place {
            session: &mut self.session,
            script: &mut self.script,
            schema: &schema,
            position,
            is_certain: self.is_certain,
        };
        let mut batches: Vec<(&Table, TableBatch)> = Vec::new();
        for (name, keys) in folded.keyed {
            if let Some(table) = schema.tables.get(&name) {
                batches.push((table, TableBatch::new(&place, table, keys)));
            }
        }
        for (table, batch) in &batches {
            delete_keys(&mut place, table, batch).await?;
        }
        for (table, batch) in batches {
            write_rows(&mut place, table, batch).await?;
        }
        for change in &folded.keyless {
            if let Some(table) = schema.tables.get(&change.table) {
                change_keyless(&mut place, table, change).await?;
            }
        }
        Ok(())
    }

    async fn empty(&mut self, table: &str) -> Result<(), ReplicateError> {
        let place = format!(
            "{}.{}",
            quote_name(&self.schema.database),
            quote_name(table)
        );
        let doing = format!("emptying table {table}");
        let sql = format!("DELETE FROM {place}");
        self.session
            .run_within(LONG_STATEMENT_LIMIT, &doing, sql)
            .await?;
        Ok(())
    }

    /// A prepared transaction changes nothing yet: its changes are kept on the target, part by part as they come, under the same checkpoint, until it is
    /// decided (rule 2). So the checkpoint may pass it, and a restart needs no earlier log. All parts commit together: nothing of it is left by a
    /// process that dies before it is prepared.
    async fn keep_prepared(
        &mut self,
        xid: &str,
        changes: &[RowChange],
    ) -> Result<(), ReplicateError> {
        let part = self.parts_kept;
        self.parts_kept += 1;
        self.state
            .keep_prepared(&mut self.session, xid, part, changes)
            .await
    }

    /// Lets the changes of a prepared transaction take effect with its decision, part by part, all in the transaction in which the checkpoint passes it.
    async fn decide(
        &mut self,
        xid: &str,
        committed: bool,
        copied: &BTreeSet<String>,
        position: &LogPosition,
    ) -> Result<(), ReplicateError> {
        self.script.run(&mut self.session, position).await?;
        if committed && !self.apply_prepared(xid, copied, position).await? && self.is_certain {
            // Before that it was prepared before the copy began and committed before it ended: in the copy already.
            return Err(ReplicateError::LogUnreadable {
                position: position.clone(),
                reason: format!(
                    "the transaction {xid} is committed, and its changes stand before the place where the move began"
                ),
            });
        }
        self.state.forget_prepared(&mut self.session, xid).await
    }

    /// Applies the kept parts of a prepared transaction, one by one. Returns whether there was any.
    async fn apply_prepared(
        &mut self,
        xid: &str,
        copied: &BTreeSet<String>,
        position: &LogPosition,
    ) -> Result<bool, ReplicateError> {
        let mut last = None;
        loop {
            let part = self.state.prepared_part(&mut self.session, xid, last);
            let Some((part, changes)) = part.await? else {
                return Ok(last.is_some());
            };
            last = Some(part);
            let mut steps = Steps::default();
            for change in changes {
                steps.hold(&self.schema, change, copied);
            }
            // None of these steps is a decision.
            for step in steps.into_list() {
                Box::pin(self.take_step(step, position)).await?;
            }
            self.script.run(&mut self.session, position).await?;
        }
    }
}
