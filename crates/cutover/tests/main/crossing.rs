//! Two servers, a front door, an application, and a journal: what a passage crosses, again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reberth_cutover::{
    CUTOVER, Clockwork, Edge, Engine as Family, FencedBy, MySql, Passage, Side, WAY_BACK,
    base_from_history, cutover_steps, way_back_steps,
};
use reberth_journal::testing::ScratchJournal;
use reberth_journal::{
    AppendHook, Clock, Engine, Event, Journal, JournalError, Killed, RunHistory, RunState, Step,
};
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::{Product, Server};
use reberth_testkit::fault_proxy::FaultProxy;
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};
use serde_json::Value;

const SIZE: Size = Size {
    learners: 200,
    submissions: 1_000,
};
/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

impl Way {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Way::There => CUTOVER,
            Way::Back => WAY_BACK,
        }
    }

    pub(crate) fn steps<E: Family>(self) -> Vec<Box<dyn Step<Passage<E>>>> {
        match self {
            Way::There => cutover_steps(),
            Way::Back => way_back_steps(),
        }
    }
}

/// What a life of the process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It approves what is asked of it.
    Given,
    /// It stops at the point of decision.
    Withheld,
}

pub(crate) struct Crossing {
    pub(crate) source: Server,
    pub(crate) target: Server,
    pub(crate) door: FrontDoor,
    /// Stands before the control port of the front door.
    pub(crate) control: FaultProxy,
    pub(crate) ledger: Ledger,
    pub(crate) exempt: Vec<String>,
    /// What shuts the source.
    pub(crate) fenced_by: FencedBy,
    journal: ScratchJournal,
    writers: Option<Writers>,
}

impl Crossing {
    /// Servers with little data, and an application that writes.
    pub(crate) async fn start(name: &str) -> Crossing {
        Crossing::start_on(Product::MariaDb, name).await
    }

    /// The same with two servers of a product.
    pub(crate) async fn start_on(product: Product, name: &str) -> Crossing {
        let start = |side| Server::start_as(product, &format!("{name}-{side}"), &[]);
        let source = start("source").expect("the source starts");
        let target = start("target").expect("the target starts");
        learning::seed(&source, SIZE).expect("the source is seeded");
        learning::prepare_target(&target).expect("the target has accounts");
        let servers = [("source", source.port()), ("target", target.port())];
        let door = FrontDoor::start(&servers, "source")
            .await
            .expect("the front door opens");
        let control: u16 = door
            .control()
            .rsplit_once(':')
            .expect("a port")
            .1
            .parse()
            .expect("a number");
        let control = FaultProxy::start(control).await.expect("the proxy starts");
        let exempt = vec![
            "root@localhost".to_owned(),
            "mariadb.sys@localhost".to_owned(),
        ];
        let (ledger, journal) = (Ledger::new(), ScratchJournal::new());
        let mut crossing = Crossing {
            source,
            target,
            door,
            control,
            ledger,
            exempt,
            fenced_by: FencedBy::Accounts,
            journal,
            writers: None,
        };
        crossing.let_the_application_write();
        crossing
    }

    pub(crate) fn let_the_application_write(&mut self) {
        let plan = WritersPlan {
            speaks: Speaks::MySql,
            port: self.door.port(),
            writers: 4,
            rate_per_s: 120,
            learners: SIZE.learners,
            courses: 20,
            seed: 11,
        };
        self.writers = Some(Writers::start(&self.ledger, &plan));
    }

    pub(crate) async fn stop_the_application(&mut self) {
        if let Some(writers) = self.writers.take() {
            writers.stop().await;
        }
    }

    pub(crate) fn journal(&self) -> Journal {
        self.journal_with(None)
    }

    fn journal_with(&self, hook: Option<Arc<dyn AppendHook>>) -> Journal {
        Journal::open_with(&self.journal.path(), Clock::System, hook).expect("the journal opens")
    }

    fn side(&self, name: &'static str) -> Side {
        let (port, writer) = match name {
            "source" => (self.source.port(), "reverse"),
            _ => (self.target.port(), "writer"),
        };
        Side {
            name,
            fence: address(port, "fence", name),
            app: address(port, "app", name),
            writer: address(port, writer, name),
            fenced_by: match name {
                "source" => self.fenced_by.clone(),
                _ => FencedBy::Accounts,
            },
        }
    }

