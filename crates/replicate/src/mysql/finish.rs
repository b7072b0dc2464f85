//! The end of a move without a cutover: what must wait until no row streams in any more is made on the target, and the stream ends.
//!
//! Nothing is fenced here, so the caller's word that the application has stopped is looked after in the log: behind the barrier up to which all was
//! applied it must carry no change of a table in scope, before the first trigger is made and once more after everything else. A change that came
//! all the same takes everything back: events off, triggers away, and the stream goes on where it stood.
//!
//! From the moment at which triggers may exist on the target the stream stands in [`Phase::Finishing`], in which no process streams rows: each row's
//! own effects would be there twice. A finish that was killed goes on from there, or takes everything back, when it is called again.

mod open_sessions;

use serde::Serialize;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::objects::level::{self, Made, Refusal};
use crate::mysql::objects::{self, Kind, Programs};
use crate::mysql::pipeline::{RunningStream, StreamPlan};
use crate::mysql::sequence::{self, SequenceValue};
use crate::mysql::state::{self, Checkpoint, Claim, Phase, StreamState};
use crate::mysql::touched::Touched;
use crate::mysql::{counter, server, spool};
use crate::position::LogPosition;

pub use open_sessions::OpenSessions;

/// What was done.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    /// Everything up to here in the source's log is on the target, and nothing of the database came behind it.
    pub drained_until: LogPosition,
    /// Counters that were set.
    pub counters: usize,
    /// Sequences that were set past the source's.
    pub sequences: Vec<SequenceValue>,
    /// Views, routines, triggers and events that were made.
    pub made: Vec<Made>,
    /// Events that run on the target from now on.
    pub events_started: Vec<String>,
    /// Events that are enabled on the source and were left off.
    pub events_left_off: Vec<String>,
    /// Kinds of programs that the reader may not see, with the right that would show them: if there are any, they are missing.
    pub not_visible: Vec<(Kind, &'static str)>,
    /// Who still stands in the source's database: silent so far, and what they write from now on stays there. `None`: the reader may not see sessions.
    pub open_sessions: Option<Vec<OpenSessions>>,
    /// What was removed of Reberth's own.
    pub removed: Vec<String>,
}

/// What becomes of the events that are enabled on the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// They stay disabled on the target.
    Rest,
    /// They run on the target; the source's scheduler must be off.
    Start,
}

/// Drains the stream, makes what is missing on the target, and ends the stream for good. The application must have stopped writing.
pub async fn finish(plan: &StreamPlan, events: Events) -> Result<Finished, ReplicateError> {
    let mut source = server::reader(&plan.from).await?;
    let mut target = server::writer(&plan.to).await?;
    let found = objects::read(&mut source, &plan.database).await?;
    let enabled = enabled_events(&found.programs);
    if events == Events::Start && !enabled.is_empty() {
        require_resting_scheduler(&mut source).await?;
    }
    let (state, checkpoint) = close(plan, &mut source, &mut target).await?;
    let done = complete(plan, &found.programs, &mut source, &mut target).await;
    require_silence(plan, &state, &checkpoint, &mut source, &mut target).await?;
    let (counters, sequences, made) = done?;
    let open_sessions = open_sessions::read(&mut source, &plan.database).await?;
    let (start, rest) = match events {
        Events::Start => (enabled, Vec::new()),
        Events::Rest => (Vec::new(), enabled),
    };
    level::set_events(&mut target, &plan.database, &start, true).await?;
    let removed = state::forget(&mut target, plan.direction, &plan.database).await?;
    spool::remove(plan);
    Ok(Finished {
        drained_until: checkpoint.position,
        counters,
        sequences,
        made,
        events_started: start,
        events_left_off: rest,
        not_visible: found.hidden,
        open_sessions,
        removed,
    })
}

fn enabled_events(programs: &Programs) -> Vec<String> {
    let events = programs
        .values()
        .filter(|program| program.kind == Kind::Event && program.is_enabled);
    events.map(|event| event.name.clone()).collect()
}

