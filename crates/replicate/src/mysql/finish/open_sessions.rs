//! Sessions that stand in the source's database when a move has ended without a cutover.
//!
//! The log tells who has written, not who may yet do so: a session that is silent now can write to the source a moment later, and nothing carries that
//! over any more. No fence keeps it out here, so it is named; whether it belongs to the application, a person knows.

use std::collections::BTreeMap;

use mysql_async::Row;
use serde::Serialize;

use crate::connection::Session;
use crate::error::ReplicateError;

/// Who holds sessions in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenSessions {
    /// The account, as the server names it.
    pub user: String,
    /// From where, without the port.
    pub host: String,
    /// How many there are.
    pub sessions: usize,
}

/// What the server runs itself, and those that read its log.
const OF_THE_SERVER: [&str; 3] = ["system user", "event_scheduler", "unauthenticated user"];

/// The sessions of other accounts that stand in the database. `None`: this account may see no sessions but its own (it lacks PROCESS).
pub(super) async fn read(
    source: &mut Session,
    database: &str,
) -> Result<Option<Vec<OpenSessions>>, ReplicateError> {
    let own = source.address().user().to_owned();
    // Not asked of information_schema: MySQL refuses that while any session runs a statement whose bytes are no text.
    let rows: Vec<Row> = source.rows("listing sessions", "SHOW PROCESSLIST").await?;
    let text = |row: &Row, column: usize| row.get_opt::<String, _>(column)?.ok();
    let others: Vec<&Row> = rows
        .iter()
        .filter(|row| text(row, 1).is_some_and(|user| user != own))
        .collect();
    if others.is_empty() && !sees_all(source).await? {
        return Ok(None);
    }
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in others {
        let (user, host) = (text(row, 1), text(row, 2));
        let (Some(user), Some(host)) = (user, host) else {
            continue;
        };
        let stands_there = text(row, 3).is_some_and(|at| at.eq_ignore_ascii_case(database));
        if stands_there && !OF_THE_SERVER.contains(&user.as_str()) {
            let host = host
                .rsplit_once(':')
                .map_or(host.as_str(), |(host, _)| host);
            *counts.entry((user, host.to_owned())).or_default() += 1;
        }
    }
    let open = counts
        .into_iter()
        .map(|((user, host), sessions)| OpenSessions {
            user,
            host,
            sessions,
        });
    Ok(Some(open.collect()))
}

/// Whether this account was granted the right to see the sessions of others.
async fn sees_all(source: &mut Session) -> Result<bool, ReplicateError> {
    let sql = "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'PROCESS' AND REPLACE(GRANTEE, '''', '') = CURRENT_USER()";
    let rights: Option<u64> = source.row("asking for the right PROCESS", sql).await?;
    Ok(rights.unwrap_or_default() > 0)
}