    fn plan(&self, direction: Direction) -> StreamPlan {
        let (source, target) = (self.source.port(), self.target.port());
        let (from, to) = match direction {
            Direction::Forward => (
                address(source, "reader", "source"),
                address(target, "writer", "target"),
            ),
            Direction::Reverse => (
                address(target, "writer", "target"),
                address(source, "reverse", "source"),
            ),
        };
        StreamPlan {
            database: DATABASE.to_owned(),
            direction,
            from,
            to,
            workers: 2,
            spool: None,
            bytes_per_s_most: None,
            streams: 1,
        }
    }

    /// A passage as a new process makes it: from the policy, the passage before it, and its own journal.
    pub(crate) fn passage(&self, way: Way) -> Passage<MySql> {
        let (source, target) = (self.side("source"), self.side("target"));
        let (forward, reverse) = (self.plan(Direction::Forward), self.plan(Direction::Reverse));
        let (from, to, stream, back) = match way {
            Way::There => (source, target, forward, reverse),
            Way::Back => (target, source, reverse, forward),
        };
        let edge = Edge::new(format!("127.0.0.1:{}", self.control.port()));
        let mut passage = Passage::new(DATABASE, from, to, stream, back, edge, self.exempt.clone());
        let journal = self.journal();
        if let Some(before) = last(
            &journal,
            if way == Way::There { WAY_BACK } else { CUTOVER },
            true,
        ) {
            let (armed_from, locked) = base_from_history::<MySql>(&before);
            passage.locked_at_destination = locked;
            passage.equal_until = armed_from.filter(|_| way == Way::Back);
        }
        if let Some(history) =
            last(&journal, way.kind(), false).filter(|history| !history.state().is_final())
        {
            passage.recall(&history);
        }
        passage
    }

