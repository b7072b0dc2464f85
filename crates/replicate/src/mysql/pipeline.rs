//! The pipeline of one database: schema, copy, stream, apply, until told to stop.
//!
//! # Why the target ends up with exactly the source's rows
//!
//! **Setting.** P0 is a position of the source's log such that a reader who starts later sees every transaction before it (rule 1), and no
//! transaction prepared before P0 is undecided (rule 2). Each chunk is a consistent read of its key range at some moment after P0; E is at or
//! after that moment in the log, for every chunk. Chunks cover each key exactly once ([`super::chunk`]).
//!
//! **Claim.** Replaying all changes from P0 on, in log order, by key, gives the source's rows at every transaction boundary at or after E.
//! *Proof.* Take a key and a boundary B ≥ E. If the log holds a change of the key in (P0, B], the last one carries the whole row, or
//! says that it is gone, and the replay has left exactly that ([`super::fold`]). If it holds none, the row did not change in (P0, B], and
//! the chunk, read in between, holds it as it was at P0 and is at B. ∎
//! Before E the target is a mixture of moments: two rows may hold the same unique value, a child may lack its parent. Hence unique secondary
//! indexes and foreign keys are made only after E (rule 4), and no event is applied before the last chunk is committed.
//!
//! **Cascades.** The server changes child rows without a word in its log. The applier carries them out at the same place in the order
//! ([`super::cascade`]). For a child that no cascade passes through, that makes them log changes like any other for the claim: a row that is
//! newer than the cascade and hit by it wrongly has a logged change to come, which carries the whole row. Where a cascade passes through a
//! table, or renames what rows refer to, this does not hold (what was hit wrongly takes its own children along, who have no logged change to
//! come), so such tables are read like those without a key, parents first ([`super::cascade::reading_levels`]).
//!
//! **Tables without a key**, and those, are read whole in a snapshot whose place S in the log is exact; the replay takes their changes from S on,
//! once each, so they equal the source at every boundary at or after S (rule 6).
//!
//! **Restarts.** A chunk's rows commit with its mark and its E; applied changes commit with the checkpoint. So after a kill at any
//! instant the target holds all of a chunk or nothing of it, all changes up to the checkpoint and none after it, and the successor goes on from there.
//! A predecessor that is still alive cannot commit once the successor has raised the epoch ([`super::state`]).
//!
//! **Identity.** Positions mean something only in the log of one server, so the checkpoint holds its identity, and the log is opened only on
//! that server; another one is gone on with only if it holds all that was applied ([`super::failover`], rule 5).

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::objects::level::Refusal;
use crate::mysql::objects::{self, Kind};
use crate::mysql::recopy::Meaning;
use crate::mysql::server::{self, Flavour};
use crate::mysql::spool::{self, Spool};
use crate::mysql::state::{self, Checkpoint, Claim, Phase, StreamState};
use crate::mysql::{begin, ddl, failover, follow, full_load, index, lag, recopy};
use crate::position::LogPosition;
use crate::progress::Progress;
use crate::running::Attempt;

pub use crate::mysql::plan::StreamPlan;
pub use crate::running::RunningStream;
pub(crate) use crate::running::task_failed;

impl RunningStream {
    /// Starts a stream: from the beginning, or from where its state on the target stands.
    pub fn start(plan: StreamPlan) -> RunningStream {
        let turns = Arc::new(Semaphore::new(plan.workers.max(1)));
        RunningStream::start_in_turn(plan, turns)
    }

    /// Starts a stream among others: before it takes its first position, and while it copies, it holds a permit for each of its workers.
    pub fn start_in_turn(plan: StreamPlan, copy_turns: Arc<Semaphore>) -> RunningStream {
        RunningStream::of(Pipeline {
            plan,
            copy_turns,
            claim: None,
        })
    }
}

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
        while run_once(&self.plan, &self.copy_turns, claim, publish).await? == Ended::CopiesAgain {}
        Ok(())
    }
}

