//! Makes a schema's items on the target: in their order, several at once where they do not get in each other's way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::item::{Item, Stage, USUAL_ACCESS_METHOD};
use super::plan::SchemaPlan;
use super::store::{self, Open};
use crate::cause::Cause;
use crate::connection::{Address, REBUILD_LIMIT};
use crate::error::ReplicateError;
use crate::postgres::scope::RELATIONS;
use crate::postgres::session::Session;

/// Settings under which the statements of a dump mean what they say.
const SETTINGS: &[(&str, &str)] = &[
    ("search_path", ""),
    // A function may speak of a table that comes after it.
    ("check_function_bodies", "off"),
    ("xmloption", "content"),
    ("default_tablespace", ""),
    ("default_table_access_method", USUAL_ACCESS_METHOD),
    ("row_security", "off"),
    ("client_min_messages", "warning"),
    // An item and its mark are lost together or not at all, and what is lost is made again.
    ("synchronous_commit", "off"),
];

/// Deadlocks and lost locks that one item may meet: others use the tables too.
const TRIES: u32 = 5;

/// Makes items on a target.
#[derive(Clone, Debug)]
pub struct Maker {
    target: Address,
    workers: usize,
    /// One for each item that may be built at the same time, shared with all clones: several tables may be whole at once.
    turns: Arc<Semaphore>,
    /// More settings of its sessions.
    settings: Vec<(String, String)>,
}

impl Maker {
    /// `workers` items at most are made at once.
    pub fn new(target: &Address, workers: usize, settings: &[(&str, &str)]) -> Maker {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Maker {
            target: target.clone(),
            workers: workers.max(1),
            turns: Arc::new(Semaphore::new(workers.max(1))),
            settings: settings.iter().map(own).collect(),
        }
    }

    /// Writes a plan down on the target, which must be empty. A plan that was written down before becomes this one. An error if a stream has begun.
    pub async fn begin(&self, plan: &SchemaPlan) -> Result<(), ReplicateError> {
        let mut session = self.session().await?;
        let blockers = plan.blockers();
        if !blockers.is_empty() {
            return Err(ReplicateError::Blocked(blockers));
        }
        if !store::is_kept(&mut session).await? {
            refuse_strangers(&mut session).await?;
        }
        store::keep(&mut session, plan).await
    }

    /// Makes what is not made yet of some stages, of one table or of all.
    ///
    /// Of one table: what waits for another table's items is left for later. Of all: what an earlier stage left open is an error, since it
    /// can never be made.
    pub async fn make(&self, stages: &[Stage], table: Option<&str>) -> Result<(), ReplicateError> {
        let mut first = self.session().await?;
        let open = store::open_items(&mut first, stages, table).await?;
        let numbers = store::open_numbers(&mut first).await?;
        let mut board = Board::new(open, numbers);
        let mut idle = vec![first];
        for stage in Stage::ALL {
            idle = self.make_stage(stage, &mut board, idle).await?;
        }
        match board.todo.values().flatten().next() {
            Some(stuck) if table.is_none() => Err(ReplicateError::SchemaItem {
                item: stuck.item.to_string(),
                reason: "it needs an item of a later stage".to_owned(),
                source: None,
            }),
            _ => Ok(()),
        }
    }

