//! MariaDB and MySQL at a passage.

mod arm;
mod counters;
mod events;
pub(crate) mod fence;
mod gate;
mod look;
mod programs;
mod shutting;

use reberth_replicate::connection::Address;
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::schema::Schema;
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::{self, Claim, StreamState};
use reberth_replicate::position::LogPosition;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::verify_report::VerifyReport;
use serde_json::{Value, json};

use crate::engine::{Answer, Arming, Behind, Compared, Destination, Engine};
use crate::error::CutoverError;
use crate::passage::Passage;
use events::Events;
pub use fence::Account;
use fence::Fence;
use fence::canary::{self, Canary};

/// The engine of the MySQL family.
#[derive(Clone, Copy, Debug)]
pub enum MySql {}

/// The schema as the stream knows it.
#[derive(Debug, Default)]
pub struct Known(Option<Schema>);

type Result<T> = std::result::Result<T, CutoverError>;

impl Engine for MySql {
    type Plan = StreamPlan;
    type Account = Account;
    type Place = LogPosition;
    type Jobs = Events;
    type Canary = Canary;
    type Memory = Known;

    const FENCE: &'static str = "locks every account that can write to it";
    const INSPECTION: &'static [&'static str] = &[
        "SELECT User, Host, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv (MariaDB)",
        "SELECT User, Host, account_locked FROM mysql.user (MySQL)",
        "SELECT @@global.read_only",
        "SHOW PROCESSLIST",
    ];

    fn direction(plan: &StreamPlan) -> Direction {
        plan.direction
    }

    fn start(plan: &StreamPlan) -> RunningStream {
        RunningStream::start(plan.clone())
    }

    async fn is_begun(plan: &StreamPlan) -> Result<bool> {
        let mut to = server::writer(&plan.to).await?;
        let begun = state::peek(&mut to, plan.direction, &plan.database).await?;
        Ok(begun.is_some())
    }

    async fn close(plan: &StreamPlan) -> Result<u64> {
        let mut to = server::writer(&plan.to).await?;
        let mut claim = Claim::new()?;
        let closed =
            StreamState::take_over(&mut to, plan.direction, &plan.database, &mut claim).await?;
        Ok(closed.epoch())
    }

    fn log_of(place: &LogPosition) -> &LogPosition {
        place
    }

    async fn log_end(passage: &Passage<MySql>) -> Result<LogPosition> {
        gate::log_end(passage).await
    }

    async fn lay_base(passage: &Passage<MySql>) -> Result<LogPosition> {
        gate::visible_position(passage).await
    }

    async fn take_base_away(_passage: &Passage<MySql>) -> Result<Option<Value>> {
        Ok(None)
    }

    fn has_base(passage: &Passage<MySql>) -> bool {
        passage.equal_until.is_some()
    }

    async fn place_before_fence(passage: &Passage<MySql>) -> Result<LogPosition> {
        gate::visible_position(passage).await
    }

    async fn bring_level(passage: &mut Passage<MySql>) -> Result<Value> {
        Ok(json!(programs::bring_level(passage).await?))
    }

    async fn verify(passage: &mut Passage<MySql>) -> Result<VerifyReport> {
        gate::verify(passage).await
    }

    async fn compare_changed(
        passage: &mut Passage<MySql>,
        from: &LogPosition,
        until: &LogPosition,
    ) -> Result<Compared> {
        gate::compare_changed(passage, from, until).await
    }

    async fn behind(passage: &mut Passage<MySql>, place: &LogPosition) -> Result<Behind> {
        gate::behind(passage, place).await
    }

    async fn look_at_origin(passage: &mut Passage<MySql>) -> Result<Vec<Account>> {
        look::at_origin(passage).await
    }

    async fn look_at_destination(passage: &mut Passage<MySql>) -> Result<Destination<Account>> {
        look::at_destination(passage).await
    }

    async fn require_movable(passage: &mut Passage<MySql>) -> Result<Value> {
        programs::require_movable(passage).await
    }

    async fn require_stoppable(passage: &mut Passage<MySql>) -> Result<Vec<String>> {
        events::require_stoppable(passage).await
    }

    async fn stop_jobs(passage: &mut Passage<MySql>) -> Result<Events> {
        events::stop(passage).await
    }

    async fn start_jobs_again(passage: &mut Passage<MySql>) -> Result<Vec<String>> {
        events::start_again(passage).await
    }

    async fn start_jobs(passage: &mut Passage<MySql>) -> Result<Value> {
        events::start(passage).await
    }

    async fn send_canary(passage: &mut Passage<MySql>, app: &Address) -> Result<Answer<Canary>> {
        let schema = passage.schema().await?;
        canary::send(app, &schema).await
    }

    async fn write_again(mut canary: Canary) -> std::result::Result<(), String> {
        canary.write_again().await
    }

    async fn raise(passage: &mut Passage<MySql>) -> Result<Value> {
        shutting::raise(passage).await
    }

    async fn lift(passage: &mut Passage<MySql>) -> Result<()> {
        shutting::lift(passage).await
    }

    async fn open(passage: &mut Passage<MySql>) -> Result<()> {
        shutting::open(passage).await
    }

    async fn shut(passage: &mut Passage<MySql>) -> Result<Value> {
        shutting::shut(passage).await
    }

    async fn align(passage: &mut Passage<MySql>) -> Result<Value> {
        counters::align(passage).await
    }

    async fn unalign(passage: &mut Passage<MySql>) -> Result<Option<Value>> {
        counters::unalign(passage).await
    }

    async fn arm(passage: &mut Passage<MySql>) -> Result<Arming<LogPosition>> {
        arm::arm(passage).await
    }

    async fn disarm(passage: &mut Passage<MySql>) -> Result<Option<Value>> {
        arm::disarm(passage).await
    }
}

impl Passage<MySql> {
    /// The schema as the stream knows it.
    async fn schema(&mut self) -> Result<Schema> {
        if let Some(schema) = &self.memory.0 {
            return Ok(schema.clone());
        }
        let mut session = server::reader(&self.stream.from).await?;
        let schema = reberth_replicate::mysql::schema::read(&mut session, &self.database).await?;
        self.memory.0 = Some(schema.clone());
        Ok(schema)
    }

    /// The fence of the side that has the writes.
    async fn fence_of_origin(&self) -> Result<Fence> {
        let ours = [self.stream.from.user(), self.back.to.user()];
        Fence::open(&self.from, &self.database, &ours, &self.exempt).await
    }

    /// The fence of the side that gets the writes.
    async fn fence_of_destination(&self) -> Result<Fence> {
        let ours = [self.stream.to.user(), self.back.from.user()];
        Fence::open(&self.to, &self.database, &ours, &self.exempt).await
    }
}