/// Two servers must not do one job twice, and an event of the source would go on writing there.
async fn require_resting_scheduler(source: &mut Session) -> Result<(), ReplicateError> {
    let scheduler: Option<String> = source
        .row(
            "asking for the event scheduler",
            "SELECT @@global.event_scheduler",
        )
        .await?;
    match scheduler {
        Some(word) if word.eq_ignore_ascii_case("on") => Err(ReplicateError::Blocked(vec![
            "the event scheduler of the source runs: turn it off there first (SET GLOBAL event_scheduler = OFF keeps which events are enabled)".to_owned(),
        ])),
        _ => Ok(()),
    }
}

/// Drains the stream, and closes it to every process. What an earlier call has closed stays so.
async fn close(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
) -> Result<(StreamState, Checkpoint), ReplicateError> {
    let begun = state::peek(target, plan.direction, &plan.database).await?;
    let begun = begun.ok_or_else(|| ReplicateError::NotStarted {
        database: plan.database.clone(),
    })?;
    match begun.phase {
        Phase::Finishing => {}
        Phase::Following => drain(plan, source).await?,
        Phase::Copying | Phase::Replaying => {
            return Err(ReplicateError::Blocked(vec![format!(
                "the stream is {}: `reberth replicate start --until caught-up` comes first",
                begun.phase.word()
            )]));
        }
    }
    let mut claim = Claim::new()?;
    let state = StreamState::take_over(target, plan.direction, &plan.database, &mut claim).await?;
    let checkpoint = state.checkpoint(target).await?;
    require_silence(plan, &state, &checkpoint, source, target).await?;
    require_decided(&state, target).await?;
    state
        .enter(target, Phase::Finishing, &checkpoint.certain_from)
        .await?;
    Ok((state, checkpoint))
}

/// An error if changes are kept of a prepared transaction: they would be forgotten with the stream, and whoever commits it later would find it
/// only on the source.
async fn require_decided(state: &StreamState, target: &mut Session) -> Result<(), ReplicateError> {
    let undecided = state.undecided(target).await?;
    if undecided.is_empty() {
        return Ok(());
    }
    Err(ReplicateError::Blocked(vec![format!(
        "the source holds prepared transaction(s) that nobody has decided, {}: commit or roll back there what XA RECOVER lists, and finish again",
        undecided.join(", ")
    )]))
}

/// Applies all that stands in the source's log now.
async fn drain(plan: &StreamPlan, source: &mut Session) -> Result<(), ReplicateError> {
    let flavour = server::version(source).await?.flavour;
    let barrier = server::log_end(source, flavour).await?;
    let mut stream = RunningStream::start(plan.clone());
    stream.drain(&barrier).await?;
    stream.stop().await
}

type Completed = (usize, Vec<SequenceValue>, Vec<Made>);

/// Makes all that is missing beside the rows.
async fn complete(
    plan: &StreamPlan,
    programs: &Programs,
    source: &mut Session,
    target: &mut Session,
) -> Result<Completed, ReplicateError> {
    let database = &plan.database;
    let flavour = server::version(source).await?.flavour;
    let counters = counter::read(source, flavour, database).await?;
    let flavour = server::version(target).await?.flavour;
    let set = counter::align(target, flavour, database, &counters).await?;
    let sequences = sequence::align(source, target, database).await?;
    let made = level::make(target, database, programs, &Kind::ALL, None, Refusal::Ends).await?;
    Ok((set.len(), sequences, made))
}

/// An error, with all taken back that a stream cannot bear, if the log carries changes behind what was applied.
async fn require_silence(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    source: &mut Session,
    target: &mut Session,
) -> Result<(), ReplicateError> {
    let flavour = server::version(source).await?.flavour;
    let end = server::log_end(source, flavour).await?;
    let position = checkpoint.position.clone();
    let behind = Touched::read(plan, &checkpoint.schema, position.clone(), &end).await?;
    if behind.changes == 0 {
        return Ok(());
    }
    let present = objects::read(target, &plan.database).await?.programs;
    level::set_events(target, &plan.database, &enabled_events(&present), false).await?;
    level::drop_triggers(target, &plan.database).await?;
    state
        .enter(target, Phase::Following, &checkpoint.certain_from)
        .await?;
    Err(ReplicateError::SourceStillWritten {
        changes: behind.changes,
        position,
    })
}
