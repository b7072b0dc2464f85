//! Triggers that a server loses for as long as rows stream into it, and events that were switched off, with all that brings them back.
//!
//! They are kept on that very server, beside the state of the stream, and written there before anything is taken away: whoever finds the server,
//! after whatever accident, finds what it lacks.

use std::collections::BTreeSet;

use super::{Account, Kind, Program, definer, level, read};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::mysql::state::own_schema;
use crate::mysql::value::{quote_name, quote_text};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS reberth.kept_program (
    database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, kind VARCHAR(20) NOT NULL,
    name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, place BIGINT UNSIGNED NOT NULL, statement LONGBLOB NOT NULL,
    charset VARCHAR(64) NOT NULL, collation VARCHAR(64) NOT NULL, sql_mode VARCHAR(1000) NOT NULL,
    definer VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, PRIMARY KEY (database_name, kind, name)) ENGINE=InnoDB";

/// Keeps the database's triggers and drops them. Returns their names.
pub async fn take_triggers(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let triggers = triggers(session, database).await?;
    store(session, database, &triggers).await?;
    session
        .run(
            "choosing the database",
            format!("USE {}", quote_name(database)),
        )
        .await?;
    for trigger in &triggers {
        level::drop_one(session, Kind::Trigger, &trigger.name).await?;
    }
    Ok(kept(session, database, Kind::Trigger)
        .await?
        .into_iter()
        .map(|trigger| trigger.name)
        .collect())
}

/// Names of the database's triggers; an error if this account could not see them.
pub async fn visible_triggers(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let triggers = triggers(session, database).await?;
    Ok(triggers.into_iter().map(|trigger| trigger.name).collect())
}

async fn triggers(session: &mut Session, database: &str) -> Result<Vec<Program>, ReplicateError> {
    let found = read(session, database).await?;
    require_visible(&found.hidden, Kind::Trigger, session.address().side())?;
    let triggers = found.programs.into_values();
    Ok(triggers
        .filter(|program| program.kind == Kind::Trigger)
        .collect())
}

/// Puts the kept triggers back as they were, and forgets them. Returns their names; doing it twice is harmless.
pub async fn put_triggers_back(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let triggers = kept(session, database, Kind::Trigger).await?;
    let mut names = Vec::new();
    for trigger in &triggers {
        level::run(session, database, trigger, &trigger.statement).await?;
        names.push(trigger.name.clone());
    }
    forget(session, database, Kind::Trigger).await?;
    Ok(names)
}

/// Switches the enabled events off, and keeps which they were. Returns their names.
pub async fn stop_events(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let events: Vec<Program> = read(session, database)
        .await?
        .programs
        .into_values()
        .filter(|program| program.kind == Kind::Event && program.is_enabled)
        .collect();
    store(session, database, &events).await?;
    let names = stopped_events(session, database).await?;
    level::set_events(session, database, &names, false).await?;
    Ok(names)
}

/// Names of the events that [`stop_events`] switched off.
pub async fn stopped_events(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let events = kept(session, database, Kind::Event).await?;
    Ok(events.into_iter().map(|event| event.name).collect())
}

/// Switches the events on that [`stop_events`] switched off, and forgets them. Returns their names.
pub async fn start_events_again(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let names = stopped_events(session, database).await?;
    start_events(session, database, &names).await?;
    Ok(names)
}

/// Switches these events on, and forgets all that were switched off. Returns the names of those that are not there.
pub async fn start_events(
    session: &mut Session,
    database: &str,
    names: &[String],
) -> Result<Vec<String>, ReplicateError> {
    let missing = level::set_events(session, database, names, true).await?;
    forget(session, database, Kind::Event).await?;
    Ok(missing)
}

