//! Where in its log a MySQL server's visible state stands (rule 1).
//!
//! The plain end of the log may run ahead of what a reader sees. `@@gtid_executed` does not: a transaction enters it when it is
//! committed in the engine. So the log is asked for everything that is *not* in that set; the place where the first such
//! transaction begins, or the end of a log that holds none, is a position whose predecessors are all visible.
//!
//! That end is told by signs of life. A server that passes over much of its log gives them too, at places inside transactions, but each at
//! another place: the one that is told twice is the end.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::StreamExt;
use mysql_async::binlog::events::{Event, EventData};
use mysql_async::{BinlogStreamRequest, Sid};

use super::decode::{HEARTBEAT, HEARTBEAT_V2};
use crate::connection::{Address, STATEMENT_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::position::LogPosition;

/// A quiet server says so within this time.
const HEARTBEAT_NS: u64 = 100_000_000;
/// Types of events by number.
const ROTATE: u8 = 4;
const GTID: u8 = 33;
const ANONYMOUS_GTID: u8 = 34;
const TAGGED_GTID: u8 = 42;
/// The numbers under which we register for these short looks begin here, above those that people give.
const SERVER_IDS: u32 = 0x9e37_0000;

/// A number of its own for each look: two under one number would throw each other out.
fn server_id() -> u32 {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    let look = LOOKS.fetch_add(1, Ordering::Relaxed);
    SERVER_IDS + (std::process::id().wrapping_mul(31).wrapping_add(look) & 0xffff)
}

/// The position behind all that is visible. `None`: the server has no GTIDs to tell it by.
pub(crate) async fn position(address: &Address) -> Result<Option<LogPosition>, ReplicateError> {
    let mut session = server::reader(address).await?;
    let row: Option<(String, String)> = session
        .row(
            "asking what is visible",
            "SELECT @@global.gtid_mode, @@global.gtid_executed",
        )
        .await?;
    let Some((_, executed)) = row.filter(|(mode, _)| mode.starts_with("ON")) else {
        return Ok(None);
    };
    let compact: String = executed.chars().filter(|c| !c.is_whitespace()).collect();
    let sets: Result<Vec<Sid<'static>>, _> = compact
        .split(',')
        .filter(|set| !set.is_empty())
        .map(str::parse)
        .collect();
    // Tagged GTIDs are not read by the driver; the caller has another way.
    let Ok(sets) = sets else { return Ok(None) };
    session
        .run(
            "asking for heartbeats",
            format!("SET @master_heartbeat_period = {HEARTBEAT_NS}, @source_heartbeat_period = {HEARTBEAT_NS}"),
        )
        .await?;
    let request = BinlogStreamRequest::new(server_id())
        .with_gtid()
        .with_gtid_set(sets);
    let failed = |error| address.error("asking the log what is visible", error);
    let mut stream = session
        .into_conn()
        .get_binlog_stream(request)
        .await
        .map_err(failed)?;
    let mut place = Place {
        file: None,
        beat: None,
    };
    loop {
        let silent = ReplicateError::Silent {
            side: address.side(),
            host: address.host(),
            doing: "asking the log what is visible".to_owned(),
            limit_s: STATEMENT_LIMIT.as_secs(),
        };
        let event = tokio::time::timeout(STATEMENT_LIMIT, stream.next())
            .await
            .map_err(|_| silent)?;
        let event = event
            .unwrap_or_else(|| Err(mysql_async::DriverError::ConnectionClosed.into()))
            .map_err(failed)?;
        if let Some(position) = place.take(&event) {
            return Ok(Some(position));
        }
    }
}

/// Which file the stream stands in.
struct Place {
    file: Option<String>,
    /// The last sign of life.
    beat: Option<LogPosition>,
}

impl Place {
    /// The position, once an event tells it.
    fn take(&mut self, event: &Event) -> Option<LogPosition> {
        let header = event.header();
        let end = u64::from(header.log_pos());
        match header.event_type_raw() {
            GTID | ANONYMOUS_GTID | TAGGED_GTID => LogPosition::new(
                self.file.as_deref()?,
                end - u64::from(header.event_size()).min(end),
            ),
            HEARTBEAT | HEARTBEAT_V2 if end > 0 => {
                let beat = LogPosition::new(self.file.as_deref()?, end);
                let stays = self.beat == beat;
                self.beat = beat;
                self.beat.clone().filter(|_| stays)
            }
            ROTATE => {
                if let Ok(Some(EventData::RotateEvent(rotate))) = event.read_data() {
                    self.file = Some(rotate.name().into_owned());
                }
                None
            }
            _ => None,
        }
    }
}