    /// One life of the process: starts or goes on, until it is done, waits, or is killed.
    pub(crate) async fn live(
        &self,
        way: Way,
        consent: Consent,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Result<RunState, JournalError> {
        let mut passage = self.passage(way);
        self.live_with(&mut passage, way, consent, hook).await
    }

    pub(crate) async fn live_with(
        &self,
        passage: &mut Passage<MySql>,
        way: Way,
        consent: Consent,
        hook: Option<Arc<dyn AppendHook>>,
    ) -> Result<RunState, JournalError> {
        let journal = self.journal_with(hook);
        let engine = Engine::new(&journal, &Clockwork);
        loop {
            let outcome = engine
                .start_or_resume(way.kind(), &way.steps(), passage)
                .await?;
            match (&outcome.state, consent) {
                (RunState::Waiting { hash, .. }, Consent::Given) => {
                    journal.approve(hash, "the test").map(drop)?
                }
                _ => return Ok(outcome.state),
            }
        }
    }

    /// A life that ends when a step comes to an event.
    pub(crate) async fn die_at(&self, way: Way, step: &'static str, event: &'static str) {
        let ended = self
            .live(way, Consent::Given, Some(Arc::new(DiesAt { step, event })))
            .await;
        assert!(
            matches!(ended, Err(JournalError::Killed(_))),
            "{ended:?}: {}",
            self.failure(way)
        );
    }

    /// A life that must end so, with a failure that begins so.
    pub(crate) async fn fails(&self, way: Way, state: &RunState, failure: &str) {
        let ended = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(ended, *state, "{}", self.failure(way));
        assert!(
            self.failure(way).starts_with(failure),
            "{}",
            self.failure(way)
        );
    }

    /// A person asks for another try of a stuck run, which then ends so.
    pub(crate) async fn retry(&self, way: Way, state: &RunState) {
        let journal = self.journal();
        let run = journal
            .latest_run(way.kind())
            .expect("the journal is read")
            .expect("there is a run");
        journal
            .request_retry(&run, "the test")
            .expect("a stuck run takes a retry");
        let ended = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(ended, *state, "{}", self.failure(way));
    }

    /// A passage that nothing disturbs. Returns the write downtime as the application saw it.
    pub(crate) async fn pass(&self, way: Way) -> u64 {
        let from = Instant::now();
        let state = self
            .live(way, Consent::Given, None)
            .await
            .expect("the journal takes every event");
        assert_eq!(state, RunState::Done, "{way:?}: {}", self.failure(way));
        self.the_application_writes().await;
        self.ledger.longest_gap_ms(from)
    }

    /// Asks the unfinished run to turn back, and lets it.
    pub(crate) async fn abort(&self, way: Way) -> RunState {
        let journal = self.journal();
        let run = journal
            .latest_run(way.kind())
            .expect("the journal is read")
            .expect("there is a run");
        journal
            .request_cancel(&run, "the test")
            .expect("a run that is not final takes a cancel");
        self.live(way, Consent::Withheld, None)
            .await
            .expect("the journal takes every event")
    }

    /// Waits for writes that are acknowledged from now on.
    pub(crate) async fn the_application_writes(&self) {
        let (before, deadline) = (self.ledger.acknowledged(), Instant::now() + PATIENCE);
        while self.ledger.acknowledged() < before + 5 {
            assert!(Instant::now() < deadline, "the application does not write");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn history(&self, way: Way) -> RunHistory {
        last(&self.journal(), way.kind(), false).expect("there is a run")
    }

    pub(crate) fn evidence(&self, way: Way, step: &str, pointer: &str) -> Value {
        let history = self.history(way);
        let detail = &history.step(step).expect("there is such a step").detail;
        detail
            .pointer(&format!("/evidence{pointer}"))
            .cloned()
            .unwrap_or_default()
    }

    /// Attempts at a step of the latest run that failed before one did not.
    pub(crate) fn failures(&self, way: Way, step: &str) -> u32 {
        let history = self.history(way);
        history.step(step).expect("there is such a step").failures
    }

    /// The step that failed for good in the latest run, its code, and what it said.
    pub(crate) fn failure(&self, way: Way) -> String {
        failure(&self.journal(), way)
    }

    /// A write of the application, past the front door. `Err` holds the server's words.
    pub(crate) async fn write_as_the_application(&self, side: &'static str) -> Result<(), String> {
        let words = |error: reberth_replicate::ReplicateError| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        };
        let mut session = self.side(side).app.connect(&[]).await.map_err(words)?;
        session
            .run(
                "writing",
                format!("UPDATE {DATABASE}.badge SET awarded_at = awarded_at LIMIT 1"),
            )
            .await
            .map(drop)
            .map_err(words)
    }

    /// Exactly one side takes the application's writes, and it is that one.
    pub(crate) async fn only_writer(&self, side: &'static str) {
        let other = if side == "source" { "target" } else { "source" };
        self.write_as_the_application(side)
            .await
            .expect("the side that has the writes takes them");
        let refusal = self
            .write_as_the_application(other)
            .await
            .expect_err("the other side refuses the application");
        let words = match (other, &self.fenced_by) {
            ("source", FencedBy::ReadOnly) => "--read-only option",
            ("source", FencedBy::Provider(_)) => "Access denied",
            _ => "is locked",
        };
        assert!(refusal.contains(words), "{refusal}");
    }

    /// What an undone cutover leaves: the source as it was, and the application on it.
    pub(crate) async fn source_is_as_before(&self) {
        self.only_writer("source").await;
        self.the_application_writes().await;
        let schemas = self
            .source
            .sql("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'reberth'")
            .expect("the source answers");
        assert_eq!(
            schemas.trim(),
            "0",
            "a schema reberth is left on the source"
        );
        assert_eq!(
            locked(&self.source),
            locked_by_the_server(&self.source),
            "locked on the source"
        );
        let read_only = self.source.sql("SELECT @@global.read_only");
        assert_eq!(read_only.expect("the source answers").trim(), "0");
        let edge = Edge::new(self.door.control())
            .state()
            .await
            .expect("the door answers");
        assert!(!edge.is_held && edge.leads_to == "source", "{edge:?}");
    }

    /// Stops the application, lets that stream carry over what is left, and compares both sides with the ledger and with each other.
    pub(crate) async fn settle(&mut self, direction: Direction) {
        self.stop_the_application().await;
        let plan = self.plan(direction);
        let mut stream = RunningStream::start(plan.clone());
        let server = if direction == Direction::Forward {
            &self.source
        } else {
            &self.target
        };
        let status = server
            .sql("SHOW MASTER STATUS")
            .expect("the end of the log");
        let mut fields = status.split('\t');
        let (file, offset) = (
            fields.next().expect("a file"),
            fields.next().expect("an offset").parse().expect("a number"),
        );
        let end = reberth_replicate::LogPosition::new(file, offset).expect("a position");
        let drained = tokio::time::timeout(PATIENCE, stream.drain(&end))
            .await
            .expect("the stream drains in time");
        assert!(drained.expect("the stream goes on"));
        stream.stop().await.expect("the stream stops");
        for (port, user) in [
            (self.source.port(), "reverse"),
            (self.target.port(), "writer"),
        ] {
            let verdict = self
                .ledger
                .compare(port, user)
                .await
                .expect("the ledger is compared");
            assert!(verdict.is_exact(), "as {user}: {verdict:?}");
        }
        assert_eq!(rows(&self.source), rows(&self.target));
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let journal = self.journal();
            for run in journal.runs().unwrap_or_default() {
                for event in journal
                    .events(&run)
                    .unwrap_or_default()
                    .iter()
                    .filter(|event| event.kind.ends_with("failed"))
                {
                    eprintln!("{run}: {:?} {}", event.step, event.payload);
                }
            }
        }
    }
}

/// The step that failed for good in the latest run, its code, and what it said.
pub(crate) fn failure(journal: &Journal, way: Way) -> String {
    let Some(run) = journal.latest_run(way.kind()).expect("the journal is read") else {
        return "no run".to_owned();
    };
    let events = journal.events(&run).expect("the events are read");
    let text = |event: &Event, field: &str| {
        event
            .payload
            .pointer(&format!("/error/{field}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let failed = events
        .iter()
        .rev()
        .find(|event| event.kind == "step_failed");
    failed.map_or_else(
        || "nothing failed".to_owned(),
        |event| {
            format!(
                "{} {}: {}: {}",
                event.step.as_deref().unwrap_or_default(),
                text(event, "code"),
                text(event, "what"),
                text(event, "why")
            )
        },
    )
}

pub(crate) fn last(journal: &Journal, kind: &str, only_done: bool) -> Option<RunHistory> {
    let runs = journal.runs().expect("the journal is read");
    let histories = runs
        .iter()
        .map(|run| journal.history(run).expect("the history is read"));
    histories
        .filter(|history| {
            history.kind() == kind && (!only_done || *history.state() == RunState::Done)
        })
        .last()
}

/// Accounts that a server locks by itself.
pub(crate) fn locked_by_the_server(server: &Server) -> &'static [&'static str] {
    match server.product() {
        Product::MySql => &[
            "mysql.infoschema@localhost",
            "mysql.session@localhost",
            "mysql.sys@localhost",
        ],
        _ => &["mariadb.sys@localhost"],
    }
}

/// Accounts that are locked on a server.
pub(crate) fn locked(server: &Server) -> Vec<String> {
    let sql = match server.product() {
        Product::MySql => {
            "SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE account_locked = 'Y' ORDER BY 1"
        }
        _ => {
            "SELECT CONCAT(User, '@', Host) FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true') ORDER BY 1"
        }
    };
    server
        .sql(sql)
        .expect("the server answers")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The next number that each table gives, by table.
pub(crate) fn counters(server: &Server) -> Vec<(String, u64)> {
    // Otherwise MySQL answers from statistics that may be a day old.
    let fresh = match server.product() {
        Product::MySql => "SET SESSION information_schema_stats_expiry = 0;",
        _ => "",
    };
    let sql = format!(
        "{fresh} SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{DATABASE}' AND AUTO_INCREMENT IS NOT NULL ORDER BY 1"
    );
    let text = server.sql(&sql).expect("the server answers");
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(table, next)| (table.to_owned(), next.parse().expect("a number")))
        .collect()
}

/// All rows, sorted. Not the server's own checksums, which are not the same for the same rows where a column is generated.
fn rows(server: &Server) -> Vec<String> {
    let tables = [
        "badge",
        "course",
        "enrollment",
        "learner",
        "lesson_view",
        "submission",
    ];
    let read = |table| {
        server.sql(&format!(
            "SELECT '{table}', {table}.* FROM {DATABASE}.{table}"
        ))
    };
    let text = tables.map(|table| read(table).expect("the server answers"));
    let mut rows: Vec<String> = text
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect();
    rows.sort();
    rows
}

fn address(port: u16, user: &str, side: &'static str) -> Address {
    let url = format!("mysql://{user}:{PASSWORD}@127.0.0.1:{port}/?tls=off");
    Address::parse(&Secret::new(url), user, side).expect("a good address")
}

/// Ends the process when a step comes to an event.
pub(crate) struct DiesAt {
    pub(crate) step: &'static str,
    pub(crate) event: &'static str,
}

impl AppendHook for DiesAt {
    fn after(&self, event: &Event) -> Result<(), Killed> {
        match event.step.as_deref() == Some(self.step) && event.kind == self.event {
            true => Err(Killed { append: event.seq }),
            false => Ok(()),
        }
    }
}
