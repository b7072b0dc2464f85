//! Event types that the driver does not read: MariaDB's own, and prepared transactions.

use mysql_async::binlog::EventType;
use mysql_async::binlog::events::Event;

/// What an event is, as far as its type number tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The driver reads it.
    Known,
    /// Nothing that matters.
    Ignorable,
    /// MySQL begins a group.
    MySqlGtid,
    /// MariaDB begins a group; it may say that the group ends with a prepare.
    MariaDbGtid {
        /// The group is one statement, with no event that ends it.
        stands_alone: bool,
        /// Name of the transaction to be prepared.
        prepares: Option<String>,
    },
    /// A transaction was prepared.
    XaPrepare {
        /// Its name, where the event holds it.
        xid: Option<String>,
        /// It was committed in the same breath.
        one_phase: bool,
    },
    /// It may hold changes that cannot be read.
    Unreadable(String),
}

/// Heartbeats of MySQL from 8.0.26 on, for logs above 4 GiB.
pub(super) const HEARTBEAT_V2: u8 = 41;
const MARIADB_ANNOTATE_ROWS: u8 = 160;
const MARIADB_BINLOG_CHECKPOINT: u8 = 161;
const MARIADB_GTID: u8 = 162;
const MARIADB_GTID_LIST: u8 = 163;
const MARIADB_START_ENCRYPTION: u8 = 164;

/// Flags of MariaDB's GTID event (MariaDB knowledge base, "GTID_EVENT").
const FLAG_STANDALONE: u8 = 1;
const FLAG_GROUP_COMMIT_ID: u8 = 2;
const FLAG_PREPARED_XA: u8 = 64;
const FLAG_COMPLETED_XA: u8 = 128;

/// Bit of the event header that lets a reader pass over a type it does not know.
const FLAG_IGNORABLE: u16 = 0x80;

pub(super) fn kind(event: &Event) -> Kind {
    let raw = event.header().event_type_raw();
    match raw {
        MARIADB_GTID => mariadb_gtid(event.data())
            .unwrap_or_else(|| Kind::Unreadable("a GTID event is cut short".to_owned())),
        MARIADB_ANNOTATE_ROWS
        | MARIADB_BINLOG_CHECKPOINT
        | MARIADB_GTID_LIST
        | MARIADB_START_ENCRYPTION => Kind::Ignorable,
        165..=171 => Kind::Unreadable(
            "the source compresses its log events (log_bin_compress=ON)".to_owned(),
        ),
        _ => match event.header().event_type() {
            Ok(EventType::XA_PREPARE_LOG_EVENT) => Kind::XaPrepare {
                xid: mysql_xid(event.data()),
                one_phase: event.data().first().is_some_and(|flag| *flag != 0),
            },
            // The driver unpacks it and hands its events on, but says nothing if that fails.
            Ok(EventType::TRANSACTION_PAYLOAD_EVENT) => {
                match event.read_event::<mysql_async::binlog::events::TransactionPayloadEvent<'_>>()
                {
                    Ok(_) => Kind::Ignorable,
                    Err(error) => Kind::Unreadable(format!(
                        "a compressed transaction cannot be unpacked: {error}"
                    )),
                }
            }
            Ok(EventType::PARTIAL_UPDATE_ROWS_EVENT) => Kind::Unreadable(
                "a partial JSON update: set binlog_row_value_options to empty".to_owned(),
            ),
            Ok(EventType::HEARTBEAT_EVENT) => Kind::Ignorable,
            Ok(EventType::GTID_EVENT | EventType::ANONYMOUS_GTID_EVENT) => Kind::MySqlGtid,
            Ok(_) => Kind::Known,
            Err(_) if event.header().flags_raw() & FLAG_IGNORABLE != 0 || raw == HEARTBEAT_V2 => {
                Kind::Ignorable
            }
            Err(_) => Kind::Unreadable(format!("an event of the unknown type {raw}")),
        },
    }
}

/// `None` when cut short.
fn mariadb_gtid(data: &[u8]) -> Option<Kind> {
    // sequence number (8), domain (4), flags (1), then by flags: commit id (8), name of the XA transaction.
    let flags = *data.get(12)?;
    let stands_alone = flags & FLAG_STANDALONE != 0;
    if flags & (FLAG_PREPARED_XA | FLAG_COMPLETED_XA) == 0 {
        return Some(Kind::MariaDbGtid {
            stands_alone,
            prepares: None,
        });
    }
    let start = if flags & FLAG_GROUP_COMMIT_ID != 0 {
        21
    } else {
        13
    };
    let name = xid_name(data.get(start..)?)?;
    Some(Kind::MariaDbGtid {
        stands_alone,
        prepares: (flags & FLAG_PREPARED_XA != 0).then_some(name),
    })
}

/// Format (4), length of the global part (1), length of the branch part (1), both parts.
fn xid_name(data: &[u8]) -> Option<String> {
    let format = u32::from_le_bytes(data.get(..4)?.try_into().ok()?);
    let (global_length, branch_length) = (usize::from(*data.get(4)?), usize::from(*data.get(5)?));
    let parts = data.get(6..6 + global_length + branch_length)?;
    Some(name(
        &parts[..global_length],
        &parts[global_length..],
        format,
    ))
}

/// One phase (1), format (4), lengths (4 and 4), both parts: MySQL's XA_PREPARE_LOG_EVENT, which MariaDB shares.
fn mysql_xid(data: &[u8]) -> Option<String> {
    let number = |at: usize| Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?));
    let (format, global_length, branch_length) =
        (number(1)?, number(5)? as usize, number(9)? as usize);
    let parts = data.get(
        13..13usize
            .checked_add(global_length)?
            .checked_add(branch_length)?,
    )?;
    Some(name(
        &parts[..global_length],
        &parts[global_length..],
        format,
    ))
}

/// The form in which `XA COMMIT X'…',X'…',n` writes it.
fn name(global: &[u8], branch: &[u8], format: u32) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    format!("X'{}',X'{}',{format}", hex(global), hex(branch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mariadb_group_headers_are_read_and_short_ones_refused() {
        let mut plain = vec![0; 13];
        plain[12] = 8;
        assert_eq!(
            mariadb_gtid(&plain),
            Some(Kind::MariaDbGtid {
                stands_alone: false,
                prepares: None
            })
        );
        let mut prepared = vec![0; 13];
        prepared[12] = FLAG_PREPARED_XA;
        prepared.extend([1, 0, 0, 0, 2, 1, b'a', b'b', b'c']);
        let prepares = Some("X'6162',X'63',1".to_owned());
        assert_eq!(
            mariadb_gtid(&prepared),
            Some(Kind::MariaDbGtid {
                stands_alone: false,
                prepares
            })
        );
        for length in 0..13 {
            assert_eq!(mariadb_gtid(&plain[..length]), None);
        }
        assert_eq!(mariadb_gtid(&prepared[..prepared.len() - 1]), None);
    }

    #[test]
    fn prepared_names_never_overflow() {
        let mut event = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, b'x', b'y'];
        assert_eq!(mysql_xid(&event), Some("X'78',X'79',1".to_owned()));
        event[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(mysql_xid(&event), None);
    }
}
