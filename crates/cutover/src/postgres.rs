//! PostgreSQL at a passage.
//!
//! **Both sides are shut by triggers** that refuse every write but that of our own streams (rule 36), because an ordinary owner may do nothing else and because they
//! stop what no lock of a role does: open sessions, the owner, superusers, jobs of extensions. Roles that the fencing account may alter are besides given NOLOGIN, and all
//! sessions that began before the fence are ended. So no right is needed but to own the tables.
//!
//! **At any time a stream of one direction is open.** Behind the drain of a passage both sides are equal and nobody writes, so the slot of the other direction is made at that
//! moment, and the slot of the direction that ended goes once the door has switched: no server keeps its log for a stream that will not come. Triggers that note keys stay
//! where they are: they do not note what the way back writes, so they are the base of the next passage.

mod align;
mod arm;
mod canary;
mod fence;
mod gate;
mod look;
mod roles;

use std::sync::Arc;

use reberth_replicate::claim::Claim;
use reberth_replicate::connection::Address;
use reberth_replicate::position::LogPosition;
use reberth_replicate::postgres::base;
use reberth_replicate::postgres::begin_equal::leave;
use reberth_replicate::postgres::method;
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::{self, Method, StreamState};
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::verify_report::VerifyReport;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::engine::{Answer, Arming, Behind, Compared, Destination, Engine};
use crate::error::CutoverError;
use crate::passage::Passage;
use canary::Canary;
pub use gate::Place;

/// The engine of PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub enum Postgres {}

/// The tables that a canary may try, as quoted paths.
#[derive(Debug, Default)]
pub struct Known(Option<Vec<String>>);

type Result<T> = std::result::Result<T, CutoverError>;

impl Engine for Postgres {
    type Plan = StreamPlan;
    type Account = String;
    type Place = Place;
    type Jobs = ();
    type Canary = Canary;
    type Memory = Known;

