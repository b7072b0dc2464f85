//! Copies single tables anew whose definition changed on the source while the copy was made (rule 22).
//!
//! # Why the other tables can keep what they have
//!
//! **Groups.** Take the tables that a change of the schema touched, those whose definition the source has changed by now, and everything that cascades
//! tie to them in either direction ([`group`]). Rows of such a group and rows outside of it never change each other: each change of a row stands in
//! the log, or is what a cascade did inside the group. So the group is a database of its own as far as the argument at the head of
//! [`super::pipeline`] goes, and that argument holds for it with a first position P of its own, if
//! 1. P is visible, and behind the statement ([`position_behind`]), and nothing is prepared and undecided there (rule 2);
//! 2. its definitions are read after P, its tables made anew and empty, and all its chunks read after P;
//! 3. its changes are replayed from P on, and none before P.
//!
//! 3 is what [`Schema::recopied`](super::schema::Schema::recopied) says, the table's P, in one transaction with the definitions of 2: the log's reader passes over rows of such a
//! table before its P without decoding them, since their form is one that is gone; what else it tells before P of these tables
//! (emptied, decided) is in their rows already, as with tables read at one moment. Other tables go on from where the stream stood. The end E of
//! uncertainty is raised to the highest end of all chunks again, so unique indexes and foreign keys wait for the group too (rule 4).
//!
//! **Further changes.** Every statement in the log is still met, in order. One whose tables all begin behind it is done: their definitions
//! were read after it. Any other is a reason to copy its tables anew once more, from a P behind it; that includes a change between P and the
//! reading of the definitions. So definitions never have to be read at an exact place, and tables that are renamed in a ring, as tools that change tables online
//! do, are covered by their names: a name that holds no table at P is kept with its P too, and its rows before are passed over.
//! A statement that is not understood stops the stream as ever, because nobody knows its tables; also where a later change has made its table part of a group.
//!
//! **Kills.** The decision is one transaction under the epoch at the stream's position: phase, definitions, P, and no chunk of the group is left. Until the tables
//! are made anew they are marked as not made. Whoever copies next makes them first, under the named lock that carrying statements over uses too
//! ([`super::ddl`]), after looking at the epoch with the lock held: a predecessor whose session is gone can drop nothing any more, and one that still
//! holds the lock keeps the successor waiting, who then makes all tables again. Only then are they marked as made, and only then copied.
//!
//! **When.** The replay meets the statement right behind its checkpoint. The copy may fail before, because a column or a table is gone; so when a copy ends
//! with an error that will not pass, the log is searched for such a statement, over as many connections as that takes while each reads further, and only if none is found
//! is it the error's turn ([`after_failed_copy`]).

mod group;
mod remake;
mod search;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::ddl::LoggedStatement;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::preflight;
use crate::mysql::schema::{self, Schema, translate};
use crate::mysql::server::{self, Flavour};
use crate::mysql::spool::Spool;
use crate::mysql::state::{Checkpoint, Direction, Phase, StreamState};
use crate::position::LogPosition;
use crate::progress::Progress;

pub(crate) use remake::make_unmade;

/// How long a position behind the statement is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);
/// Tries to read the definitions between two changes of the schema.
const READING_TRIES: usize = 20;
/// The server's words that a column or a table is not there, or not as it was when a snapshot was opened.
const NOT_AS_IT_WAS: [u16; 4] = [1051, 1054, 1146, 1412];

/// What a change of the schema means while the copy is not certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// All its tables are copied from behind it.
    Done,
    /// These tables are to be copied anew.
    Recopy(BTreeSet<String>),
    /// It is carried over, or stops the stream.
    Carry,
}

/// What a statement means to a stream that copies or replays.
pub(crate) fn meaning(plan: &StreamPlan, schema: &Schema, statement: &LoggedStatement) -> Meaning {
    let Some(tables) = statement.tables(&plan.database) else {
        return Meaning::Carry;
    };
    let is_done = |table: &String| schema.is_copied_behind(table, &statement.position);
    if !tables.is_empty() && tables.iter().all(is_done) {
        return Meaning::Done;
    }
    let is_carried = tables.is_empty() || statement.leaves_copies_alone(&plan.database);
    match is_carried || plan.direction == Direction::Reverse {
        true => Meaning::Carry,
        false => Meaning::Recopy(tables),
    }
}

