//! The pipeline of one database: schema, copy, stream, apply, until told to stop.
//!
//! # Why the target ends up with exactly the source's rows
//!
//! **Setting.** The slot begins at a place P0 of the source's log; it sends every transaction that commits after P0, in the order of the commits. Each table
//! is copied within one snapshot S of its own: the slot's, which shows exactly what committed before P0, or, after a restart, one that was taken later.
//!
//! **Claim.** For every table, the copy together with the transactions sent after P0 that S does not show is, at each place of the log at or after the
//! place where S was taken, the source's table at that place. *Proof.* The rows at a place L are the work of the transactions committed by then. Those that
//! S shows are in the copy, all of them and whole. Those that it does not show and that committed by L are sent, since S shows everything before P0.
//! None is counted twice, as it is left out for this table exactly if S shows it ([`super::visible`], which also says why the order does not
//! suffer). ∎ So tables need no key for being copied, no row is applied twice, and unique indexes may be made as soon as a table is copied.
//!
//! **One moment.** Tables that were read in different snapshots stand at one moment once the replay has passed the place where the last of them was
//! taken. Until then a row may lack its parent, so foreign keys are made after it (rule 4), while the stream goes on; indexes are made as soon as their
//! table is copied.
//!
//! **Restarts.** A chunk's rows commit with its mark, a batch's changes with the checkpoint, both under the epoch ([`super::state`]): after a kill at any
//! instant the target holds all of a chunk or batch or nothing of it. A table that was not whole is emptied and begun anew in a new snapshot.
//! The slot lets go of no more than the checkpoint has passed.
//!
//! That is the logical method. A stream that follows by triggers copies in the same way, and its argument stands at the head of [`super::capture`].

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;

use crate::claim::Claim;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::capture;
use crate::postgres::capture::follow::{Advanced, Follower};
use crate::postgres::complete::complete;
use crate::postgres::logical::{follow, slot};
use crate::postgres::schema::{self, Stage};
use crate::postgres::session::Session;
use crate::postgres::snapshot::Snapshot;
use crate::postgres::state::{self, Checkpoint, Method, StreamState, beginning};
use crate::postgres::{full_load, kept, lag, new_tables, pooler, server, table, window};
use crate::progress::Progress;
use crate::running::{Attempt, RunningStream};
use crate::stream::Phase;

pub use crate::postgres::plan::StreamPlan;

/// The pipeline of a stream, which may be run again and again.
struct Pipeline {
    plan: StreamPlan,
    copy_turns: Arc<Semaphore>,
    claim: Option<Claim>,
}

impl Attempt for Pipeline {
    async fn attempt(&mut self, publish: &watch::Sender<Progress>) -> Result<(), ReplicateError> {
        let claim = match &mut self.claim {
            Some(claim) => claim,
            none => none.insert(Claim::new()?),
        };
        let ended = run_once(&self.plan, &self.copy_turns, claim, publish).await;
        if let Err(ReplicateError::Unkept { reason }) = &ended {
            // From now on the source keeps them.
            self.plan.spool = None;
            publish.send_modify(|progress| {
                progress.spool_warning = Some(format!(
                    "the source spills large transactions to its own disk until they commit, since one could not be kept here: {reason}"
                ));
            });
        }
        ended
    }
}

/// Starts a stream among others: while it copies, it holds a permit for each of its workers.
pub fn start(plan: StreamPlan, copy_turns: Arc<Semaphore>) -> RunningStream {
    RunningStream::of(Pipeline {
        plan,
        copy_turns,
        claim: None,
    })
}

async fn run_once(
    plan: &StreamPlan,
    copy_turns: &Semaphore,
    claim: &mut Claim,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    pooler::refuse(&plan.from).await?;
    pooler::refuse(&plan.to).await?;
    let mut target = Session::open(&plan.to).await?;
    state::prepare_tables(&mut target).await?;
    // Ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(kept::measure_always(plan.clone(), publish.clone()));
    let (begun, permits) = wait_to_begin(plan, &mut target, copy_turns, publish).await?;
    let snapshot = match begun {
        Some(_) => None,
        None => {
            let snapshot = begin(plan, &mut target).await?;
            beginning::end_turn(&mut target, plan.direction, &plan.database).await?;
            Some(snapshot)
        }
    };
    let state = StreamState::take_over(&mut target, plan.direction, &plan.database, claim).await?;
    let mut checkpoint = state.checkpoint(&mut target).await?;
    check_source(plan, &checkpoint).await?;
    publish.send_modify(|progress| {
        progress.epoch = state.epoch();
        progress.phase = checkpoint.stage().to_owned();
        progress.applied = checkpoint.position.parse().ok();
    });
    if checkpoint.phase == Phase::Copying {
        copy(plan, &state, &checkpoint, snapshot, &mut target, publish).await?;
        checkpoint = state.checkpoint(&mut target).await?;
    }
    drop(permits);
    stream(plan, &state, checkpoint, &mut target, publish).await
}

