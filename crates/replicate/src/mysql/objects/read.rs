//! Reads the programs of a database as far as the account may see them.

use super::definer::{self, Account};
use super::{Found, Kind, Program};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::mysql::value::{quote_name, quote_text};

/// Reads all programs of a database.
pub async fn read(session: &mut Session, database: &str) -> Result<Found, ReplicateError> {
    let flavour = server::version(session).await?.flavour;
    let mut found = Found::default();
    session
        .run(
            "choosing the database",
            format!("USE {}", quote_name(database)),
        )
        .await?;
    // The columns of a view are put together from their names, and may be a thousand.
    session
        .run(
            "asking for long lists",
            "SET SESSION group_concat_max_len = 1048576",
        )
        .await?;
    for kind in Kind::ALL {
        if let Some(right) = missing_right(session, flavour, database, kind).await? {
            found.hidden.push((kind, right));
        }
        read_kind(session, flavour, database, kind, &mut found).await?;
    }
    Ok(found)
}

async fn read_kind(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    kind: Kind,
    found: &mut Found,
) -> Result<(), ReplicateError> {
    let doing = format!("listing {}s", kind.word());
    let rows: Vec<mysql_async::Row> = session
        .rows(&doing, kind.list_query(&quote_text(database)))
        .await?;
    for row in rows {
        let text = |index: usize| {
            row.get::<Option<String>, _>(index)
                .flatten()
                .unwrap_or_default()
        };
        let name = text(0);
        match statement(session, kind, &name).await {
            Ok(statement) => {
                let program = Program {
                    kind,
                    statement,
                    definer: Account::from_words(&text(1)),
                    charset: text(2),
                    collation: text(3),
                    sql_mode: text(4),
                    time_zone: Some(text(5)).filter(|zone| !zone.is_empty()),
                    is_enabled: kind != Kind::Event || text(6).eq_ignore_ascii_case("enabled"),
                    place: row.get(7).unwrap_or_default(),
                    body: text(8).trim().to_owned(),
                    traits: text(9),
                    name: name.clone(),
                    flavour,
                };
                found.programs.insert((kind, name), program);
            }
            Err(error) if error.may_retry() => return Err(error),
            Err(error) => found.unreadable.push((kind, name, reason(&error))),
        }
    }
    Ok(())
}

/// The statement that makes a program. That a view can be read is tried too: one that refers to what is gone cannot be made anywhere.
async fn statement(
    session: &mut Session,
    kind: Kind,
    name: &str,
) -> Result<Vec<u8>, ReplicateError> {
    let doing = format!("reading the definition of {} {name}", kind.word());
    if kind == Kind::View {
        let sql = format!("SHOW COLUMNS FROM {}", quote_name(name));
        match session.rows::<mysql_async::Row>(&doing, sql).await {
            Err(ReplicateError::Refused { source, .. })
                if source.mysql_code() == Some(EXECUTE_DENIED) => {}
            answer => drop(answer?),
        }
    }
    let sql = format!("SHOW CREATE {} {}", kind.keyword(), quote_name(name));
    let row: Option<mysql_async::Row> = session.row(&doing, sql).await?;
    row.and_then(|row| {
        row.get::<Option<Vec<u8>>, _>(kind.statement_column())
            .flatten()
    })
    .ok_or_else(|| {
        ReplicateError::Blocked(vec![format!(
            "the account {} may not read the definition of {} {name}",
            session.address().user(),
            kind.word()
        )])
    })
}

/// Using a view wants the right to run its functions; knowing it does not.
const EXECUTE_DENIED: u16 = 1370;

/// The server's own words, where there are any.
fn reason(error: &ReplicateError) -> String {
    match error {
        ReplicateError::Refused { source, .. } => source.to_string(),
        error => error.to_string(),
    }
}

/// The right that this account lacks to see programs of that kind. Servers do not refuse: they list nothing.
async fn missing_right(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    kind: Kind,
) -> Result<Option<&'static str>, ReplicateError> {
    let (right, grant) = match (kind, flavour) {
        (Kind::View, _) => return Ok(None),
        (Kind::Trigger, _) => ("TRIGGER", "TRIGGER on the database"),
        (Kind::Event, _) => ("EVENT", "EVENT on the database"),
        (Kind::Function | Kind::Procedure, Flavour::MariaDb) => {
            let listed = session
                .run("looking for routines", "SELECT 1 FROM mysql.proc LIMIT 0")
                .await;
            return match listed {
                Ok(_) => Ok(None),
                Err(ReplicateError::Refused { .. }) => Ok(Some("SELECT ON mysql.proc")),
                Err(error) => Err(error),
            };
        }
        (Kind::Function | Kind::Procedure, Flavour::MySql) => {
            ("SHOW_ROUTINE", "SHOW_ROUTINE ON *.*")
        }
    };
    Ok((!has_right(session, database, right).await?).then_some(grant))
}

/// Whether the account itself, or everybody's rights through its roles, holds a right on the database.
async fn has_right(
    session: &mut Session,
    database: &str,
    right: &str,
) -> Result<bool, ReplicateError> {
    let Some(own) = definer::own(session).await? else {
        return Ok(false);
    };
    let (grantee, right, database) = (
        definer::own_grantee(&own),
        quote_text(right),
        quote_text(database),
    );
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {grantee} AND PRIVILEGE_TYPE = {right}) \
         + (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = {grantee} AND PRIVILEGE_TYPE = {right} AND {database} LIKE TABLE_SCHEMA)"
    );
    let held: Option<u64> = session.row("asking for our own rights", sql).await?;
    Ok(held.is_some_and(|held| held > 0))
}
