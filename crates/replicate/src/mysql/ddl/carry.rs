//! Carries one statement over: intent, steps, observation, conclusion. The order and its reasons stand at the head of [`super`].

mod session_settings;

use std::collections::BTreeSet;
use std::time::Duration;

use super::change::{Change, Place};
use super::observe::{self, Definitions, Outline, Step};
use super::statement::{self, Understood};
use super::{LoggedStatement, settings::Settings};
use crate::connection::{REBUILD_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema, translate};
use crate::mysql::server::{self, ServerVersion};
use crate::mysql::state::{Checkpoint, Direction, Phase, Progressed, StreamState};
use crate::mysql::value::quote_name;
use reberth_model::document::sha256_hex;

/// How long to wait for a predecessor's session to end; then the whole is tried again.
const LOCK_WAIT: Duration = Duration::from_secs(20);

/// Carries a statement over that stands right behind the checkpoint, or finds that it is done. Afterwards the reader passes over it.
pub(crate) async fn carry(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    statement: &LoggedStatement,
) -> Result<(), ReplicateError> {
    let mut carrier = Carrier {
        state,
        checkpoint,
        statement,
        executor: state.open_writer().await?,
        writer: state.open_writer().await?,
    };
    lock(&mut carrier.executor, &plan.database).await?;
    let source = server::version(&mut server::reader(&plan.from).await?).await?;
    let target = server::version(&mut carrier.writer).await?;
    let is_same_family = source.flavour == target.flavour;
    let noted = state
        .schema_change(&mut carrier.writer, &statement.position)
        .await?;
    if noted
        .as_ref()
        .is_some_and(|noted| noted.progressed == Progressed::AllowedPast)
    {
        let found = carrier.read(&plan.database).await?;
        let after = known_after(found, checkpoint, &Change::Nothing, is_same_family);
        return carrier.conclude(after).await;
    }
    let prepared = Prepared::new(plan, checkpoint, statement, &source, &target);
    let prepared = prepared.map_err(|reason| statement.refuse(reason))?;
    let now = observe::definitions(&carrier.read(&plan.database).await?);
    let (before, mut done) = match noted {
        Some(noted) if noted.hash == sha256_hex(&statement.query) => {
            (noted.before, noted.steps_done)
        }
        _ => (now.clone(), 0),
    };
    carrier.intend(&before, done).await?;
    for step in prepared.steps.iter().skip(done) {
        carrier
            .step(plan, step, &before, &prepared, &target)
            .await?;
        done += 1;
        state
            .note_step(&mut carrier.writer, checkpoint, &statement.position, done)
            .await?;
    }
    let found = carrier.read(&plan.database).await?;
    if let Some(difference) = observe::difference(&prepared.after, &observe::outline(&found)) {
        return Err(statement.refuse(format!(
            "it was executed on the target, and then {difference}"
        )));
    }
    if let Some(table) = found.tables.values().find(|table| table.engine != "InnoDB") {
        return Err(statement.refuse(format!(
            "table {} has the storage engine {} on the target",
            table.name, table.engine
        )));
    }
    let after = known_after(found, checkpoint, &prepared.change, is_same_family);
    carrier.conclude(after).await
}

impl LoggedStatement {
    /// The error that it stops the stream, and why.
    pub(crate) fn refuse(&self, reason: String) -> ReplicateError {
        ReplicateError::SchemaChanged {
            position: self.position.clone(),
            statement: self.first_words(),
            reason,
        }
    }

    /// Whether it can be carried over a copy that is not certain yet: no table that was copied is another one after it.
    pub(crate) fn leaves_copies_alone(&self, database: &str) -> bool {
        self.understand(database)
            .is_ok_and(|(understood, _)| leaves_copies_alone(&understood.change))
    }

    /// The tables it touches, also by names that are free before or after it. `None`: it is not understood.
    pub(crate) fn tables(&self, database: &str) -> Option<BTreeSet<String>> {
        let (understood, _) = self.understand(database).ok()?;
        let places = understood.change.places().into_iter();
        Some(places.map(|place| place.table.clone()).collect())
    }

