//! What a supervisor needs of a PostgreSQL stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::ReplicateError;
use crate::operation::Operation;
use crate::postgres::pipeline::{self, StreamPlan};
use crate::postgres::session::Session;
use crate::postgres::state::{self, operation};
use crate::postgres::table::Tables;
use crate::progress::{Progress, TableProgress};
use crate::running::RunningStream;
use crate::stream::Direction;
use crate::supervise::{Desk, Supervised};

/// Starts or goes on with a stream, or holds it if it is paused. See [`Supervised`].
pub fn supervise(plan: StreamPlan, copy_turns: Arc<Semaphore>) -> Supervised {
    let desk = PostgresDesk {
        plan,
        session: None,
        tables: None,
    };
    Supervised::of(desk, copy_turns)
}

struct PostgresDesk {
    plan: StreamPlan,
    session: Option<Session>,
    /// Read once.
    tables: Option<Tables>,
}

impl PostgresDesk {
    /// The session, with the names that every question needs.
    async fn at_work(&mut self) -> Result<(&mut Session, Direction, &str), ReplicateError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.plan.to).await?,
        };
        Ok((
            self.session.insert(session),
            self.plan.direction,
            &self.plan.database,
        ))
    }
}

impl Desk for PostgresDesk {
    fn start(&self, copy_turns: Arc<Semaphore>) -> RunningStream {
        pipeline::start(self.plan.clone(), copy_turns)
    }

    async fn operation(&mut self) -> Result<Operation, ReplicateError> {
        let (session, direction, database) = self.at_work().await?;
        operation::read(session, direction, database).await
    }

    async fn is_begun(&mut self) -> Result<bool, ReplicateError> {
        let (session, direction, database) = self.at_work().await?;
        let begun = state::peek(session, direction, database).await?;
        Ok(begun.is_some())
    }

    async fn tell(&mut self, progress: Option<&Progress>) -> Result<(), ReplicateError> {
        let (session, direction, database) = self.at_work().await?;
        operation::report(session, direction, database, progress).await
    }

    async fn tables(&mut self) -> Result<Option<BTreeMap<String, TableProgress>>, ReplicateError> {
        if self.tables.is_none() {
            let (session, direction, database) = self.at_work().await?;
            let begun = state::peek(session, direction, database).await?;
            self.tables = begun.map(|checkpoint| checkpoint.tables);
        }
        if self.tables.is_none() {
            return Ok(None);
        }
        let (session, direction, database) = self.at_work().await?;
        let totals = state::copy_totals(session, direction, database).await?;
        let tables = self.tables.iter().flat_map(|tables| {
            let progress = |(path, total): (&String, &state::CopyTotals)| {
                let progress = total.progress(tables.get(path));
                (path.clone(), progress)
            };
            totals.iter().map(progress)
        });
        Ok(Some(tables.collect()))
    }

    fn hang_up(&mut self) {
        self.session = None;
    }
}
