//! The format of the journal's file, and how an older one becomes the present one.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::error::{BUSY_WAIT_MS, JournalError, classify};

/// Marks a SQLite file as a Reberth journal: the letters `RBJR`.
const APPLICATION_ID: i64 = 0x5242_4A52;

/// One entry per format, oldest first. An entry is never edited after a release: a new format is a new entry.
///
/// Format 1: `events` holds the chain; `head` is one row with the count and the hash of its end, written with every
/// event, so that events removed at the tail are missed; `leases` holds the fencing epoch of each run.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  kind TEXT NOT NULL,
  step TEXT,
  at TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  payload TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run, seq);
CREATE INDEX events_approval ON events (json_extract(payload, '$.hash')) WHERE kind = 'approval';
CREATE INDEX events_created ON events (seq) WHERE kind = 'run_created';
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE leases (
  run TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL,
  taken_at TEXT NOT NULL
) STRICT;
"];

/// The format this binary writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;

/// Opens the file for writing, makes it when it is missing, and brings it to the present format.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, JournalError> {
    let mut connection = connect(path, OpenFlags::default())?;
    if identify(&connection, path)? < FORMAT {
        migrate(&mut connection, path)?;
    }
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
        .map_err(classify("setting the journal's mode"))?;
    Ok(connection)
}

/// Opens an existing file for reading; it works beside a writer and never waits for one.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    if identify(&connection, path)? == 0 {
        return Err(JournalError::NotAJournal {
            path: path.to_owned(),
            found: "an empty database",
        });
    }
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
        Ok(connection)
    };
    open().map_err(|source| JournalError::Open {
        path: path.to_owned(),
        source,
    })
}

/// Looks at the file in one moment: another process may be making it right now.
fn identify(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let moment = connection
        .unchecked_transaction()
        .map_err(classify("reading the journal's head"))?;
    check_identity(&moment, path)
}

/// Refuses what is not a journal or is newer than this binary; returns the format found, 0 for a new file.
fn check_identity(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let not_a_journal = |found| JournalError::NotAJournal {
        path: path.to_owned(),
        found,
    };
    let read = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application =
        read("PRAGMA application_id").map_err(|source| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => not_a_journal("it is not a database"),
            _ => classify("reading the journal's head")(source),
        })?;
    let reading = classify("reading the journal's format");
    let tables = read("SELECT count(*) FROM sqlite_schema").map_err(&reading)?;
    let format = read("PRAGMA user_version").map_err(&reading)?;
    match application {
        APPLICATION_ID if format > FORMAT => Err(JournalError::NewerFormat {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        }),
        APPLICATION_ID => Ok(format),
        0 if tables == 0 => Ok(0),
        _ => Err(not_a_journal("it is another program's database")),
    }
}

/// Applies the formats that the file lacks, all of them or none. The version is read again inside the transaction,
/// because another process may have migrated the file in between.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), JournalError> {
    let migrating = classify("bringing the journal to the present format");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&migrating)?;
    let format = check_identity(&transaction, path)?;
    let applied = usize::try_from(format).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(applied) {
        transaction.execute_batch(migration).map_err(&migrating)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
        .and_then(|()| transaction.commit())
        .map_err(migrating)
}