    async fn make_stage(
        &self,
        stage: Stage,
        board: &mut Board,
        mut idle: Vec<Session>,
    ) -> Result<Vec<Session>, ReplicateError> {
        let at_once = if is_parallel(stage) { self.workers } else { 1 };
        let mut running = JoinSet::new();
        let mut failure = None;
        loop {
            while failure.is_none() && running.len() < at_once {
                let Some(item) = board.take_ready(stage) else {
                    break;
                };
                let session = match idle.pop() {
                    Some(session) => session,
                    None => self.session().await?,
                };
                running.spawn(self.clone().make_item(session, item));
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            match ended {
                Ok(Ok((session, number))) => {
                    idle.push(session);
                    board.open.remove(&number);
                }
                Ok(Err(error)) => failure = failure.or(Some(error)),
                Err(error) => failure = failure.or(Some(crashed(&error))),
            }
        }
        failure.map_or(Ok(idle), Err)
    }

    async fn make_item(
        self,
        mut session: Session,
        item: Item,
    ) -> Result<(Session, i64), ReplicateError> {
        let _turn = match is_parallel(item.stage) {
            // It is never closed.
            true => self.turns.acquire().await.ok(),
            false => None,
        };
        let mut tries = 1;
        loop {
            match make_once(&mut session, &item).await {
                Ok(()) => return Ok((session, item.number)),
                Err(error) if tries < TRIES && lost_a_lock(&error) => {
                    tries += 1;
                    session.run("giving an item up", "ROLLBACK").await?;
                }
                Err(error) => {
                    self.refused(&mut session, &item, error).await?;
                    return Ok((session, item.number));
                }
            }
        }
    }

    /// Notes what the target refused, if the move can do without it.
    async fn refused(
        &self,
        session: &mut Session,
        item: &Item,
        error: ReplicateError,
    ) -> Result<(), ReplicateError> {
        let ReplicateError::Refused { source, .. } = error else {
            return Err(error);
        };
        session.run("giving an item up", "ROLLBACK").await?;
        // Stopped now, before the rows are copied, rather than when the item that needs it comes.
        let needed_by = store::needed_by(session, item.number).await?;
        let reason = match (item.is_needed, needed_by) {
            // It says nothing about the item, which has its place when the server has the means.
            _ if lacks_means(&source) => {
                "the target lacks memory or the like for it now".to_owned()
            }
            (true, _) => "the target refuses it".to_owned(),
            (false, Some(other)) => format!("the target refuses it, and {other} needs it"),
            (false, None) => {
                return store::mark_refused(session, item.number, &source.to_string()).await;
            }
        };
        Err(ReplicateError::SchemaItem {
            item: item.to_string(),
            reason,
            source: Some(source),
        })
    }

    async fn session(&self) -> Result<Session, ReplicateError> {
        let own = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = SETTINGS.iter().copied().chain(own).collect();
        let mut session = Session::open_with(&self.target, &all).await?;
        let doing = "taking memory for indexes";
        session.run(doing, build_memory(self.workers)).await?;
        Ok(session)
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// A statement that lets a build sort in memory: all of them together in no more than the server was given for its buffers, none in less than it
/// was set to.
fn build_memory(workers: usize) -> String {
    format!(
        "SELECT set_config('maintenance_work_mem', greatest(own.kib, least({BUILD_KIB_MOST}, buffers.pages * 8 / {workers})) || 'kB', false) \
         FROM (SELECT setting::bigint AS kib FROM pg_settings WHERE name = 'maintenance_work_mem') AS own, \
              (SELECT setting::bigint AS pages FROM pg_settings WHERE name = 'shared_buffers') AS buffers"
    )
}

/// More was not faster.
const BUILD_KIB_MOST: u64 = 1 << 20;

/// Builds over whole tables are worth several workers. The others are short, and go wrong beside each other: foreign keys and triggers lock two
/// tables, and could meet in a deadlock; and two partitions' indexes attached at once do not see each other, so that neither makes the parent's
/// valid.
fn is_parallel(stage: Stage) -> bool {
    match stage {
        Stage::Key | Stage::Unique | Stage::Index | Stage::Validation | Stage::Content => true,
        Stage::Definition | Stage::Attachment | Stage::Reference | Stage::Behaviour => false,
    }
}

/// Held for as long as an item is made beside which no other may be, by whatever run.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtext('reberth.schema_item'))";

async fn make_once(session: &mut Session, item: &Item) -> Result<(), ReplicateError> {
    let doing = format!("making {item}");
    session.run(&doing, "BEGIN").await?;
    if !is_parallel(item.stage) {
        session.run_within(REBUILD_LIMIT, &doing, ALONE).await?;
    }
    if !store::mark_done(session, item.number).await? {
        return session.run(&doing, "ROLLBACK").await.map(drop);
    }
    session.run_within(REBUILD_LIMIT, &doing, &item.sql).await?;
    session.run(&doing, "COMMIT").await.map(drop)
}

/// A deadlock, or a lock that was not had in time: the session lives on, and the item can be tried again.
fn lost_a_lock(error: &ReplicateError) -> bool {
    match error {
        ReplicateError::Unreachable {
            source: Some(cause),
            ..
        } => matches!(cause.sql_state(), Some("40P01" | "55P03" | "55006")),
        _ => false,
    }
}

/// PostgreSQL's class of insufficient resources. A full disk has an error of its own.
fn lacks_means(cause: &Cause) -> bool {
    cause
        .sql_state()
        .is_some_and(|state| state.starts_with("53"))
}

fn crashed(error: &tokio::task::JoinError) -> ReplicateError {
    ReplicateError::SchemaItem {
        item: "an item".to_owned(),
        reason: format!("the task that made it ended: {error}"),
        source: None,
    }
}

/// Tables that nobody but us and the extensions made.
async fn refuse_strangers(session: &mut Session) -> Result<(), ReplicateError> {
    let strangers = format!(
        "SELECT current_database(), string_agg(path, ', ') FROM (
            SELECT n.nspname || '.' || c.relname AS path FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {RELATIONS}
            ORDER BY 1 LIMIT 5) AS strangers"
    );
    let found: Option<(String, Option<String>)> = session
        .row("looking whether the target is empty", strangers)
        .await?;
    match found {
        Some((database, Some(tables))) => Err(ReplicateError::TargetNotEmpty { database, tables }),
        _ => Ok(()),
    }
}

/// What is to be made, by stage, and the numbers of all that is not made.
struct Board {
    todo: BTreeMap<Stage, Vec<Open>>,
    open: BTreeSet<i64>,
}

impl Board {
    fn new(items: Vec<Open>, open: BTreeSet<i64>) -> Board {
        let mut todo: BTreeMap<Stage, Vec<Open>> = BTreeMap::new();
        for item in items {
            todo.entry(item.item.stage).or_default().push(item);
        }
        for items in todo.values_mut() {
            // The largest first, so that none of them is the last to begin; else in pg_dump's order.
            items.sort_by_key(|open| (std::cmp::Reverse(open.table_bytes), open.item.number));
        }
        Board { todo, open }
    }

    /// Takes the next item out all of whose needs are made.
    fn take_ready(&mut self, stage: Stage) -> Option<Item> {
        let items = self.todo.get_mut(&stage)?;
        let place = items
            .iter()
            .position(|open| open.item.needs.is_disjoint(&self.open))?;
        Some(items.remove(place).item)
    }
}
