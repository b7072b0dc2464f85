//! Carries batches out on the target, each with its place in the source's log, in one transaction.
//!
//! A batch is written in rounds over all of its tables: first what is emptied, then what goes, then what changes in place, then what comes (rule 13): so no
//! unique value is met by the one that has it no longer. Foreign keys and triggers rest in the session. Every statement must change as many rows as the
//! log says; else the target is not what the log was applied to, and nothing of the batch is kept.
//!
//! A transaction of the source that is larger than a batch arrives in parts, which stay in one transaction here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::Value;
use super::fold::{Key, Now, TableChanges};
use super::ordered::{Cascades, Change, cascades, statements};
use super::write::{Rounds, Shape, Statement};
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::session::Session;
use crate::postgres::state::StreamState;
use crate::postgres::value::quote_text;

/// Changes of one or more transactions, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// By the table's path.
    pub(crate) tables: BTreeMap<String, (Arc<Shape>, TableChanges)>,
    /// One after another, where foreign keys cannot be switched off; then nothing stands in `tables`.
    pub(crate) ordered: Vec<Change>,
    /// Transactions that end in it.
    pub(crate) transactions: u64,
    /// Row changes in it, as the log counts them.
    pub(crate) changes: u64,
    /// The place in the log that it reaches; `None`: its last transaction goes on in the next batch.
    pub(crate) end: Option<u64>,
}

/// A session that writes, and where it stands.
pub(crate) struct Applier {
    session: Session,
    state: StreamState,
    position: LogPosition,
    is_in_transaction: bool,
    /// What foreign keys do by themselves, where they are in force.
    cascades: Option<Cascades>,
}

impl Applier {
    pub(crate) async fn open(
        state: &StreamState,
        position: LogPosition,
    ) -> Result<Applier, ReplicateError> {
        let mut session = state.open_writer().await?;
        let cascades = cascades(&mut session).await?;
        Ok(Applier {
            session,
            state: state.clone(),
            position,
            is_in_transaction: false,
            cascades,
        })
    }

    /// Whether changes must come one after another.
    pub(crate) fn is_in_order(&self) -> bool {
        self.cascades.is_some()
    }

    /// The session, for its settings.
    pub(crate) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Carries a batch out. Returns the place that is committed now.
    pub(crate) async fn apply(&mut self, batch: Batch) -> Result<LogPosition, ReplicateError> {
        let Batch {
            mut tables,
            ordered,
            end,
            ..
        } = batch;
        let to = end.map_or(self.position.clone(), LogPosition::of_lsn);
        let needs_end = self.is_in_transaction && end.is_some();
        if !self.is_in_transaction {
            // A transaction of the source may have relied on it.
            let deferred = match self.cascades {
                Some(_) => "SET CONSTRAINTS ALL DEFERRED; ",
                None => "",
            };
            let begin = format!("BEGIN; {deferred}{}", self.advance(&to));
            self.run("beginning a transaction", begin.into_bytes())
                .await?;
            self.is_in_transaction = true;
        }
        for (shape, changes) in tables.values_mut() {
            self.fetch_carried(shape, changes).await?;
        }
        self.write(tables).await?;
        self.write_in_order(&ordered).await?;
        if end.is_none() {
            return Ok(self.position.clone());
        }
        if needs_end {
            let advance = self.advance(&to);
            self.run("moving the checkpoint", advance.into_bytes())
                .await?;
        }
        self.session
            .run_within(LONG_STATEMENT_LIMIT, "committing", "COMMIT")
            .await?;
        self.is_in_transaction = false;
        self.position = to;
        Ok(self.position.clone())
    }

    fn advance(&self, to: &LogPosition) -> String {
        self.state
            .advance(&self.position.to_string(), &to.to_string())
    }

    async fn run(&mut self, doing: &str, sql: Vec<u8>) -> Result<u64, ReplicateError> {
        let done = self
            .session
            .run_within(LONG_STATEMENT_LIMIT, doing, sql)
            .await;
        done.map_err(|error| self.state.or_superseded(error))
    }

    /// Reads what the log left out and the batch does not hold either, before any of it is written.
    async fn fetch_carried(
        &mut self,
        shape: &Shape,
        changes: &mut TableChanges,
    ) -> Result<(), ReplicateError> {
        let carried: Vec<(Key, Key)> = shape
            .carried(changes)
            .into_iter()
            .map(|(key, from)| (key.clone(), from.clone()))
            .collect();
        if carried.is_empty() {
            return Ok(());
        }
        let doing = format!("reading unchanged values of {}", shape.table.path());
        let from: Vec<&Key> = carried.iter().map(|(_, from)| from).collect();
        let rows: Vec<Vec<Option<Vec<u8>>>> = self
            .session
            .rows_within(LONG_STATEMENT_LIMIT, &doing, shape.read(&from))
            .await?;
        let mut found = 0;
        for mut row in rows {
            let number = row.remove(0).unwrap_or_default();
            let number: usize = String::from_utf8_lossy(&number).parse().unwrap_or(0);
            let Some((key, _)) = number.checked_sub(1).and_then(|place| carried.get(place)) else {
                continue;
            };
            if let Some(Now::Row {
                values,
                carried_from,
            }) = changes.net.get_mut(key).map(|net| &mut net.now)
            {
                for (value, stored) in values.iter_mut().zip(row) {
                    if *value == Value::Unchanged {
                        *value = stored.map_or(Value::Null, |text| Value::Text(text.into()));
                    }
                }
                *carried_from = None;
                found += 1;
            }
        }
        match found == carried.len() {
            true => Ok(()),
            false => Err(self.diverged(
                shape,
                format!(
                    "{} row(s) that the log changes are missing",
                    carried.len() - found
                ),
            )),
        }
    }

