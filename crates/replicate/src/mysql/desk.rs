//! What a supervisor needs of a stream of the MySQL family.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::{RunningStream, StreamPlan};
use crate::mysql::schema::Schema;
use crate::mysql::state::operation;
use crate::mysql::{server, state};
use crate::operation::Operation;
use crate::progress::{Progress, TableProgress};
use crate::supervise::{Desk, Supervised};

/// Starts or goes on with a stream, or holds it if it is paused. See [`Supervised`].
pub fn supervise(plan: StreamPlan, copy_turns: Arc<Semaphore>) -> Supervised {
    let desk = MySqlDesk {
        plan,
        session: None,
        schema: None,
    };
    Supervised::of(desk, copy_turns)
}

struct MySqlDesk {
    plan: StreamPlan,
    session: Option<Session>,
    /// Read once.
    schema: Option<Schema>,
}

impl MySqlDesk {
    async fn session(&mut self) -> Result<&mut Session, ReplicateError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => server::writer(&self.plan.to).await?,
        };
        Ok(self.session.insert(session))
    }
}

impl Desk for MySqlDesk {
    fn start(&self, copy_turns: Arc<Semaphore>) -> RunningStream {
        RunningStream::start_in_turn(self.plan.clone(), copy_turns)
    }

    async fn operation(&mut self) -> Result<Operation, ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        operation::read(self.session().await?, direction, &database).await
    }

    async fn is_begun(&mut self) -> Result<bool, ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        let begun = state::peek(self.session().await?, direction, &database).await?;
        Ok(begun.is_some())
    }

    async fn tell(&mut self, progress: Option<&Progress>) -> Result<(), ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        operation::report(self.session().await?, direction, &database, progress).await
    }

    async fn tables(&mut self) -> Result<Option<BTreeMap<String, TableProgress>>, ReplicateError> {
        let (direction, database) = (self.plan.direction, self.plan.database.clone());
        if self.schema.is_none() {
            let checkpoint = state::peek(self.session().await?, direction, &database).await?;
            self.schema = checkpoint.map(|checkpoint| checkpoint.schema);
        }
        if self.schema.is_none() {
            return Ok(None);
        }
        let totals = state::copy_totals(self.session().await?, direction, &database).await?;
        let tables = self.schema.iter().flat_map(|schema| {
            totals
                .iter()
                .map(|(name, chunks, chunks_done, rows, bytes)| {
                    let table = schema.tables.get(name);
                    let progress = TableProgress {
                        chunks: *chunks,
                        chunks_done: *chunks_done,
                        rows: *rows,
                        bytes: *bytes,
                        rows_total: table.map_or(0, |table| table.estimated_rows),
                        bytes_total: table.map_or(0, |table| table.data_bytes),
                        ..TableProgress::default()
                    };
                    (name.clone(), progress)
                })
        });
        Ok(Some(tables.collect()))
    }

    fn hang_up(&mut self) {
        self.session = None;
    }
}
