//! The log as a running server sends it.

use std::time::Duration;

use super::decode::{FORMAT_DESCRIPTION, HEARTBEAT, HEARTBEAT_V2};
use super::event::LogEvent;
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::mysql::wire::RowReader;
use crate::position::LogPosition;

/// The server sends a sign of life this often when its log is quiet.
const HEARTBEAT_S: u64 = 1;
/// Silence for this long means that the connection is dead, whatever the network says.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// Bytes of the checksum at the end of an event, and of the description's number for its method before that.
const CHECKSUM_BYTES: usize = 4;
const METHOD_BYTES: usize = 1;
const METHOD_CRC32: u8 = 1;
const DOING: &str = "reading the log";

/// An open connection that sends the log.
pub(crate) struct LiveLog {
    reader: RowReader,
    address: Address,
    checksum: Checksum,
}

/// Whether events end with a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checksum {
    /// The server has not described its log yet; until then one could not be told from an event's content.
    Unknown,
    None,
    Crc32,
}

impl LiveLog {
    /// Opens the log at a position. `server_id` must differ from every replica of that server. With an identity, the log of that server
    /// and no other: behind one address another server may stand since the caller looked, with a file of the same name.
    pub(crate) async fn open(
        address: &Address,
        flavour: Flavour,
        identity: Option<&str>,
        from: &LogPosition,
        server_id: u32,
    ) -> Result<LiveLog, ReplicateError> {
        let files = server::log_files(&mut server::reader(address).await?).await?;
        let period_ns = HEARTBEAT_S * 1_000_000_000;
        let heartbeats = format!(
            "SET @master_heartbeat_period = {period_ns}, @source_heartbeat_period = {period_ns}"
        );
        let mut setup = vec![
            heartbeats.as_str(),
            // Checksums are sent as they stand in the file.
            "SET @master_binlog_checksum = 'ALL', @source_binlog_checksum = 'ALL'",
        ];
        if flavour == Flavour::MariaDb {
            // 4: we understand MariaDB's own events; without it the server rewrites them.
            setup.push("SET @mariadb_slave_capability = 4");
        }
        let mut reader = RowReader::connect(address, &setup).await?;
        if let Some(expected) = identity {
            // Asked on the connection that sends the log.
            let found = reader.text(DOING, server::identity_query(flavour)).await?;
            server::require_same(address, expected, &found)?;
        }
        if !files.iter().any(|(file, _)| file == from.file()) {
            return Err(ReplicateError::LogPurged {
                position: from.clone(),
            });
        }
        let opened = reader.begin_log(server_id, from).await;
        opened.map_err(|error| log_error(address, from, error))?;
        Ok(LiveLog {
            reader,
            address: address.clone(),
            checksum: Checksum::Unknown,
        })
    }

    /// The next event; waits for it. `position` is the last one read, for the error.
    pub(crate) async fn next(
        &mut self,
        position: &LogPosition,
    ) -> Result<LogEvent, ReplicateError> {
        let next = tokio::time::timeout(SILENCE_LIMIT, self.reader.next_log_packet()).await;
        let next = next.map_err(|_| self.address.silent(DOING, SILENCE_LIMIT))?;
        let packet = next.map_err(|error| log_error(&self.address, position, error))?;
        let Some(packet) = packet else {
            let closed = mysql_async::DriverError::ConnectionClosed;
            return Err(self.address.error(DOING, mysql_async::Error::from(closed)));
        };
        self.event(packet)
            .map_err(|reason| ReplicateError::LogUnreadable {
                position: position.clone(),
                reason: reason.to_owned(),
            })
    }

    /// The event of a packet, without the byte before it and the checksum behind it.
    fn event(&mut self, mut packet: Vec<u8>) -> Result<LogEvent, &'static str> {
        const CUT_SHORT: &str = "an event is cut short";
        let start = 1 + LogEvent::HEADER_BYTES;
        let head = packet.get(1..start).ok_or(CUT_SHORT)?;
        let mut event = LogEvent::from_header(head).ok_or(CUT_SHORT)?;
        let tail = if event.kind == FORMAT_DESCRIPTION {
            let end = packet.len().checked_sub(CHECKSUM_BYTES + METHOD_BYTES);
            let method = end.filter(|end| *end >= start).map(|end| packet[end]);
            self.checksum = match method.ok_or(CUT_SHORT)? {
                METHOD_CRC32 => Checksum::Crc32,
                _ => Checksum::None,
            };
            CHECKSUM_BYTES + METHOD_BYTES
        } else if self.checksum == Checksum::Crc32 {
            if !is_sound(&event, &packet[1..]) {
                return Err(
                    "an event does not match its checksum: the source's log file is damaged",
                );
            }
            CHECKSUM_BYTES
        } else {
            0
        };
        let end = packet.len().checked_sub(tail);
        let end = end.filter(|end| *end >= start).ok_or(CUT_SHORT)?;
        packet.truncate(end);
        packet.drain(..start);
        event.body = packet;
        Ok(event)
    }
}

/// Whether an event matches its checksum, if it stands in a file.
fn is_sound(event: &LogEvent, bytes: &[u8]) -> bool {
    if event.end_offset == 0 || [HEARTBEAT, HEARTBEAT_V2].contains(&event.kind) {
        return true;
    }
    bytes
        .split_last_chunk::<CHECKSUM_BYTES>()
        .is_some_and(|(content, checksum)| {
            let mut crc = flate2::Crc::new();
            crc.update(content);
            crc.sum() == u32::from_le_bytes(*checksum)
        })
}

/// Tells "the log is gone" (final) from "the connection is gone" (passing).
fn log_error(
    address: &Address,
    position: &LogPosition,
    error: mysql_async::Error,
) -> ReplicateError {
    match &error {
        // ER_MASTER_FATAL_ERROR_READING_BINLOG, with the reason in words only.
        mysql_async::Error::Server(server) if server.code == 1236 => {
            let message = server.message.to_ascii_lowercase();
            let gone = ["could not find", "purged", "not found", "first log file"]
                .iter()
                .any(|words| message.contains(words));
            if gone {
                ReplicateError::LogPurged {
                    position: position.clone(),
                }
            } else if message.contains("same server_uuid/server_id") {
                // A reader of ours that began later; whether it may is decided by the epoch. MariaDB has a number of its own for it.
                ReplicateError::Unreachable {
                    side: address.side(),
                    host: address.host(),
                    doing: "reading the log".to_owned(),
                    source: Some(Box::new(error.into())),
                }
            } else {
                ReplicateError::LogUnreadable {
                    position: position.clone(),
                    reason: server.message.clone(),
                }
            }
        }
        _ => address.error("reading the log", error),
    }
}