/// Decides that tables are copied anew because of a statement. Afterwards the stream stands in its copy again.
pub(crate) async fn begin(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    statement: &LoggedStatement,
    tables: BTreeSet<String>,
) -> Result<(), ReplicateError> {
    let mut source = server::reader(&plan.from).await?;
    let mut target = state.open_writer().await?;
    let flavour = server::version(&mut source).await?.flavour;
    let target_flavour = server::version(&mut target).await?.flavour;
    let from = position_behind(&mut source, flavour, &statement.position).await?;
    let now = read_definitions(&mut source, &plan.database).await?;
    let now = translate::schema(now, flavour, target_flavour)
        .map_err(|error| statement.refuse(error.to_string()))?;
    let held = schema::read(&mut target, &plan.database).await?;
    let mut tables = tables;
    if checkpoint.phase != Phase::Copying {
        let chunks = state.chunks(&mut target).await?;
        tables.extend(group::without_chunks(&checkpoint.schema, &chunks));
    }
    let tables = group::of(tables, &checkpoint.schema, &now, &held);
    if let Some(blocker) = preflight::blockers_of(&now, &tables).first() {
        return Err(statement.refuse(blocker.clone()));
    }
    let after = group::replaced(&checkpoint.schema, now, &tables, &from);
    state
        .begin_recopy(&mut target, &checkpoint.position, &tables, &after)
        .await
}

/// A visible position behind a statement, with nothing prepared there that nobody has decided.
async fn position_behind(
    source: &mut Session,
    flavour: Flavour,
    statement: &LogPosition,
) -> Result<LogPosition, ReplicateError> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if let Some(position) = look_behind(source, flavour, statement).await?
            // Asked after the position was taken: what is prepared before it is then either listed, or decided and in every chunk.
            && server::undecided_transactions(source).await?.is_none_or(|count| count == 0)
        {
            return Ok(position);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(ReplicateError::Silent {
        side: "source",
        host: source.address().host(),
        doing: "waiting for a moment without prepared transactions (XA RECOVER), and without commits where there are no GTIDs, to copy tables anew whose definition changed".to_owned(),
        limit_s: PATIENCE.as_secs(),
    })
}

async fn look_behind(
    source: &mut Session,
    flavour: Flavour,
    statement: &LogPosition,
) -> Result<Option<LogPosition>, ReplicateError> {
    let visible = server::visible_position(source, flavour).await?;
    if visible > *statement {
        return Ok(Some(visible));
    }
    if flavour == Flavour::MariaDb {
        return Ok(None);
    }
    // Without GTIDs the visible position is the start of the log file; but while nothing is being committed, all that the log held before is visible.
    let end = server::log_end(source, flavour).await?;
    let is_behind = end > *statement && !server::is_committing(source).await?;
    Ok(is_behind.then_some(end))
}

/// Reads the definitions, again if a table goes away in between.
async fn read_definitions(source: &mut Session, database: &str) -> Result<Schema, ReplicateError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match schema::read(source, database).await {
            Err(error) if is_not_as_it_was(&error) && tries < READING_TRIES => {}
            read => return read,
        }
    }
}

fn is_not_as_it_was(error: &ReplicateError) -> bool {
    matches!(error, ReplicateError::Refused { side: "source", source, .. }
        if source.mysql_code().is_some_and(|code| NOT_AS_IT_WAS.contains(&code)))
}

/// A copy has ended with an error: begins to copy the tables anew that a statement in the log has changed. Otherwise the error it is, also where the log
/// cannot be searched.
pub(crate) async fn after_failed_copy(
    plan: &StreamPlan,
    state: &StreamState,
    checkpoint: &Checkpoint,
    spool: Option<&Spool>,
    publish: &watch::Sender<Progress>,
    error: ReplicateError,
) -> Result<(), ReplicateError> {
    // No change of the schema fills a disk, and whoever is to make room is told at once.
    if error.may_retry() || matches!(error, ReplicateError::DiskFull { .. }) {
        return Err(error);
    }
    match search::find(plan, checkpoint, spool, publish).await {
        Ok(Some((statement, Meaning::Recopy(tables)))) => {
            begin(plan, state, checkpoint, &statement, tables).await
        }
        Ok(Some((statement, _))) if is_not_as_it_was(&error) => {
            Err(statement.refuse(format!("the copy met what it changed: {error}")))
        }
        Ok(_) | Err(_) => Err(error),
    }
}