/// The checkpoint with which a stream goes on, and the permits to copy, if it is to. No checkpoint: it has none, and the target's session holds the turn to
/// begin it ([`beginning`]). Nobody waits for permits who holds the turn, nor the other way round, as others wait for both; and what was found before a wait is looked for again.
async fn wait_to_begin<'a>(
    plan: &StreamPlan,
    target: &mut Session,
    copy_turns: &'a Semaphore,
    publish: &watch::Sender<Progress>,
) -> Result<(Option<Checkpoint>, Option<SemaphorePermit<'a>>), ReplicateError> {
    let (direction, database) = (plan.direction, plan.database.as_str());
    loop {
        let begun = look(plan, target, publish).await?;
        let permits = wait_for_permits(plan, begun.as_ref(), copy_turns, publish).await;
        let begun = look(plan, target, publish).await?;
        if begun.is_some() {
            return Ok((begun, permits));
        }
        if beginning::try_turn(target, direction, database).await? {
            // Who had the turn before may have begun it, and come further with it.
            let begun = look(plan, target, publish).await?;
            if begun.is_some() {
                beginning::end_turn(target, direction, database).await?;
            }
            return Ok((begun, permits));
        }
        drop(permits);
        let wait = |holder: &str| {
            publish.send_modify(|progress| {
                progress.phase = "waiting".to_owned();
                progress.waits_for = Some(format!("{holder}, which begins this stream"));
            });
        };
        beginning::take_turn(target, direction, database, beginning::TURN_LIMIT, wait).await?;
        beginning::end_turn(target, direction, database).await?;
        publish.send_modify(|progress| progress.waits_for = None);
    }
}

/// Reads the checkpoint. An error if nobody may stream from it, or, where there is none, begin.
async fn look(
    plan: &StreamPlan,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<Option<Checkpoint>, ReplicateError> {
    let database = plan.database.clone();
    let begun = state::peek(target, plan.direction, &database).await?;
    match &begun {
        // This process has run the stream before, so somebody has stopped it for good meanwhile: it must not begin anew by itself.
        None if publish.borrow().epoch > 0 => Err(ReplicateError::NotStarted { database }),
        Some(begun) if begun.phase == Phase::Finishing => {
            Err(ReplicateError::Finishing { database })
        }
        _ => Ok(begun),
    }
}

/// Waits until this stream may copy, if it is to. It may for as long as it keeps what is returned.
async fn wait_for_permits<'a>(
    plan: &StreamPlan,
    begun: Option<&Checkpoint>,
    copy_turns: &'a Semaphore,
    publish: &watch::Sender<Progress>,
) -> Option<SemaphorePermit<'a>> {
    if begun.is_some_and(|begun| begun.phase != Phase::Copying) {
        return None;
    }
    publish.send_modify(|progress| {
        progress.phase = "waiting".to_owned();
        progress.waits_for = None;
    });
    let workers = u32::try_from(plan.workers.max(1)).unwrap_or(u32::MAX);
    copy_turns.acquire_many(workers).await.ok()
}

/// Takes the first position and writes the first checkpoint. In the session that holds the turn ([`beginning`]).
async fn begin(plan: &StreamPlan, target: &mut Session) -> Result<Snapshot, ReplicateError> {
    if plan.method == Method::TriggerCapture {
        let before = capture::begin::refuse_missing(plan).await?;
        make_definitions(plan).await?;
        return capture::begin::begin(plan, target, &before).await;
    }
    if plan.method == Method::DumpWindow {
        make_definitions(plan).await?;
        return window::begin(plan, target).await;
    }
    let mut source = Session::open(&plan.from).await?;
    let identity = server::identity(&mut source).await?;
    let tables = table::read(&mut source).await?;
    make_definitions(plan).await?;
    beginning::require_turn(target, plan.direction, &plan.database).await?;
    let (place, snapshot) = slot::make(plan, &tables).await?;
    // What was read before the slot began, the schema too, may have changed since.
    let again = table::read(&mut source).await?;
    if shape_of(&again) != shape_of(&tables) {
        return Err(ReplicateError::SchemaChanged {
            position: place,
            statement: "a statement that changes a table".to_owned(),
            reason: "it came while the stream began; start again".to_owned(),
        });
    }
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        method: Method::Logical,
        position: place.to_string(),
        certain_from: place.to_string(),
        source_identity: identity,
        tables: again,
    };
    state::begin(target, plan.direction, &plan.database, &checkpoint).await?;
    Ok(snapshot)
}