    async fn write(
        &mut self,
        tables: BTreeMap<String, (Arc<Shape>, TableChanges)>,
    ) -> Result<(), ReplicateError> {
        let mut emptied = Vec::new();
        let mut written: Vec<(Arc<Shape>, Rounds)> = Vec::new();
        for (path, (shape, changes)) in tables {
            if changes.is_truncated {
                emptied.push(path);
            }
            let rounds = shape.write(changes);
            written.push((shape, rounds));
        }
        if !emptied.is_empty() {
            // Together, since one may refer to another.
            let sql = format!("TRUNCATE ONLY {}", emptied.join(", ONLY "));
            self.run("emptying tables", sql.into_bytes()).await?;
        }
        let rounds: [fn(&mut Rounds) -> Vec<Statement>; 3] = [
            |rounds| std::mem::take(&mut rounds.deletes),
            |rounds| std::mem::take(&mut rounds.updates),
            |rounds| std::mem::take(&mut rounds.inserts),
        ];
        let mut script = Vec::new();
        for round in rounds {
            for (place, (_, rounds)) in written.iter_mut().enumerate() {
                script.extend(
                    round(rounds)
                        .into_iter()
                        .map(|statement| (place, statement)),
                );
            }
        }
        let texts: Vec<&[u8]> = script
            .iter()
            .map(|(_, statement)| statement.sql.as_slice())
            .collect();
        let answers = self
            .session
            .script(LONG_STATEMENT_LIMIT, "applying changes", &texts)
            .await?;
        for ((place, statement), rows) in script.iter().zip(answers) {
            if !(statement.rows_least..=statement.rows_most).contains(&rows) {
                let what = format!(
                    "{} row(s) should have been changed, and {rows} were",
                    statement.rows_most
                );
                return Err(self.diverged(&written[*place].0, what));
            }
        }
        Ok(())
    }

    /// Carries changes out one after another.
    async fn write_in_order(&mut self, changes: &[Change]) -> Result<(), ReplicateError> {
        let Some(cascades) = self.cascades.as_ref().filter(|_| !changes.is_empty()) else {
            return Ok(());
        };
        let script =
            statements(changes, cascades).ok_or_else(|| ReplicateError::LogUnreadable {
                position: self.position.clone(),
                reason: "a change lacks its key, or has other fields than the table".to_owned(),
            })?;
        let texts: Vec<&[u8]> = script
            .iter()
            .map(|(_, statement)| statement.sql.as_slice())
            .collect();
        let answers = self
            .session
            .script(LONG_STATEMENT_LIMIT, "applying changes", &texts)
            .await?;
        for ((shape, statement), rows) in script.iter().zip(answers) {
            if !(statement.rows_least..=statement.rows_most).contains(&rows) {
                let what = format!(
                    "{} row(s) should have been changed, and {rows} were",
                    statement.rows_most
                );
                return Err(self.diverged(shape, what));
            }
        }
        Ok(())
    }

    fn diverged(&self, shape: &Shape, detail: String) -> ReplicateError {
        ReplicateError::Diverged {
            table: shape.table.path(),
            position: self.position.clone(),
            detail,
        }
    }
}

/// The statement by which our own transactions are known in this server's log: each changes the checkpoint, and whoever reads that log in the other
/// direction leaves out what does (rule 32).
pub(crate) fn is_own_mark(schema: &str, table: &str) -> bool {
    schema == crate::postgres::state::OWN_SCHEMA && table == "stream"
}

/// The source's and target's operators that compare keys may live in schemas of their own, beside their types.
pub(crate) async fn find_operators(session: &mut Session) -> Result<(), ReplicateError> {
    let doing = "looking for operators";
    let sql = "SELECT DISTINCT quote_ident(n.nspname) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprname = '=' AND n.nspname <> 'pg_catalog' ORDER BY 1";
    let schemas: Vec<(String,)> = session.rows(doing, sql).await?;
    let path: Vec<String> = std::iter::once("pg_catalog".to_owned())
        .chain(schemas.into_iter().map(|(schema,)| schema))
        .collect();
    let sql = format!(
        "SELECT set_config('search_path', {}, false)",
        quote_text(&path.join(", "))
    );
    session.run(doing, sql).await.map(drop)
}
