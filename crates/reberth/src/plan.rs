//! A stream as the commands know it, whatever its engine.

use std::path::PathBuf;
use std::sync::Arc;

use reberth_replicate::mysql;
use reberth_replicate::postgres::method::{self, Choice};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::{self, state};
use reberth_replicate::stream::Direction;
use reberth_replicate::supervise::Supervised;
use reberth_replicate::{Address, ReplicateError};
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// What a stream moves, and between whom.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Between servers of the MySQL family.
    MySql(mysql::pipeline::StreamPlan),
    /// Between PostgreSQL servers.
    Postgres(PostgresPlan),
}

/// A PostgreSQL stream, and how its method was chosen.
#[derive(Clone, Debug)]
pub(crate) struct PostgresPlan {
    /// What it moves.
    pub(crate) stream: postgres::pipeline::StreamPlan,
    /// Why it is followed in this way.
    pub(crate) because: String,
    /// Whether it has a checkpoint.
    pub(crate) is_begun: bool,
}

impl PostgresPlan {
    /// Probes the source for the way to follow it, unless the stream has begun in one.
    pub(crate) async fn choose(
        database: &str,
        direction: Direction,
        from: Address,
        to: Address,
        workers: usize,
    ) -> Result<PostgresPlan, Failure> {
        let mut writer = Session::open(&to).await?;
        let begun = state::peek(&mut writer, direction, database).await?;
        let is_begun = begun.is_some();
        let choice = match begun {
            Some(checkpoint) => Choice {
                method: checkpoint.method,
                because: "the stream has begun in this way".to_owned(),
            },
            None => method::choose(&mut Session::open(&from).await?).await?,
        };
        let stream = postgres::pipeline::StreamPlan {
            database: database.to_owned(),
            direction,
            from,
            to,
            method: choice.method,
            pg_dump: pg_dump(),
            workers,
            bytes_per_s_most: None,
            spool: None,
            streams: 1,
        };
        Ok(PostgresPlan {
            stream,
            because: choice.because,
            is_begun,
        })
    }
}

/// The `pg_dump` on the search path. Where there is none, whoever runs it is told so.
fn pg_dump() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("pg_dump"))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| PathBuf::from("pg_dump"))
}

impl Plan {
    /// Name of the database.
    pub(crate) fn database(&self) -> &str {
        match self {
            Plan::MySql(plan) => &plan.database,
            Plan::Postgres(plan) => &plan.stream.database,
        }
    }

    /// Which way it flows.
    pub(crate) fn direction(&self) -> Direction {
        match self {
            Plan::MySql(plan) => plan.direction,
            Plan::Postgres(plan) => plan.stream.direction,
        }
    }

    /// The server that is read.
    pub(crate) fn from(&self) -> &Address {
        match self {
            Plan::MySql(plan) => &plan.from,
            Plan::Postgres(plan) => &plan.stream.from,
        }
    }

    /// The server that is written to.
    pub(crate) fn to(&self) -> &Address {
        match self {
            Plan::MySql(plan) => &plan.to,
            Plan::Postgres(plan) => &plan.stream.to,
        }
    }

    /// Copy workers.
    pub(crate) fn workers(&self) -> usize {
        match self {
            Plan::MySql(plan) => plan.workers,
            Plan::Postgres(plan) => plan.stream.workers,
        }
    }

    /// The engine's name in reports and metrics.
    pub(crate) fn engine(&self) -> &'static str {
        match self {
            Plan::MySql(_) => "mysql",
            Plan::Postgres(_) => "postgres",
        }
    }

    /// The same among so many streams of the process, with at most so many workers, and a cap on its rate.
    pub(crate) fn limited(
        mut self,
        streams_now: usize,
        workers_most: Option<usize>,
        rate: Option<u64>,
    ) -> Plan {
        let (streams, workers, bytes_per_s_most) = match &mut self {
            Plan::MySql(plan) => (
                &mut plan.streams,
                &mut plan.workers,
                &mut plan.bytes_per_s_most,
            ),
            Plan::Postgres(PostgresPlan { stream: plan, .. }) => (
                &mut plan.streams,
                &mut plan.workers,
                &mut plan.bytes_per_s_most,
            ),
        };
        *streams = streams_now;
        *workers = workers_most.map_or(*workers, |most| most.min(*workers));
        *bytes_per_s_most = rate;
        self
    }

    /// Runs it in this process, in the hands of its operator.
    pub(crate) fn supervise(&self, copy_turns: Arc<Semaphore>) -> Supervised {
        match self {
            Plan::MySql(plan) => mysql::desk::supervise(plan.clone(), copy_turns),
            Plan::Postgres(plan) => postgres::desk::supervise(plan.stream.clone(), copy_turns),
        }
    }

    /// The stream of the MySQL family, for what only that has.
    pub(crate) fn require_mysql(
        &self,
        what: &str,
    ) -> Result<&mysql::pipeline::StreamPlan, ReplicateError> {
        match self {
            Plan::MySql(plan) => Ok(plan),
            Plan::Postgres(_) => Err(ReplicateError::Blocked(vec![format!(
                "{what} is for databases of the MySQL family, and {} is one of PostgreSQL",
                self.database()
            )])),
        }
    }
}
