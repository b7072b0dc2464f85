//! Sequences of MariaDB: made with the tables, and set past the source's at the cutover.
//!
//! A sequence is a table of one row for its server, and stands in the log like one. Those rows are passed over: a server takes numbers from it by the
//! thousand, so what it says is how far the numbers were given away, and that is what the cutover asks for.

use serde::Serialize;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::counter::MARGIN;
use crate::mysql::value::{quote_name, quote_text};

/// The next number of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SequenceValue {
    /// The sequence.
    pub name: String,
    /// The next number that was not given away.
    pub next: i64,
}

/// Names of the sequences of a database.
pub async fn names(session: &mut Session, database: &str) -> Result<Vec<String>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'SEQUENCE' ORDER BY 1",
        quote_text(database)
    );
    session.rows("listing sequences", sql).await
}

/// The server's statement that makes a sequence; it does not say how far the sequence has come.
pub async fn definition(
    session: &mut Session,
    database: &str,
    name: &str,
) -> Result<String, ReplicateError> {
    let sql = format!(
        "SHOW CREATE SEQUENCE {}.{}",
        quote_name(database),
        quote_name(name)
    );
    let made: Option<(String, String)> =
        session.row("reading a sequence's definition", sql).await?;
    Ok(made.map(|(_, statement)| statement).unwrap_or_default())
}

/// Makes the source's sequences on the target, anew, before the tables whose defaults take numbers from them. The target stands in the database.
pub(crate) async fn make(
    source: &mut Session,
    target: &mut Session,
    database: &str,
    names: &[String],
) -> Result<(), ReplicateError> {
    for name in names {
        let statement = definition(source, database, name).await?;
        let sql = format!("DROP SEQUENCE IF EXISTS {}", quote_name(name));
        target.run("replacing a sequence", sql).await?;
        let doing = format!("making sequence {name}");
        target.run(&doing, statement).await?;
    }
    Ok(())
}

/// Sets each sequence of `to` past that of `from`, never back. Returns the numbers as set.
pub async fn align(
    from: &mut Session,
    to: &mut Session,
    database: &str,
) -> Result<Vec<SequenceValue>, ReplicateError> {
    let mut set = Vec::new();
    for name in names(from, database).await? {
        let place = format!("{}.{}", quote_name(database), quote_name(&name));
        let (next, increment, lowest, highest) = read(from, &place).await?;
        let ahead = next.saturating_add(increment.saturating_mul(MARGIN as i64));
        // At the end of its numbers there is no margin to be had.
        let value = if (lowest..=highest).contains(&ahead) {
            ahead
        } else {
            next
        };
        let sql = format!("SELECT SETVAL({place}, {value}, 0)");
        to.rows::<Option<i64>>("aligning a sequence", sql).await?;
        let (now, ..) = read(to, &place).await?;
        if (increment > 0 && now < next) || (increment < 0 && now > next) {
            return Err(ReplicateError::Blocked(vec![format!(
                "sequence {name} was set to {value} and reads {now}"
            )]));
        }
        set.push(SequenceValue { name, next: now });
    }
    Ok(set)
}

/// Next number, increment, lowest and highest number.
async fn read(session: &mut Session, place: &str) -> Result<(i64, i64, i64, i64), ReplicateError> {
    let sql = format!(
        "SELECT next_not_cached_value, increment, minimum_value, maximum_value FROM {place}"
    );
    let row: Option<(i64, i64, i64, i64)> = session.row("reading a sequence", sql).await?;
    Ok(row.unwrap_or_default())
}
