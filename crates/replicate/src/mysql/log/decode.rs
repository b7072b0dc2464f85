//! What each type of event means.

use mysql_async::binlog::events::{FormatDescriptionEvent, GtidEvent};
use mysql_common::binlog::BinlogCtx;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::io::ParseBuf;

use super::event::{Fields, LogEvent, RowAction};
use crate::mysql::gtid::{Gtid, GtidSet};
use crate::mysql::server::Flavour;

/// What an event is, as far as its type number tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server describes its log.
    Format,
    /// The log goes on in another file.
    Rotate,
    /// A statement; `extra` bytes stand before its status variables.
    Query { extra: usize, is_compressed: bool },
    /// A table is described, for the rows that follow.
    TableMap,
    /// Rows.
    Rows {
        action: RowAction,
        version: u8,
        is_compressed: bool,
    },
    /// The transaction is committed.
    Commit,
    /// A whole transaction, compressed.
    Payload,
    /// The server says that its log has a gap.
    Incident,
    /// Nothing that matters.
    Ignorable,
    /// MySQL begins a group, under a name or without one.
    MySqlGtid { gtid: Option<Gtid> },
    /// The names of everything in the files before this one.
    ExecutedBefore(GtidSet),
    /// MariaDB begins a group; it may say that the group ends with a prepare.
    MariaDbGtid {
        /// The group is one statement, with no event that ends it.
        stands_alone: bool,
        /// Name of the transaction to be prepared.
        prepares: Option<String>,
        /// Name of the group.
        gtid: Gtid,
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

/// The server describes its log; the last event that a checksum at its end cannot be told from its content.
pub(super) const FORMAT_DESCRIPTION: u8 = 15;
/// A sign of life; it stands in no file.
pub(super) const HEARTBEAT: u8 = 27;
/// Heartbeats of MySQL from 8.0.26 on, for logs above 4 GiB.
pub(super) const HEARTBEAT_V2: u8 = 41;

/// Flags of MariaDB's GTID event (MariaDB knowledge base, "GTID_EVENT").
const FLAG_STANDALONE: u8 = 1;
const FLAG_GROUP_COMMIT_ID: u8 = 2;
const FLAG_PREPARED_XA: u8 = 64;
const FLAG_COMPLETED_XA: u8 = 128;

/// Bit of the event header that lets a reader pass over a type it does not know.
const FLAG_IGNORABLE: u16 = 0x80;

/// Bytes that the statement of a file load has before its status variables: a file's number, two places in the text, a flag.
const LOAD_EXTRA_BYTES: usize = 13;

/// Types by number: 1 to 42 of both servers (`mysql/binlog/event/binlog_event.h`), 160 to 171 of MariaDB alone (`sql/log_event.h`).
pub(super) fn kind(event: &LogEvent) -> Kind {
    match event.kind {
        2 => query(0, false),
        4 => Kind::Rotate,
        FORMAT_DESCRIPTION => Kind::Format,
        16 => Kind::Commit,
        18 => query(LOAD_EXTRA_BYTES, false),
        19 => Kind::TableMap,
        number @ 23..=25 => rows(number - 23, 1, false),
        26 => Kind::Incident,
        number @ 30..=32 => rows(number - 30, 2, false),
        34 => Kind::MySqlGtid { gtid: None },
        33 | 42 => match mysql_gtid(event) {
            None => Kind::Unreadable("a GTID event is cut short".to_owned()),
            gtid => Kind::MySqlGtid { gtid },
        },
        38 => Kind::XaPrepare {
            xid: mysql_xid(&event.body),
            one_phase: event.body.first().is_some_and(|flag| *flag != 0),
        },
        39 => Kind::Unreadable(
            "a partial JSON update: set binlog_row_value_options to empty".to_owned(),
        ),
        40 => Kind::Payload,
        // Ends and beginnings of the server, parts of statements, notes, signs of life; MariaDB's notes, lists and marks.
        0 | 3 | 5 | 13 | 14 | 17 | HEARTBEAT | 28 | 29 | 36 | 37 | HEARTBEAT_V2 | 160 | 161
        | 164 => Kind::Ignorable,
        35 => mysql_gtid_list(&event.body).map_or(Kind::Ignorable, Kind::ExecutedBefore),
        163 => mariadb_gtid_list(&event.body).map_or(Kind::Ignorable, Kind::ExecutedBefore),
        162 => mariadb_gtid(event.server, &event.body)
            .unwrap_or_else(|| Kind::Unreadable("a GTID event is cut short".to_owned())),
        165 => query(0, true),
        number @ 166..=168 => rows(number - 166, 1, true),
        number @ 169..=171 => rows(number - 169, 2, true),
        _ if event.flags & FLAG_IGNORABLE != 0 => Kind::Ignorable,
        number => Kind::Unreadable(format!("an event of the unknown type {number}")),
    }
}

/// Whether it is a sign of life, which stands in no file.
pub(super) fn is_heartbeat(event: &LogEvent) -> bool {
    [HEARTBEAT, HEARTBEAT_V2].contains(&event.kind)
}

fn query(extra: usize, is_compressed: bool) -> Kind {
    Kind::Query {
        extra,
        is_compressed,
    }
}

/// The three types of a version stand in the same order everywhere.
fn rows(place: u8, version: u8, is_compressed: bool) -> Kind {
    let action = match place {
        0 => RowAction::Insert,
        1 => RowAction::Update,
        _ => RowAction::Delete,
    };
    Kind::Rows {
        action,
        version,
        is_compressed,
    }
}

/// `None` when cut short.
fn mariadb_gtid(server: u64, data: &[u8]) -> Option<Kind> {
    // sequence number (8), domain (4), flags (1), then by flags: commit id (8), name of the XA transaction.
    let mut fields = Fields(data);
    let (number, domain) = (fields.number(8)?, fields.number(4)?);
    let gtid = Gtid {
        origin: format!("{domain}-{server}"),
        number,
    };
    let flags = *data.get(12)?;
    let stands_alone = flags & FLAG_STANDALONE != 0;
    if flags & (FLAG_PREPARED_XA | FLAG_COMPLETED_XA) == 0 {
        return Some(Kind::MariaDbGtid {
            stands_alone,
            prepares: None,
            gtid,
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
        gtid,
    })
}

/// Number of entries (28 bits of 4 bytes), and for each: domain (4), server (4), number (8).
fn mariadb_gtid_list(data: &[u8]) -> Option<GtidSet> {
    let mut fields = Fields(data);
    let count = fields.number(4)? & 0x0fff_ffff;
    let mut set = GtidSet::empty(Flavour::MariaDb);
    for _ in 0..count {
        let (domain, server) = (fields.number(4)?, fields.number(4)?);
        set.add(&Gtid {
            origin: format!("{domain}-{server}"),
            number: fields.number(8)?,
        });
    }
    Some(set)
}

/// Number of servers (8), and for each: its uuid (16), the number of its intervals (8), and of each interval the first number (8) and the one
/// behind the last (8). The form with tags, which a byte above the number marks, is not read.
fn mysql_gtid_list(data: &[u8]) -> Option<GtidSet> {
    let mut fields = Fields(data);
    let count = fields.number(8)?;
    let mut text = String::new();
    if count > u64::from(u32::MAX) {
        return None;
    }
    for _ in 0..count {
        text.push_str(&uuid(fields.bytes(16)?));
        for _ in 0..fields.number(8)? {
            let (first, end) = (fields.number(8)?, fields.number(8)?);
            text.push_str(&format!(":{first}-{}", end.checked_sub(1)?));
        }
        text.push(',');
    }
    GtidSet::parse(Flavour::MySql, &text)
}

fn uuid(bytes: &[u8]) -> String {
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

/// Plain: flags (1), server (16), number (8). The form with a tag is read by the driver.
fn mysql_gtid(event: &LogEvent) -> Option<Gtid> {
    let format = FormatDescriptionEvent::new(BinlogVersion::Version4);
    let context = BinlogCtx::new(event.body.len(), &format, event.kind);
    let read: GtidEvent = ParseBuf(&event.body).parse(context).ok()?;
    let mut origin = uuid(&read.sid());
    if let Some(tag) = read.tag() {
        origin = format!("{origin}:{tag}");
    }
    Some(Gtid {
        origin,
        number: read.gno(),
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
        let gtid = |number| Gtid {
            origin: "0-7".to_owned(),
            number,
        };
        let mut plain = vec![0; 13];
        plain[12] = 8;
        assert_eq!(
            mariadb_gtid(7, &plain),
            Some(Kind::MariaDbGtid {
                stands_alone: false,
                prepares: None,
                gtid: gtid(0),
            })
        );
        let mut prepared = vec![0; 13];
        prepared[12] = FLAG_PREPARED_XA;
        prepared.extend([1, 0, 0, 0, 2, 1, b'a', b'b', b'c']);
        let prepares = Some("X'6162',X'63',1".to_owned());
        assert_eq!(
            mariadb_gtid(7, &prepared),
            Some(Kind::MariaDbGtid {
                stands_alone: false,
                prepares,
                gtid: gtid(0),
            })
        );
        for length in 0..13 {
            assert_eq!(mariadb_gtid(7, &plain[..length]), None);
        }
        assert_eq!(mariadb_gtid(7, &prepared[..prepared.len() - 1]), None);
    }

    #[test]
    fn prepared_names_never_overflow() {
        let mut event = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, b'x', b'y'];
        assert_eq!(mysql_xid(&event), Some("X'78',X'79',1".to_owned()));
        event[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(mysql_xid(&event), None);
    }
}