    const FENCE: &'static str = "puts a trigger on every table that refuses writes, takes the login from every role in reach that can write, and lets other triggers rest while rows flow back";
    const INSPECTION: &'static [&'static str] = &[
        "SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'reberth_fence_refuse'",
        "SELECT rolname, rolcanlogin FROM pg_roles",
        "SELECT pid, usename, application_name, state FROM pg_stat_activity",
    ];

    fn direction(plan: &StreamPlan) -> Direction {
        plan.direction
    }

    fn start(plan: &StreamPlan) -> RunningStream {
        pipeline::start(plan.clone(), Arc::new(Semaphore::new(plan.workers.max(1))))
    }

    fn require_followed(plan: &StreamPlan) -> Result<()> {
        match plan.method {
            Method::Logical | Method::TriggerCapture => Ok(()),
            Method::DumpWindow => Err(method::nothing_follows().into()),
        }
    }

    async fn is_begun(plan: &StreamPlan) -> Result<bool> {
        let mut to = Session::open(&plan.to).await?;
        let begun = state::peek(&mut to, plan.direction, &plan.database).await?;
        Ok(begun.is_some())
    }

    async fn close(plan: &StreamPlan) -> Result<u64> {
        let mut to = Session::open(&plan.to).await?;
        let mut claim = Claim::new()?;
        let closed =
            StreamState::take_over(&mut to, plan.direction, &plan.database, &mut claim).await?;
        Ok(closed.epoch())
    }

    fn log_of(place: &Place) -> &LogPosition {
        &place.log
    }

    async fn log_end(passage: &Passage<Postgres>) -> Result<Place> {
        gate::log_end(passage).await
    }

    async fn lay_base(passage: &Passage<Postgres>) -> Result<Place> {
        gate::lay_base(passage).await
    }

    async fn take_base_away(passage: &Passage<Postgres>) -> Result<Option<Value>> {
        let removed = base::take_away(&passage.stream).await?;
        Ok((!removed.is_empty()).then(|| json!({ "removed": removed })))
    }

    fn has_base(passage: &Passage<Postgres>) -> bool {
        let place = passage.equal_until.as_ref();
        place.is_some_and(|place| place.base.is_some())
    }

    async fn place_before_fence(passage: &Passage<Postgres>) -> Result<Place> {
        gate::place_before_fence(passage).await
    }

    async fn bring_level(passage: &mut Passage<Postgres>) -> Result<Value> {
        align::carry_early(passage).await
    }

    async fn verify(passage: &mut Passage<Postgres>) -> Result<VerifyReport> {
        gate::verify(passage).await
    }

    async fn compare_changed(
        passage: &mut Passage<Postgres>,
        from: &Place,
        until: &Place,
    ) -> Result<Compared> {
        gate::compare_changed(passage, from, until).await
    }

    async fn behind(passage: &mut Passage<Postgres>, place: &Place) -> Result<Behind> {
        gate::behind(passage, place).await
    }

    async fn look_at_origin(passage: &mut Passage<Postgres>) -> Result<Vec<String>> {
        look::at_origin(passage).await
    }

    async fn look_at_destination(passage: &mut Passage<Postgres>) -> Result<Destination<String>> {
        look::at_destination(passage).await
    }

    async fn require_movable(passage: &mut Passage<Postgres>) -> Result<Value> {
        arm::require_way_back(passage).await
    }

    async fn require_stoppable(_passage: &mut Passage<Postgres>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn stop_jobs(_passage: &mut Passage<Postgres>) -> Result<()> {
        Ok(())
    }

    async fn start_jobs_again(_passage: &mut Passage<Postgres>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn start_jobs(passage: &mut Passage<Postgres>) -> Result<Value> {
        // Nobody will read these slots again, and their server keeps the log for them.
        let plan = &passage.stream;
        let mut removed = base::take_away(plan).await?;
        removed.extend(match plan.method {
            Method::Logical => {
                let mut from = Session::open(&plan.from).await?;
                leave(plan, &mut from, &mut Session::open(&plan.to).await?).await?
            }
            Method::TriggerCapture | Method::DumpWindow => Vec::new(),
        });
        Ok(
            json!({ "removed_on_the_other_side": removed, "job_runners": "the policy names none; jobs of extensions are not carried" }),
        )
    }

    async fn send_canary(passage: &mut Passage<Postgres>, app: &Address) -> Result<Answer<Canary>> {
        let tables = passage.tables().await?;
        canary::send(app, &tables).await
    }

    async fn write_again(mut canary: Canary) -> std::result::Result<(), String> {
        canary.write_again().await
    }

    async fn raise(passage: &mut Passage<Postgres>) -> Result<Value> {
        fence::raise(&passage.from, &passage.writers, &passage.exempt).await
    }

    async fn lift(passage: &mut Passage<Postgres>) -> Result<()> {
        fence::lift(&passage.from, &passage.writers).await
    }

    async fn open(passage: &mut Passage<Postgres>) -> Result<()> {
        align::require_level(passage).await?;
        fence::lift(&passage.to, &passage.opens).await
    }

    async fn shut(passage: &mut Passage<Postgres>) -> Result<Value> {
        fence::shut_again(passage).await
    }

    async fn align(passage: &mut Passage<Postgres>) -> Result<Value> {
        align::align(passage).await
    }

    async fn unalign(passage: &mut Passage<Postgres>) -> Result<Option<Value>> {
        align::unalign(passage).await
    }

    async fn arm(passage: &mut Passage<Postgres>) -> Result<Arming<Place>> {
        arm::arm(passage).await
    }

    async fn disarm(passage: &mut Passage<Postgres>) -> Result<Option<Value>> {
        arm::disarm(passage).await
    }
}

impl Passage<Postgres> {
    /// The tables in scope.
    async fn tables(&mut self) -> Result<Vec<String>> {
        if let Some(tables) = &self.memory.0 {
            return Ok(tables.clone());
        }
        let mut session = Session::open(&self.stream.from).await?;
        let read = reberth_replicate::postgres::table::read(&mut session).await?;
        let tables: Vec<String> = read.into_keys().collect();
        self.memory.0 = Some(tables.clone());
        Ok(tables)
    }
}
