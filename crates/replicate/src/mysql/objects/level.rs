//! Brings the programs of one server level with another's. Doing it twice is harmless: what is equal already is left alone.

use std::collections::BTreeSet;

use serde::Serialize;

use super::compare::is_equal;
use super::definer::{self, Account, Definers};
use super::{Kind, Program, Programs, read};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::translate;
use crate::mysql::server::{self, WRITER_SETUP};
use crate::mysql::sql_mode;
use crate::mysql::value::{quote_name, quote_text};

/// What was made, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Made {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its definer on the source, and on the target where that differs (`None`: the account that made it).
    pub definer: Option<String>,
    /// Whether the definer was replaced.
    pub is_definer_replaced: bool,
}

/// What becomes of a program that the target does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing more is made.
    Ends,
    /// It is left out, and the others are made: it is missing then, and found so by a comparison.
    PassedOver,
}

/// Makes what is missing or differs on the target, of these kinds. Events are made disabled.
pub async fn bring(
    source: &mut Session,
    target: &mut Session,
    database: &str,
    kinds: &[Kind],
    instead: Option<Account>,
) -> Result<Vec<Made>, ReplicateError> {
    let wanted = read(source, database).await?.programs;
    make(target, database, &wanted, kinds, instead, Refusal::Ends).await
}

/// [`bring`] with programs that were read before.
pub async fn make(
    target: &mut Session,
    database: &str,
    wanted: &Programs,
    kinds: &[Kind],
    instead: Option<Account>,
    refusal: Refusal,
) -> Result<Vec<Made>, ReplicateError> {
    let present = read(target, database).await?.programs;
    let mut definers = Definers::new(instead);
    let mut todo: Vec<&Program> = Vec::new();
    for program in wanted
        .values()
        .filter(|program| kinds.contains(&program.kind))
    {
        let there = present.get(&(program.kind, program.name.clone()));
        if !is_level(target, program, there, &mut definers).await? {
            todo.push(program);
        }
    }
    // Triggers of one table and moment fire in the order in which they were made.
    todo.sort_by_key(|program| (program.kind, program.place));
    let mut made = Vec::new();
    while !todo.is_empty() {
        let before = todo.len();
        let (mut later, mut refused) = (Vec::new(), None);
        for program in todo {
            match make_one(target, database, program, &mut definers).await {
                Ok(one) => made.push(one),
                // A view may need another one, which comes later.
                Err(error) if program.kind == Kind::View && !error.may_retry() => {
                    later.push(program);
                    refused = Some(error);
                }
                Err(ReplicateError::Refused { .. }) if refusal == Refusal::PassedOver => {}
                Err(error) => return Err(error),
            }
        }
        match refused.filter(|_| later.len() == before) {
            Some(ReplicateError::Refused { .. }) if refusal == Refusal::PassedOver => break,
            Some(error) => return Err(error),
            None => todo = later,
        }
    }
    Ok(made)
}

/// Whether a program is there as it is to be, with the definer that it would get now: one that was not there when the program was made may be by now.
async fn is_level(
    target: &mut Session,
    program: &Program,
    there: Option<&Program>,
    definers: &mut Definers,
) -> Result<bool, ReplicateError> {
    let Some(there) = there.filter(|there| is_equal(program, there)) else {
        return Ok(false);
    };
    let Some(wanted) = &program.definer else {
        return Ok(true);
    };
    let definer = definers.resolve(target, wanted).await?;
    Ok(definer.is_none() || definer == there.definer)
}

async fn make_one(
    target: &mut Session,
    database: &str,
    program: &Program,
    definers: &mut Definers,
) -> Result<Made, ReplicateError> {
    let definer = match &program.definer {
        Some(wanted) => definers.resolve(target, wanted).await?,
        None => None,
    };
    let flavour = server::version(target).await?.flavour;
    let statement = translate::program(&program.statement, program.quoting(), flavour);
    let statement = definer::with(&statement, definer.as_ref());
    let enabled = match program.kind {
        Kind::Event => with_status(&statement, false),
        _ => statement,
    };
    run(target, database, program, &enabled).await?;
    Ok(Made {
        kind: program.kind,
        name: program.name.clone(),
        is_definer_replaced: definer != program.definer,
        definer: definer.map(|account| account.to_string()),
    })
}

