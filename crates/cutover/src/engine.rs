//! The seam between a passage and the servers that it goes between: what the stations ask, whatever the engine.
//!
//! The order of the stations, what each must prove and how each is undone stands in [`crate::station`], once. What only a server of one family can
//! tell or do stands behind this trait, in [`crate::mysql`] and [`crate::postgres`].

use std::fmt::{Debug, Display};

use reberth_replicate::connection::Address;
use reberth_replicate::position::LogPosition;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::verify_report::VerifyReport;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::CutoverError;
use crate::passage::Passage;

/// What came of the application's try to write.
#[derive(Debug)]
pub enum Answer<Canary> {
    /// It was let in, and its write was accepted.
    Accepted(Canary),
    /// The server's words of refusal.
    Refused(String),
}

/// Who may write on the side that gets the writes, before it has them.
#[derive(Debug)]
pub struct Destination<Account> {
    /// The application's accounts, shut now, that the passage opens.
    pub opens: Vec<Account>,
    /// Others that can write there.
    pub others: Vec<String>,
}

/// A comparison of what changed.
#[derive(Debug)]
pub struct Compared {
    /// Changes that the source told of.
    pub changes: u64,
    /// Keys compared. The tables of the report were compared whole besides.
    pub keys: u64,
    /// What was found.
    pub report: VerifyReport,
}

/// What the log of the side that was left holds behind a place.
#[derive(Debug)]
pub struct Behind {
    /// Changes in scope.
    pub changes: u64,
    /// Up to where it was read.
    pub until: String,
}

/// What a stream back was armed with.
#[derive(Debug)]
pub struct Arming<Place> {
    /// Where it begins.
    pub from: Place,
    /// What was done for it, for the evidence.
    pub evidence: Value,
}

type Result<T> = std::result::Result<T, CutoverError>;