fn require_visible(
    hidden: &[(Kind, &'static str)],
    wanted: Kind,
    side: &'static str,
) -> Result<(), ReplicateError> {
    match hidden.iter().find(|(kind, _)| *kind == wanted) {
        None => Ok(()),
        Some((kind, right)) => Err(ReplicateError::Blocked(vec![format!(
            "the writing account of the {side} does not see its {}s: grant it {right}",
            kind.word()
        )])),
    }
}

/// Writes programs down; what is kept already stays as it was first.
async fn store(
    session: &mut Session,
    database: &str,
    programs: &[Program],
) -> Result<(), ReplicateError> {
    own_schema::lock(session).await?;
    let written = write(session, database, programs).await;
    own_schema::unlock(session, written).await
}

async fn write(
    session: &mut Session,
    database: &str,
    programs: &[Program],
) -> Result<(), ReplicateError> {
    own_schema::prepare_database(session).await?;
    session.run("making Reberth's tables", TABLE).await?;
    for program in programs {
        let definer = program.definer.as_ref().map(|account| account.to_string());
        let sql = format!(
            "INSERT INTO reberth.kept_program (database_name, kind, name, place, statement, charset, collation, sql_mode, definer) VALUES ({}, '{}', {}, {}, x'{}', {}, {}, {}, {}) \
             ON DUPLICATE KEY UPDATE name = name",
            quote_text(database),
            program.kind.word(),
            quote_text(&program.name),
            program.place,
            hex(&program.statement),
            quote_text(&program.charset),
            quote_text(&program.collation),
            quote_text(&program.sql_mode),
            definer.map_or("NULL".to_owned(), |definer| quote_text(&definer)),
        );
        session.run("keeping a definition", sql).await?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Number of programs of all databases that are kept on a server.
pub async fn count(session: &mut Session) -> Result<u64, ReplicateError> {
    if !exists(session).await? {
        return Ok(0);
    }
    let count: Option<u64> = session
        .row(
            "counting what is kept",
            "SELECT COUNT(*) FROM reberth.kept_program",
        )
        .await?;
    Ok(count.unwrap_or_default())
}

async fn exists(session: &mut Session) -> Result<bool, ReplicateError> {
    let found: Option<u64> = session
        .row(
            "looking for what is kept",
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'reberth' AND TABLE_NAME = 'kept_program'",
        )
        .await?;
    Ok(found == Some(1))
}

/// What is kept of a database, in the order in which it is made again.
async fn kept(
    session: &mut Session,
    database: &str,
    kind: Kind,
) -> Result<Vec<Program>, ReplicateError> {
    if !exists(session).await? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT name, place, statement, charset, collation, sql_mode, definer FROM reberth.kept_program WHERE database_name = {} AND kind = '{}' ORDER BY place, name",
        quote_text(database),
        kind.word()
    );
    type Row = (String, u64, Vec<u8>, String, String, String, Option<String>);
    let rows: Vec<Row> = session.rows("reading what is kept", sql).await?;
    let flavour = server::version(session).await?.flavour;
    let program = |(name, place, statement, charset, collation, sql_mode, definer): Row| Program {
        kind,
        name,
        statement,
        definer: definer.and_then(|words| Account::from_words(&words)),
        charset,
        collation,
        sql_mode,
        time_zone: None,
        is_enabled: true,
        place,
        body: String::new(),
        traits: String::new(),
        flavour,
    };
    Ok(rows.into_iter().map(program).collect())
}

async fn forget(session: &mut Session, database: &str, kind: Kind) -> Result<(), ReplicateError> {
    if !exists(session).await? {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM reberth.kept_program WHERE database_name = {} AND kind = '{}'",
        quote_text(database),
        kind.word()
    );
    session.run("forgetting what was kept", sql).await?;
    Ok(())
}

/// Those of the database's triggers or enabled events that this account could not bring back with their definers: each definer is tried. An error, if
/// it cannot see whether there are any.
pub async fn foreign_definers(
    session: &mut Session,
    database: &str,
    kind: Kind,
) -> Result<Vec<String>, ReplicateError> {
    let found = read(session, database).await?;
    require_visible(&found.hidden, kind, session.address().side())?;
    let is_concerned = |program: &&Program| program.kind == kind && program.is_enabled;
    let concerned: Vec<&Program> = found.programs.values().filter(is_concerned).collect();
    let accounts: BTreeSet<&Account> = concerned
        .iter()
        .filter_map(|program| program.definer.as_ref())
        .collect();
    let mut refused = BTreeSet::new();
    for account in accounts {
        if !is_accepted(session, account).await? {
            refused.insert(account);
        }
    }
    let named = concerned.iter().filter_map(|program| {
        let account = refused.get(program.definer.as_ref()?)?;
        let (word, name) = (program.kind.word(), &program.name);
        Some(format!("{word} {name} of {account}"))
    });
    Ok(named.collect())
}

/// Whether the server takes this definer. Trying makes something in Reberth's schema, so nobody may remove that meanwhile; whoever else waits for it comes in
/// between two tries.
async fn is_accepted(session: &mut Session, account: &Account) -> Result<bool, ReplicateError> {
    own_schema::lock(session).await?;
    let accepted = match own_schema::prepare_database(session).await {
        Ok(()) => definer::may_define(session, account).await,
        Err(error) => Err(error),
    };
    own_schema::unlock(session, accepted).await
}