/// Runs the statement that makes a program, under the settings that it is to keep.
pub(super) async fn run(
    target: &mut Session,
    database: &str,
    program: &Program,
    statement: &[u8],
) -> Result<(), ReplicateError> {
    let flavour = server::version(target).await?.flavour;
    target
        .run(
            "choosing the database",
            format!("USE {}", quote_name(database)),
        )
        .await?;
    let doing = format!("making {} {}", program.kind.word(), program.name);
    drop_one(target, program.kind, &program.name).await?;
    // Most programs of MySQL bear a collation that MariaDB does not have, and those of newer versions of MariaDB the other way round.
    let collation = translate::collation(&program.collation, flavour);
    let mut settings = vec![
        format!("character_set_client = {}", program.charset),
        format!(
            "collation_connection = {}",
            collation.as_ref().unwrap_or(&program.collation)
        ),
        format!(
            "sql_mode = {}",
            quote_text(&sql_mode::words_across(
                &program.sql_mode,
                program.flavour,
                flavour
            ))
        ),
    ];
    if let Some(zone) = &program.time_zone {
        settings.push(format!("time_zone = {}", quote_text(zone)));
    }
    let mut made = Ok(0);
    for setting in settings {
        made = target.run(&doing, format!("SET {setting}")).await;
        if made.is_err() {
            break;
        }
    }
    if made.is_ok() {
        made = target.run(&doing, statement).await;
    }
    for setup in WRITER_SETUP {
        target.run("setting the session up again", setup).await?;
    }
    made.map(drop)
}

/// Drops one program of the database that the session stands in.
pub(super) async fn drop_one(
    target: &mut Session,
    kind: Kind,
    name: &str,
) -> Result<(), ReplicateError> {
    let sql = format!("DROP {} IF EXISTS {}", kind.keyword(), quote_name(name));
    let doing = format!("dropping {} {name}", kind.word());
    target.run(&doing, sql).await.map(drop)
}

/// Drops all triggers of a database. Returns their names.
pub async fn drop_triggers(
    session: &mut Session,
    database: &str,
) -> Result<Vec<String>, ReplicateError> {
    let found = read(session, database).await?.programs;
    let names: BTreeSet<String> = found
        .into_keys()
        .filter(|(kind, _)| *kind == Kind::Trigger)
        .map(|(_, name)| name)
        .collect();
    for name in &names {
        drop_one(session, Kind::Trigger, name).await?;
    }
    Ok(names.into_iter().collect())
}

/// Enables or disables events, keeping their definers. Returns the names of those that are not there.
pub async fn set_events(
    session: &mut Session,
    database: &str,
    names: &[String],
    is_enabled: bool,
) -> Result<Vec<String>, ReplicateError> {
    let mut missing = Vec::new();
    if names.is_empty() {
        return Ok(missing);
    }
    let found = read(session, database).await?.programs;
    for name in names {
        let Some(event) = found.get(&(Kind::Event, name.clone())) else {
            missing.push(name.clone());
            continue;
        };
        if event.is_enabled == is_enabled {
            continue;
        }
        // ALTER EVENT makes whoever runs it the definer, unless it is told.
        let definer = event
            .definer
            .as_ref()
            .map(|account| format!("DEFINER = {} ", account.quoted()));
        let sql = format!(
            "ALTER {}EVENT {} {}",
            definer.unwrap_or_default(),
            event.quoted(),
            if is_enabled { "ENABLE" } else { "DISABLE" }
        );
        let doing = format!("switching event {name}");
        session.run(&doing, sql).await?;
    }
    Ok(missing)
}

/// The statement of an event with another status. The server always writes the status itself, behind `ON COMPLETION`.
pub(super) fn with_status(statement: &[u8], is_enabled: bool) -> Vec<u8> {
    const STATUS: [&str; 4] = [
        "DISABLE ON REPLICA",
        "DISABLE ON SLAVE",
        "DISABLE",
        "ENABLE",
    ];
    let wanted: &[u8] = if is_enabled { b"ENABLE" } else { b"DISABLE" };
    for words in ["ON COMPLETION NOT PRESERVE ", "ON COMPLETION PRESERVE "] {
        let Some(start) = statement
            .windows(words.len())
            .position(|some| some == words.as_bytes())
        else {
            continue;
        };
        let (head, tail) = statement.split_at(start + words.len());
        for status in STATUS {
            if let Some(rest) = tail.strip_prefix(status.as_bytes()) {
                return [head, wanted, rest].concat();
            }
        }
    }
    statement.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_status_is_changed_where_the_server_wrote_it() {
        for (statement, disabled) in [
            (
                "CREATE EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION NOT PRESERVE ENABLE DO SELECT 'ENABLE'",
                "CREATE EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION NOT PRESERVE DISABLE DO SELECT 'ENABLE'",
            ),
            (
                "CREATE EVENT `ENABLE` ON SCHEDULE AT '2030-01-01' ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'x' DO SELECT 1",
                "CREATE EVENT `ENABLE` ON SCHEDULE AT '2030-01-01' ON COMPLETION PRESERVE DISABLE COMMENT 'x' DO SELECT 1",
            ),
        ] {
            assert_eq!(
                with_status(statement.as_bytes(), false),
                disabled.as_bytes()
            );
        }
    }
}
