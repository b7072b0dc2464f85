//! Where in its log a MySQL server's visible state stands (rule 1).
//!
//! The plain end of the log may run ahead of what a reader sees. `@@gtid_executed` does not: a transaction enters it when it is
//! committed in the engine. So the log is asked for everything that is *not* in that set; the place where the first such
//! transaction begins, or the end of a log that holds none, is a position whose predecessors are all visible.

use futures_util::StreamExt;
use mysql_async::binlog::EventType;
use mysql_async::binlog::events::{Event, EventData};
use mysql_async::{BinlogStreamRequest, Sid};

use super::decode::HEARTBEAT_V2;
use crate::connection::{Address, STATEMENT_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::position::LogPosition;

/// A quiet server says so within this time.
const HEARTBEAT_NS: u64 = 200_000_000;
/// The number under which we register for this short look; above those that people give.
const SERVER_ID: u32 = 0x9e37_79b9;

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
    let request = BinlogStreamRequest::new(SERVER_ID)
        .with_gtid()
        .with_gtid_set(sets);
    let failed = |error| address.error("asking the log what is visible", error);
    let mut stream = session
        .into_conn()
        .get_binlog_stream(request)
        .await
        .map_err(failed)?;
    let mut place = Place { file: None };
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
}

impl Place {
    /// The position, once an event tells it.
    fn take(&mut self, event: &Event) -> Option<LogPosition> {
        let header = event.header();
        let end = u64::from(header.log_pos());
        let at = |offset| LogPosition::new(self.file.as_deref()?, offset);
        match header.event_type() {
            Ok(EventType::GTID_EVENT | EventType::ANONYMOUS_GTID_EVENT) => {
                at(end - u64::from(header.event_size()).min(end))
            }
            Ok(EventType::HEARTBEAT_EVENT) if end > 0 => at(end),
            Ok(EventType::ROTATE_EVENT) => {
                if let Ok(Some(EventData::RotateEvent(rotate))) = event.read_data() {
                    self.file = Some(rotate.name().into_owned());
                }
                None
            }
            Err(_) if header.event_type_raw() == HEARTBEAT_V2 && end > 0 => at(end),
            _ => None,
        }
    }
}
