//! What a server of the MySQL family tells about itself: its flavour, its identity, its log.

use crate::connection::{Address, Session};
use crate::error::ReplicateError;
use crate::mysql::gtid::GtidSet;
use crate::mysql::log::visible;
use crate::position::LogPosition;

/// Statements that every session which moves rows runs first: bytes as they are, times in UTC.
pub const READER_SETUP: &[&str] = &[
    "SET NAMES binary",
    "SET time_zone = '+00:00'",
    "SET sql_mode = ''",
];

/// The same for connections that rows are copied from. The server may wait long for us to take the next rows: the target may be slower, and a throttle may
/// hold us back.
pub(crate) const ROW_READER_SETUP: &[&str] = &[
    "SET NAMES binary",
    "SET time_zone = '+00:00'",
    "SET sql_mode = ''",
    "SET SESSION net_write_timeout = 600",
];

/// The same for sessions that write rows on the target (rule 19). Zero dates and ids of 0 that the source holds must arrive as
/// they are, and a value that does not fit is an error, never a warning.
pub const WRITER_SETUP: &[&str] = &[
    "SET NAMES binary",
    "SET time_zone = '+00:00'",
    "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
    "SET foreign_key_checks = 0",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
];

/// Which of the two families of servers it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// MariaDB.
    MariaDb,
    /// Oracle MySQL and its relatives.
    MySql,
}

impl Flavour {
    /// The family of the server of that identity.
    pub(crate) fn of(identity: &str) -> Flavour {
        if identity.starts_with("mariadb:") {
            Flavour::MariaDb
        } else {
            Flavour::MySql
        }
    }
}

/// A server's flavour and version.
#[derive(Clone, Debug)]
pub struct ServerVersion {
    /// Which family.
    pub flavour: Flavour,
    /// As the server prints it.
    pub text: String,
}

/// Asks a server what it is.
pub async fn version(session: &mut Session) -> Result<ServerVersion, ReplicateError> {
    let text: String = session
        .row("asking for the version", "SELECT VERSION()")
        .await?
        .unwrap_or_default();
    let flavour = if text.to_ascii_lowercase().contains("mariadb") {
        Flavour::MariaDb
    } else {
        Flavour::MySql
    };
    Ok(ServerVersion { flavour, text })
}

/// What tells this server from every other: a position is comparable only within its log.
pub async fn identity(session: &mut Session, flavour: Flavour) -> Result<String, ReplicateError> {
    Ok(session
        .row("asking for the server's identity", identity_query(flavour))
        .await?
        .unwrap_or_default())
}

/// The query that [`identity`] asks.
pub(crate) fn identity_query(flavour: Flavour) -> &'static str {
    match flavour {
        // MariaDB has no server_uuid: its replication id, host and port name it.
        Flavour::MariaDb => "SELECT CONCAT('mariadb:', @@server_id, ':', @@hostname, ':', @@port)",
        Flavour::MySql => "SELECT CONCAT('mysql:', @@server_uuid)",
    }
}

/// The written end of the log.
pub async fn log_end(
    session: &mut Session,
    flavour: Flavour,
) -> Result<LogPosition, ReplicateError> {
    let doing = "asking for the end of the log";
    let row: Option<mysql_async::Row> = match flavour {
        Flavour::MariaDb => session.row(doing, "SHOW MASTER STATUS").await?,
        Flavour::MySql => match session.row(doing, "SHOW BINARY LOG STATUS").await {
            Ok(row) => row,
            // Before MySQL 8.2 the statement has its old name.
            Err(ReplicateError::Refused { .. }) => session.row(doing, "SHOW MASTER STATUS").await?,
            Err(error) => return Err(error),
        },
    };
    let position = row.and_then(|row| Some((row.get::<String, _>(0)?, row.get::<u64, _>(1)?)));
    position
        .and_then(|(file, offset)| LogPosition::new(&file, offset))
        .ok_or_else(|| {
            ReplicateError::Blocked(vec![format!(
                "the {} server keeps no binary log",
                session.address().side()
            )])
        })
}

/// The names of all transactions that the server has executed and logged. `None`: it gives no names.
pub async fn executed(
    session: &mut Session,
    flavour: Flavour,
) -> Result<Option<GtidSet>, ReplicateError> {
    let sql = match flavour {
        Flavour::MariaDb => "SELECT 'ON', @@global.gtid_binlog_state",
        Flavour::MySql => "SELECT @@global.gtid_mode, @@global.gtid_executed",
    };
    let row: Option<(String, String)> = session.row("asking what was executed", sql).await?;
    let text = row.filter(|(mode, _)| mode == "ON").map(|(_, text)| text);
    Ok(text.and_then(|text| GtidSet::parse(flavour, &text)))
}

/// The names of what the server has executed and no longer has in its log; MySQL only.
pub(crate) async fn purged(
    session: &mut Session,
    flavour: Flavour,
) -> Result<Option<GtidSet>, ReplicateError> {
    if flavour == Flavour::MariaDb {
        return Ok(None);
    }
    let sql = "SELECT @@global.gtid_purged";
    let text: Option<String> = session.row("asking what was purged", sql).await?;
    Ok(text.and_then(|text| GtidSet::parse(flavour, &text)))
}

