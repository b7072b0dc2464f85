//! What a server, or the way to it, said: in the words of its driver.

use std::io;

use mysql_async::{DriverError, IoError};

use crate::postgres::wire::WireError;

/// The cause of an error, by engine.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Of the MySQL family.
    #[error(transparent)]
    MySql(#[from] mysql_async::Error),
    /// Of PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] WireError),
}

impl Cause {
    /// The number of a refusal by a server of the MySQL family.
    pub fn mysql_code(&self) -> Option<u16> {
        match self {
            Cause::MySql(mysql_async::Error::Server(server)) => Some(server.code),
            _ => None,
        }
    }

    /// The five characters by which PostgreSQL names the reason of a refusal (SQLSTATE).
    pub fn sql_state(&self) -> Option<&str> {
        match self {
            Cause::Postgres(WireError::Server(server)) => Some(&server.state),
            _ => None,
        }
    }

    /// Whether the server's disk is full (PostgreSQL: `disk_full`; MySQL: `ER_DISK_FULL`, `ER_RECORD_FILE_FULL`).
    pub(crate) fn is_disk_full(&self) -> bool {
        self.sql_state() == Some("53100") || matches!(self.mysql_code(), Some(1021 | 1114))
    }

    /// Whether time may heal it: the connection broke, the server is starting or stopping, a lock was not had, a deadlock.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Cause::MySql(error) => is_passing_on_mysql(error),
            Cause::Postgres(WireError::Io(error)) => error.kind() != io::ErrorKind::InvalidData,
            Cause::Postgres(WireError::Server(server)) => is_passing_state(&server.state),
            Cause::Postgres(_) => false,
        }
    }
}

fn is_passing_on_mysql(error: &mysql_async::Error) -> bool {
    match error {
        // A certificate that is not believed now will not be believed later.
        mysql_async::Error::Io(IoError::Tls(_)) => false,
        mysql_async::Error::Io(IoError::Io(error))
            if error.kind() == io::ErrorKind::InvalidData =>
        {
            false
        }
        mysql_async::Error::Io(_) => true,
        mysql_async::Error::Driver(driver) => matches!(driver, DriverError::ConnectionClosed),
        // too many connections, shutdown, forced to close, broken off, network errors, too many of one account, lock wait
        // timeout, deadlock, query interrupted, connection killed, another reader of the log bears our number
        mysql_async::Error::Server(server) => matches!(
            server.code,
            1040 | 1053 | 1080 | 1152 | 1158
                ..=1161 | 1184 | 1203 | 1205 | 1213 | 1317 | 1927 | 4052
        ),
        _ => false,
    }
}

/// The classes and codes are those of appendix A of PostgreSQL's manual.
fn is_passing_state(state: &str) -> bool {
    // connection exceptions; serialization failure, deadlock; too many connections; idle in a transaction for too long; object in use;
    // lock not available; query cancelled, administrator's or crash shutdown, cannot connect now
    state.starts_with("08")
        || matches!(
            state,
            "40001"
                | "40P01"
                | "53300"
                | "25P03"
                | "55006"
                | "55P03"
                | "57014"
                | "57P01"
                | "57P02"
                | "57P03"
        )
}
