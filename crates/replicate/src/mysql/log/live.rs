//! The log as a running server sends it.

use std::time::Duration;

use futures_util::StreamExt;
use mysql_async::binlog::BinlogChecksumAlg;
use mysql_async::binlog::events::Event;
use mysql_async::{BinlogStream, BinlogStreamRequest};

use super::decode::{FORMAT_DESCRIPTION, HEARTBEAT, HEARTBEAT_V2};
use super::event::LogEvent;
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;

/// The server sends a sign of life this often when its log is quiet.
const HEARTBEAT_S: u64 = 1;
/// Silence for this long means that the connection is dead, whatever the network says.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// An open connection that sends the log.
pub(crate) struct LiveLog {
    stream: BinlogStream,
    address: Address,
    /// The server has described its format; before that a checksum at an event's end cannot be told from its content.
    is_described: bool,
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
        let mut session = server::reader(address).await?;
        if let Some(expected) = identity {
            let found = server::identity(&mut session, flavour).await?;
            server::require_same(address, expected, &found)?;
        }
        let files = server::log_files(&mut session).await?;
        if !files.iter().any(|(file, _)| file == from.file()) {
            return Err(ReplicateError::LogPurged {
                position: from.clone(),
            });
        }
        let period_ns = HEARTBEAT_S * 1_000_000_000;
        session
            .run(
                "asking for heartbeats",
                format!("SET @master_heartbeat_period = {period_ns}, @source_heartbeat_period = {period_ns}"),
            )
            .await?;
        if flavour == Flavour::MariaDb {
            // 4: we understand MariaDB's own events; without it the server rewrites them.
            session
                .run(
                    "announcing what we understand",
                    "SET @mariadb_slave_capability = 4",
                )
                .await?;
        }
        let request = BinlogStreamRequest::new(server_id)
            .with_filename(from.file().as_bytes())
            .with_pos(from.offset());
        let opened = session.into_conn().get_binlog_stream(request).await;
        Ok(LiveLog {
            stream: opened.map_err(|error| log_error(address, from, error))?,
            address: address.clone(),
            is_described: false,
        })
    }

    /// The next event; waits for it. `position` is the last one read, for the error.
    pub(crate) async fn next(
        &mut self,
        position: &LogPosition,
    ) -> Result<LogEvent, ReplicateError> {
        loop {
            let silent = || ReplicateError::Silent {
                side: self.address.side(),
                host: self.address.host(),
                doing: "reading the log".to_owned(),
                limit_s: SILENCE_LIMIT.as_secs(),
            };
            let next = tokio::time::timeout(SILENCE_LIMIT, self.stream.next()).await;
            let event = match next.map_err(|_| silent())? {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Err(log_error(&self.address, position, error)),
                None => {
                    let closed =
                        mysql_async::Error::from(mysql_async::DriverError::ConnectionClosed);
                    return Err(self.address.error("reading the log", closed));
                }
            };
            // What the driver unpacks from a compressed transaction; it says nothing when that fails, so we do it again.
            if !event.footer().get_checksum_enabled() {
                continue;
            }
            if self.is_described && !is_sound(&event) {
                return Err(ReplicateError::LogUnreadable {
                    position: position.clone(),
                    reason:
                        "an event does not match its checksum: the source's log file is damaged"
                            .to_owned(),
                });
            }
            self.is_described |= event.header().event_type_raw() == FORMAT_DESCRIPTION;
            return Ok(LogEvent::from_driver(&event));
        }
    }
}

/// Whether the event matches its checksum, if it stands in a file and has one.
fn is_sound(event: &Event) -> bool {
    let header = event.header();
    let number = header.event_type_raw();
    if header.log_pos() == 0 || [FORMAT_DESCRIPTION, HEARTBEAT, HEARTBEAT_V2].contains(&number) {
        return true;
    }
    match event.footer().get_checksum_alg() {
        Ok(Some(method @ BinlogChecksumAlg::BINLOG_CHECKSUM_ALG_CRC32)) => {
            event.checksum() == Some(event.calc_checksum(method).to_le_bytes())
        }
        _ => true,
    }
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