/// The log files that the server still has, oldest first, with their sizes in bytes.
pub async fn log_files(session: &mut Session) -> Result<Vec<(String, u64)>, ReplicateError> {
    let rows: Vec<mysql_async::Row> = session
        .rows("listing the log files", "SHOW BINARY LOGS")
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.get(0)?, row.get(1)?)))
        .collect())
}

/// Whether a transaction is between its entry into the log and its commit in the engine; MySQL only. One whose name was given beforehand, as on a
/// replica, counts from its beginning.
pub(crate) async fn is_committing(session: &mut Session) -> Result<bool, ReplicateError> {
    let doing = "asking what is being committed";
    let owned: Option<String> = session.row(doing, "SELECT @@global.gtid_owned").await?;
    let nameless: Option<(String, String)> = session
        .row(
            doing,
            "SHOW GLOBAL STATUS LIKE 'Ongoing_anonymous_transaction_count'",
        )
        .await?;
    let is_nameless = nameless.is_none_or(|(_, count)| count != "0");
    Ok(is_nameless || owned.is_none_or(|owned| !owned.is_empty()))
}

/// A position whose predecessors are all visible to a reader that starts afterwards (rule 1).
///
/// MariaDB tells the exact position of a consistent snapshot, also to a read-only user. Elsewhere the plain end of the
/// log may run ahead of what is visible; with GTIDs the server tells what is ([`visible`]), without them the start of the current
/// log file is taken: earlier is never wrong, because replaying full images in log order ends at the same rows.
pub async fn visible_position(
    session: &mut Session,
    flavour: Flavour,
) -> Result<LogPosition, ReplicateError> {
    match flavour {
        Flavour::MariaDb => {
            let position = open_snapshot(session).await?;
            session.run("closing the snapshot", "ROLLBACK").await?;
            Ok(position)
        }
        Flavour::MySql => match visible::position(session.address()).await? {
            Some(position) => Ok(position),
            None => Ok(log_end(session, flavour).await?.at(4)),
        },
    }
}

/// Opens a consistent snapshot in this session and returns its exact position; MariaDB only.
pub async fn open_snapshot(session: &mut Session) -> Result<LogPosition, ReplicateError> {
    session
        .run(
            "opening a snapshot",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        )
        .await?;
    session
        .run(
            "opening a snapshot",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        )
        .await?;
    let status: Vec<(String, String)> = session
        .rows(
            "asking for the snapshot's position",
            "SHOW STATUS LIKE 'binlog_snapshot_%'",
        )
        .await?;
    snapshot_position(&status)
}

/// The position in what MariaDB answers to `SHOW STATUS LIKE 'binlog_snapshot_%'`.
pub(crate) fn snapshot_position(
    status: &[(String, String)],
) -> Result<LogPosition, ReplicateError> {
    let value = |name: &str| {
        status
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    let position = value("binlog_snapshot_file").zip(value("binlog_snapshot_position"));
    position
        .and_then(|(file, offset)| LogPosition::new(file, offset.parse().ok()?))
        .ok_or_else(|| {
            ReplicateError::Blocked(vec![
                "the source does not tell a snapshot's position in its log".to_owned(),
            ])
        })
}

/// Prepared transactions that nobody has decided yet (rule 2). `None`: this account may not see them.
pub async fn undecided_transactions(
    session: &mut Session,
) -> Result<Option<usize>, ReplicateError> {
    match session
        .rows::<mysql_async::Row>("listing prepared transactions", "XA RECOVER")
        .await
    {
        Ok(rows) => Ok(Some(rows.len())),
        Err(ReplicateError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the server takes `LOAD DATA LOCAL`.
pub(crate) async fn takes_local_infile(session: &mut Session) -> Result<bool, ReplicateError> {
    let takes: Option<u64> = session
        .row("asking for local_infile", "SELECT @@global.local_infile")
        .await?;
    Ok(takes == Some(1))
}

/// Opens a session for reading rows.
pub async fn reader(address: &Address) -> Result<Session, ReplicateError> {
    let mut session = address.connect(READER_SETUP).await?;
    if let Some(expected) = address.only_server() {
        let found = identity(&mut session, Flavour::of(expected)).await?;
        require_same(address, expected, &found)?;
    }
    Ok(session)
}

/// An error, which may pass, if another server has taken the place of the one whose log it is about: the stream finds out whether it can go on there.
pub(crate) fn require_same(
    address: &Address,
    expected: &str,
    found: &str,
) -> Result<(), ReplicateError> {
    if found == expected {
        return Ok(());
    }
    Err(ReplicateError::Unreachable {
        side: address.side(),
        host: address.host(),
        doing: format!("looking for {expected}, in whose place stands {found}"),
        source: None,
    })
}

/// Opens a session for writing rows.
pub async fn writer(address: &Address) -> Result<Session, ReplicateError> {
    address.connect(WRITER_SETUP).await
}

/// Opens a session for applying the log: one for writing rows, in which an UPDATE counts the rows that it found.
pub(crate) async fn applier(address: &Address) -> Result<Session, ReplicateError> {
    address.connect_counting_found(WRITER_SETUP).await
}