/// How a run through the pipeline ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Nothing is left to do.
    Whole,
    /// Some tables are copied anew: the stream stands in its copy again. The next run takes it over like a successor, so that nothing of this one is left.
    CopiesAgain,
}

async fn run_once(
    plan: &StreamPlan,
    copy_turns: &Semaphore,
    claim: &mut Claim,
    publish: &watch::Sender<Progress>,
) -> Result<Ended, ReplicateError> {
    let turn = copy_turn(plan, copy_turns, publish).await?;
    let mut source = server::reader(&plan.from).await?;
    let flavour = server::version(&mut source).await?.flavour;
    let mut target = server::writer(&plan.to).await?;
    state::prepare_tables(&mut target, plan.direction, &plan.database).await?;
    if state::peek(&mut target, plan.direction, &plan.database)
        .await?
        .is_none()
    {
        begin::begin_once(plan, flavour, &mut source, &mut target).await?;
    }
    let state = StreamState::take_over(&mut target, plan.direction, &plan.database, claim).await?;
    state.require_none_of_older_builds(&mut target).await?;
    let mut checkpoint = state.checkpoint(&mut target).await?;
    if failover::follow_source(plan, flavour, &state, &checkpoint, &mut source, &mut target).await?
    {
        checkpoint = state.checkpoint(&mut target).await?;
        // It holds the log of the server before.
        spool::remove(plan);
    }
    // Every session from here on is with that server, also one that is opened much later.
    let plan = &plan.of_server(&checkpoint.source_identity);
    let spool = Spool::open(plan, &state, &checkpoint, &mut target, publish).await?;
    publish.send_modify(|progress| {
        progress.epoch = state.epoch();
        progress.phase = checkpoint.phase.word().to_owned();
        progress.applied = Some(checkpoint.position.clone());
    });
    if checkpoint.phase == Phase::Copying {
        checkpoint = recopy::make_unmade(plan, &state, checkpoint, &mut source).await?;
        let schema = &checkpoint.schema;
        let copied = full_load::copy(
            plan,
            flavour,
            &state,
            schema,
            &mut source,
            &mut target,
            publish,
        );
        if let Err(error) = copied.await {
            let spool = spool.as_ref();
            recopy::after_failed_copy(plan, &state, &checkpoint, spool, publish, error).await?;
            return Ok(Ended::CopiesAgain);
        }
        let ends = state.reading_ends(&mut target).await?;
        let recopied = schema.recopied.values();
        let begins = recopied.map(|recopied| recopied.from.clone());
        let certain_from = ends
            .into_iter()
            .map(|(_, end)| end)
            .chain(begins)
            .fold(checkpoint.position.clone(), LogPosition::max);
        state
            .enter(&mut target, Phase::Replaying, &certain_from)
            .await?;
        checkpoint = state.checkpoint(&mut target).await?;
    }
    drop(turn);
    publish.send_modify(|progress| {
        progress.phase = checkpoint.phase.word().to_owned();
        progress.retrying = None;
    });
    stream(
        plan,
        flavour,
        &state,
        checkpoint,
        spool,
        &mut target,
        publish,
    )
    .await
}

/// Waits until this stream may copy, if it has to: a process that carries several shares its copy workers among them, first come, first
/// served. No session is held meanwhile.
async fn copy_turn<'a>(
    plan: &StreamPlan,
    copy_turns: &'a Semaphore,
    publish: &watch::Sender<Progress>,
) -> Result<Option<SemaphorePermit<'a>>, ReplicateError> {
    let mut target = server::writer(&plan.to).await?;
    let begun = state::peek(&mut target, plan.direction, &plan.database).await?;
    drop(target);
    match begun.map(|checkpoint| checkpoint.phase) {
        // This process has run the stream before, so somebody has stopped it for good meanwhile: it must not begin anew by itself.
        None if publish.borrow().epoch > 0 => {
            return Err(ReplicateError::NotStarted {
                database: plan.database.clone(),
            });
        }
        None | Some(Phase::Copying) => {}
        Some(Phase::Replaying | Phase::Following) => return Ok(None),
        Some(Phase::Finishing) => {
            return Err(ReplicateError::Finishing {
                database: plan.database.clone(),
            });
        }
    }
    publish.send_modify(|progress| progress.phase = "waiting".to_owned());
    let workers = u32::try_from(plan.workers.max(1)).unwrap_or(u32::MAX);
    let turn = copy_turns.acquire_many(workers).await.map_err(|_| {
        ReplicateError::Blocked(vec![
            "the copy's turns are over before its turn; this is a defect of Reberth".to_owned(),
        ])
    })?;
    Ok(Some(turn))
}