/// What a passage asks of the servers on its two sides.
///
/// Every act may be repeated: a process that died in the middle is followed by one that does the same again. Nothing here waits for a person.
pub trait Engine: Sized + Debug + Send + Sync + 'static {
    /// A stream between the two sides.
    type Plan: Clone + Debug + Send + Sync;
    /// Who can write to a side, and is shut out of it.
    type Account: Clone + Debug + Display + Serialize + DeserializeOwned + Send + Sync;
    /// A place in the log of a side.
    type Place: Clone + Debug + Display + Serialize + DeserializeOwned + Send + Sync;
    /// What writes on a side by the clock.
    type Jobs: Clone + Debug + Default + Serialize + DeserializeOwned + Send + Sync;
    /// A session of the application whose write was accepted.
    type Canary: Debug + Send;
    /// What the engine found out in this process and need not ask for again.
    type Memory: Debug + Default + Send + Sync;

    /// What the fence does to a side, for who consents to it.
    const FENCE: &'static str;
    /// Commands that look at a fence which is stuck.
    const INSPECTION: &'static [&'static str];

    /// Which way a stream flows.
    fn direction(plan: &Self::Plan) -> Direction;

    /// Starts a stream in this process, which shuts out any other process's.
    fn start(plan: &Self::Plan) -> RunningStream;

    /// Refuses a source of which nothing is followed, so that nothing would bring what is written until the fence stands.
    fn require_followed(_plan: &Self::Plan) -> Result<()> {
        Ok(())
    }

    /// Whether a stream has a checkpoint where it writes.
    fn is_begun(plan: &Self::Plan) -> impl Future<Output = Result<bool>> + Send;

    /// Raises the epoch once more and leaves it to nobody, so that nobody goes on applying. Returns it.
    fn close(plan: &Self::Plan) -> impl Future<Output = Result<u64>> + Send;

    /// The place in the log that a stream must have applied to stand at a place.
    fn log_of(place: &Self::Place) -> &LogPosition;

    /// The end of the log of the side that has the writes.
    fn log_end(passage: &Passage<Self>) -> impl Future<Output = Result<Self::Place>> + Send;

    /// Lays what a verification is built on: the place from which on the source is asked what has changed since. The stream must have passed it before anything is
    /// compared, or a row that looks equal while the stream is behind could be made different by what it applies next.
    fn lay_base(passage: &Passage<Self>) -> impl Future<Output = Result<Self::Place>> + Send;

    /// Takes away what [`Engine::lay_base`] made. `None`: nothing was left.
    fn take_base_away(
        passage: &Passage<Self>,
    ) -> impl Future<Output = Result<Option<Value>>> + Send;

    /// Whether the source can tell what changed since the place up to which both sides are proven equal, so that nothing need be verified anew.
    fn has_base(passage: &Passage<Self>) -> bool;

    /// Up to where is compared before the fence, to save work behind it: a place of that log whose predecessors are all applied once the stream has passed it.
    fn place_before_fence(
        passage: &Passage<Self>,
    ) -> impl Future<Output = Result<Self::Place>> + Send;

    /// Brings level, while the stream runs, what it does not carry and what may differ by now. For the evidence.
    fn bring_level(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Compares everything on both sides.
    fn verify(passage: &mut Passage<Self>) -> impl Future<Output = Result<VerifyReport>> + Send;

    /// Compares what changed between two places of the log, both of which the stream has passed.
    fn compare_changed(
        passage: &mut Passage<Self>,
        from: &Self::Place,
        until: &Self::Place,
    ) -> impl Future<Output = Result<Compared>> + Send;

    /// What the log holds behind a place, read by another reader than the stream's (rules 31, 38).
    fn behind(
        passage: &mut Passage<Self>,
        place: &Self::Place,
    ) -> impl Future<Output = Result<Behind>> + Send;

    /// Who will be shut out of the side that has the writes. Refuses what no fence of ours could stop.
    fn look_at_origin(
        passage: &mut Passage<Self>,
    ) -> impl Future<Output = Result<Vec<Self::Account>>> + Send;

    /// Who will be let in on the other side. Refuses a side that is open already.
    fn look_at_destination(
        passage: &mut Passage<Self>,
    ) -> impl Future<Output = Result<Destination<Self::Account>>> + Send;

    /// Refuses what the stations behind the fence could not do, while the application still writes. For the evidence: triggers that will be moved.
    fn require_movable(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Refuses jobs that could not be switched off, or not on again. Returns those that run.
    fn require_stoppable(
        passage: &mut Passage<Self>,
    ) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Switches off the jobs of the side that is left.
    fn stop_jobs(passage: &mut Passage<Self>) -> impl Future<Output = Result<Self::Jobs>> + Send;

    /// Undoes [`Engine::stop_jobs`]. Returns those that run again.
    fn start_jobs_again(
        passage: &mut Passage<Self>,
    ) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Starts the jobs where the application is now, and takes away what the side that was left is not to keep. For the evidence.
    fn start_jobs(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Logs in as the application and tries to write. The statement would change no row if it were accepted.
    fn send_canary(
        passage: &mut Passage<Self>,
        app: &Address,
    ) -> impl Future<Output = Result<Answer<Self::Canary>>> + Send;

    /// The same write again. `Err` holds the words with which it was cut or refused.
    fn write_again(
        canary: Self::Canary,
    ) -> impl Future<Output = std::result::Result<(), String>> + Send;

    /// Shuts out everyone who can write to the side that has the writes, and ends whoever still could. For the evidence.
    fn raise(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Undoes [`Engine::raise`].
    fn lift(passage: &mut Passage<Self>) -> impl Future<Output = Result<()>> + Send;

    /// Lets the application's accounts in on the other side.
    fn open(passage: &mut Passage<Self>) -> impl Future<Output = Result<()>> + Send;

    /// Undoes [`Engine::open`]. For the evidence.
    fn shut(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Makes the side that opens fit for the application: counters, and what else the stream does not carry. For the evidence.
    fn align(passage: &mut Passage<Self>) -> impl Future<Output = Result<Value>> + Send;

    /// Undoes of [`Engine::align`] what would hinder the stream. `None`: nothing.
    fn unalign(passage: &mut Passage<Self>) -> impl Future<Output = Result<Option<Value>>> + Send;

    /// Writes the checkpoint of the stream back, at this moment, at which both sides are proven equal (rule 33).
    fn arm(passage: &mut Passage<Self>)
    -> impl Future<Output = Result<Arming<Self::Place>>> + Send;

    /// Undoes [`Engine::arm`]. `None`: nothing was left.
    fn disarm(passage: &mut Passage<Self>) -> impl Future<Output = Result<Option<Value>>> + Send;
}