    fn understand(&self, database: &str) -> Result<(Understood, Settings), String> {
        let settings = self.settings.clone()?;
        if self.error_code != 0 {
            return Err(format!(
                "it ended with the error {} on the source, having done a part",
                self.error_code
            ));
        }
        if !settings.reads_as_utf8(&self.query) {
            return Err("it is not written in UTF-8 or ASCII".to_owned());
        }
        let text = String::from_utf8_lossy(&self.query);
        let understood = statement::read(&text, &self.database, settings.quoting())?;
        if understood
            .change
            .databases()
            .iter()
            .any(|other| *other != database)
        {
            return Err("it is about another database too".to_owned());
        }
        Ok((understood, settings))
    }
}

fn leaves_copies_alone(change: &Change) -> bool {
    new_table(change).is_some() || matches!(change, Change::AlterDatabase { .. })
}

/// The table, if a new one is all that a change makes: its rows come from the log alone.
fn new_table(change: &Change) -> Option<&str> {
    match change {
        Change::Create {
            table,
            replaces: false,
            like: None,
            ..
        } => Some(&table.table),
        _ => None,
    }
}

/// A statement that may be carried over.
struct Prepared {
    change: Change,
    settings: Settings,
    /// The statements by which the target's session gets the settings.
    session: Vec<String>,
    steps: Vec<Step>,
    after: Outline,
}

impl Prepared {
    /// The error says why the statement is not carried.
    fn new(
        plan: &StreamPlan,
        checkpoint: &Checkpoint,
        statement: &LoggedStatement,
        source: &ServerVersion,
        target: &ServerVersion,
    ) -> Result<Prepared, String> {
        if plan.direction == Direction::Reverse {
            return Err(
                "changes of the schema are not carried back: the way back is closed".to_owned(),
            );
        }
        let (understood, settings) = statement.understand(&plan.database)?;
        let change = understood.change;
        if understood.depends_on_version && source.text != target.text {
            return Err("it depends on the server's version, which differs".to_owned());
        }
        let redefines = matches!(&change, Change::Alter(alteration) if alteration.redefines);
        if source.flavour != target.flavour && (understood.names_json || redefines) {
            return Err(
                "what it makes of a column's type is not the same in MySQL and MariaDB".to_owned(),
            );
        }
        let mut steps = observe::steps(&change, &statement.query);
        let is_known = |table| checkpoint.schema.tables.contains_key(table);
        if checkpoint.phase != Phase::Following && new_table(&change).is_some_and(is_known) {
            steps.clear();
        }
        let after = match steps.is_empty() {
            true => observe::outline(&checkpoint.schema),
            false => observe::outline_after(&change, &checkpoint.schema)?,
        };
        Ok(Prepared {
            session: settings.statements(source.flavour, target.flavour)?,
            change,
            settings,
            steps,
            after,
        })
    }
}

/// The schema as the next rows of the log have it, from the one read on the target.
fn known_after(
    found: Schema,
    checkpoint: &Checkpoint,
    change: &Change,
    is_same_family: bool,
) -> Schema {
    let before = &checkpoint.schema;
    if checkpoint.phase != Phase::Following {
        return with_new_tables(before, found);
    }
    let mut after = found;
    if is_same_family {
        return after;
    }
    // The other family may name a type differently; what the statement left alone is as the source had it.
    for (name, table) in &mut after.tables {
        let known = before.tables.get(name_before(change, name));
        for column in &mut table.columns {
            let same = known.and_then(|known| known.columns.get(known.column_index(&column.name)?));
            if let Some(same) = same {
                *column = same.clone();
            }
        }
    }
    after
}

/// The target still lacks indexes and foreign keys of the tables that were copied, so only new tables are taken from it.
fn with_new_tables(before: &Schema, found: Schema) -> Schema {
    let mut after = before.clone();
    let is_new = |name: &String| !before.tables.contains_key(name);
    let keys = found.foreign_keys.into_iter();
    after
        .foreign_keys
        .extend(keys.filter(|key| is_new(&key.child)));
    let tables = found.tables.into_iter();
    after.tables.extend(tables.filter(|(name, _)| is_new(name)));
    after
}

/// The name, before a change, of the table whose columns stand under this name after it.
fn name_before<'a>(change: &'a Change, name: &'a str) -> &'a str {
    let moved = |from: &'a Place, to: &Place| (to.table == name).then_some(from.table.as_str());
    let before = match change {
        Change::Rename { pairs } => {
            let back = |name: &'a str, (from, to): &'a (Place, Place)| match to.table == name {
                true => from.table.as_str(),
                false => name,
            };
            Some(pairs.iter().rev().fold(name, back))
        }
        Change::Alter(alteration) => alteration
            .renamed
            .as_ref()
            .and_then(|renamed| moved(&alteration.table, renamed)),
        Change::Create { table, like, .. } => like.as_ref().and_then(|like| moved(like, table)),
        _ => None,
    };
    before.unwrap_or(name)
}