/// Follows the log from the checkpoint on, and makes the remaining indexes on the way.
async fn stream(
    plan: &StreamPlan,
    flavour: Flavour,
    state: &StreamState,
    mut checkpoint: Checkpoint,
    spool: Option<Spool>,
    target: &mut Session,
    publish: &watch::Sender<Progress>,
) -> Result<Ended, ReplicateError> {
    let tables = &checkpoint.schema.tables;
    let is_exact = |name: &String| {
        let table = tables.get(name);
        table.is_some_and(|table| checkpoint.schema.needs_one_moment(table))
    };
    let ends = state.reading_ends(target).await?;
    let snapshots: BTreeMap<String, LogPosition> = ends
        .into_iter()
        .filter(|(table, _)| is_exact(table))
        .collect();
    // Ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(lag::measure_always(
        plan.from.clone(),
        flavour,
        publish.clone(),
    ));
    if checkpoint.phase == Phase::Replaying {
        let until = checkpoint.certain_from.clone();
        loop {
            let reader = plan.open_stream_log(&checkpoint, spool.as_ref()).await?;
            let (snapshots, until) = (snapshots.clone(), Some(&until));
            let ended =
                follow::follow(plan, state, &checkpoint, reader, snapshots, until, publish).await?;
            let Some(statement) = ended else { break };
            checkpoint = state.checkpoint(target).await?;
            match recopy::meaning(plan, &checkpoint.schema, &statement) {
                Meaning::Done => {
                    state
                        .pass_schema_change(target, &checkpoint, &statement)
                        .await?
                }
                Meaning::Recopy(tables) => {
                    recopy::begin(plan, state, &checkpoint, &statement, tables).await?;
                    return Ok(Ended::CopiesAgain);
                }
                Meaning::Carry => ddl::carry(plan, state, &checkpoint, &statement).await?,
            }
            checkpoint = state.checkpoint(target).await?;
        }
        checkpoint = state.checkpoint(target).await?;
        state.forget_recopies(target, &checkpoint).await?;
        index::make_strict(target, &checkpoint.schema).await?;
        // What the target refuses stops no row: a comparison names it, and no cutover passes without it.
        let mut reader = server::reader(&plan.from).await?;
        let programs = objects::read(&mut reader, &plan.database).await?.programs;
        objects::level::make(
            target,
            &plan.database,
            &programs,
            &Kind::BESIDE_A_STREAM,
            None,
            Refusal::PassedOver,
        )
        .await?;
        state
            .enter(target, Phase::Following, &checkpoint.certain_from)
            .await?;
        checkpoint = state.checkpoint(target).await?;
    }
    publish.send_modify(|progress| progress.phase = Phase::Following.word().to_owned());
    let mut reader = plan.open_stream_log(&checkpoint, spool.as_ref()).await?;
    if let Some(spool) = spool {
        tasks.spawn(spool.remove_when_applied(publish.subscribe()));
    }
    loop {
        let snapshots = snapshots.clone();
        let ended =
            follow::follow(plan, state, &checkpoint, reader, snapshots, None, publish).await?;
        let Some(statement) = ended else {
            return Ok(Ended::Whole);
        };
        checkpoint = state.checkpoint(target).await?;
        ddl::carry(plan, state, &checkpoint, &statement).await?;
        checkpoint = state.checkpoint(target).await?;
        reader = plan.open_stream_log(&checkpoint, None).await?;
    }
}