/// Reads the schema and makes what the rows need. No stream has begun: what an earlier try made of an older schema is brought up to this one.
async fn make_definitions(plan: &StreamPlan) -> Result<(), ReplicateError> {
    let Some(maker) = plan.maker() else {
        return Ok(());
    };
    let schema = schema::read(&plan.from, &plan.to, &plan.pg_dump()).await?;
    maker.begin(&schema).await?;
    maker.make(&[Stage::Definition], None).await
}

/// All about tables that a statement changes, without what grows by itself.
fn shape_of(tables: &table::Tables) -> Vec<(String, Vec<table::Column>, Vec<usize>)> {
    let shape =
        |table: &table::Table| (table.path(), table.columns.clone(), table.identity.clone());
    tables.values().map(shape).collect()
}

async fn check_source(plan: &StreamPlan, checkpoint: &Checkpoint) -> Result<(), ReplicateError> {
    let mut source = Session::open(&plan.from).await?;
    let found = server::identity(&mut source).await?;
    if found == checkpoint.source_identity {
        return Ok(());
    }
    Err(ReplicateError::SourceChanged {
        position: checkpoint
            .position
            .parse()
            .unwrap_or(LogPosition::of_lsn(0)),
        expected: checkpoint.source_identity.clone(),
        found,
    })
}

/// Copies what is not copied yet, and leaves the phase.
async fn copy(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    snapshot: Option<Snapshot>,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let (snapshot, certain_from) = match snapshot {
        Some(snapshot) => (snapshot, checkpoint.certain_from.clone()),
        None => {
            let snapshot = Snapshot::take(&plan.from).await?;
            // Asked for after the snapshot: what it shows is written before this place.
            let mut source = Session::open(&plan.from).await?;
            (snapshot, server::log_end(&mut source).await?.to_string())
        }
    };
    // Known before the first chunk of this snapshot is stored, so that no successor takes the tables for older than they are.
    state.enter(target, Phase::Copying, &certain_from).await?;
    full_load::copy(plan, state, &checkpoint.tables, &snapshot, target, publish).await?;
    state.enter(target, Phase::Replaying, &certain_from).await
}

/// Follows the log from the checkpoint on: first until all tables stand at one moment, then for good.
async fn stream(
    plan: &StreamPlan,
    state: &StreamState,
    mut checkpoint: Checkpoint,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    if checkpoint.method == Method::DumpWindow {
        return window::rest(plan, state, &checkpoint, target, publish).await;
    }
    // Ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(lag::measure_always(plan.from.clone(), publish.clone()));
    let enter = |checkpoint: &Checkpoint| {
        publish.send_modify(|progress| {
            progress.phase = checkpoint.phase.word().to_owned();
            progress.retrying = None;
        });
    };
    enter(&checkpoint);
    if checkpoint.method == Method::TriggerCapture {
        let mut follower = Follower::open(&plan.from, state).await?;
        if checkpoint.phase == Phase::Replaying {
            // Its snapshot is later than every chunk's, so all tables stand at one moment after it.
            while follower.advance(publish).await? == Advanced::Disturbed {}
            tokio::select! {
                // It ends with an error only, and may be cut off anywhere.
                followed = follower.follow(publish) => followed?,
                completed = complete(plan) => completed?,
            }
            follower = Follower::open(&plan.from, state).await?;
            let certain_from = &checkpoint.certain_from;
            state.enter(target, Phase::Following, certain_from).await?;
            checkpoint = state.checkpoint(target).await?;
            enter(&checkpoint);
        }
        return follower.follow(publish).await;
    }
    if checkpoint.phase == Phase::Replaying {
        let until: LogPosition = checkpoint.certain_from.parse().map_err(|_| {
            ReplicateError::Blocked(vec!["the checkpoint holds no place in a log".to_owned()])
        })?;
        let readings = follow::visible(state, target).await?;
        let copied = readings.clone();
        follow::follow(plan, state, &checkpoint, copied, Some(&until), publish).await?;
        checkpoint = state.checkpoint(target).await?;
        tokio::select! {
            // It ends with an error only, and may be cut off anywhere.
            followed = follow::follow(plan, state, &checkpoint, readings, None, publish) => followed?,
            completed = complete(plan) => completed?,
        }
        state
            .enter(target, Phase::Following, &checkpoint.certain_from)
            .await?;
        checkpoint = state.checkpoint(target).await?;
        enter(&checkpoint);
    }
    tokio::try_join!(
        follow::follow(plan, state, &checkpoint, Default::default(), None, publish),
        new_tables::watch(plan, &checkpoint.tables)
    )
    .map(drop)
}