/// Waits until no session of a predecessor can change a definition any more, and then keeps others out until this session ends.
pub(crate) async fn lock(session: &mut Session, database: &str) -> Result<(), ReplicateError> {
    let name = format!("reberth-ddl:{}", &sha256_hex(database.as_bytes())[..40]);
    let what = "a predecessor's schema change to end";
    session.lock_named(&name, LOCK_WAIT, what).await
}

/// The sessions over which a statement is carried.
struct Carrier<'a> {
    state: &'a StreamState,
    checkpoint: &'a Checkpoint,
    statement: &'a LoggedStatement,
    /// Executes the statement, and holds the named lock meanwhile.
    executor: Session,
    /// Writes what is known about it.
    writer: Session,
}

impl Carrier<'_> {
    async fn read(&mut self, database: &str) -> Result<Schema, ReplicateError> {
        schema::read(&mut self.writer, database).await
    }

    async fn intend(&mut self, before: &Definitions, done: usize) -> Result<(), ReplicateError> {
        let (checkpoint, statement) = (self.checkpoint, self.statement);
        self.state
            .intend_schema_change(&mut self.writer, checkpoint, statement, before, done)
            .await
    }

    /// Does a step, unless it is seen to be done.
    async fn step(
        &mut self,
        plan: &StreamPlan,
        step: &Step,
        before: &Definitions,
        prepared: &Prepared,
        target: &ServerVersion,
    ) -> Result<(), ReplicateError> {
        let now = observe::definitions(&self.read(&plan.database).await?);
        if step.sign.is_seen(before, &now) {
            return Ok(());
        }
        if self.statement.database == plan.database {
            let sql = format!("USE {}", quote_name(&plan.database));
            self.executor.run("choosing the database", sql).await?;
        }
        let result = self.execute(plan, step, prepared, target).await;
        match result {
            Err(ReplicateError::Refused { source, .. }) => Err(self
                .statement
                .refuse(format!("the target refused it: {source}"))),
            result => result,
        }
    }

    async fn execute(
        &mut self,
        plan: &StreamPlan,
        step: &Step,
        prepared: &Prepared,
        target: &ServerVersion,
    ) -> Result<(), ReplicateError> {
        let settings = &prepared.settings;
        self.take_over_collations(settings).await?;
        for sql in &prepared.session {
            self.executor
                .run("taking over the settings of the statement's session", sql)
                .await?;
        }
        if settings.uses_system_time_zone() {
            self.require_same_time_zone(plan).await?;
        }
        let wanted = match settings.has_explicit_defaults() {
            Some(wanted) => u8::from(wanted),
            None => self.explicit_defaults_of_source(plan).await?,
        };
        let asked = "SELECT @@explicit_defaults_for_timestamp";
        if self
            .executor
            .row::<u8>("asking for a setting", asked)
            .await?
            != Some(wanted)
        {
            let sql = format!("SET explicit_defaults_for_timestamp = {wanted}");
            self.executor
                .run("taking over the settings of the statement's session", sql)
                .await?;
        }
        if matches!(step.sign, observe::Sign::Absent(_)) {
            // Its own check would refuse a parent that is dropped before its child.
            self.executor
                .run("setting the session up", "SET foreign_key_checks = 0")
                .await?;
        }
        let doing = format!(
            "carrying over a schema change at {}",
            self.statement.position
        );
        // The other family has some collations under other names; a statement without those stays as it is.
        let sql = translate::program(&step.sql, settings.quoting(), target.flavour);
        self.executor.run_within(REBUILD_LIMIT, &doing, sql).await?;
        Ok(())
    }

    /// Commits that it is done, with the schema from now on.
    async fn conclude(&mut self, after: Schema) -> Result<(), ReplicateError> {
        let (checkpoint, position) = (self.checkpoint, &self.statement.position);
        self.state
            .conclude_schema_change(&mut self.writer, checkpoint, position, &after)
            .await
    }
}
