//! The log read for the names of its transactions alone.

use super::decode::{self, Kind};
use super::event::Rotation;
use super::live::LiveLog;
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::gtid::{Gtid, GtidSet};
use crate::mysql::server::Flavour;
use crate::position::LogPosition;

/// The number under which we register for this reading; above those that people give.
const SERVER_ID: u32 = 0x9e37_79ba;

/// A log that is read for names.
pub(crate) struct ExecutedLog {
    log: LiveLog,
    position: LogPosition,
}

impl ExecutedLog {
    /// Opens the log of the server of that identity at the beginning of a file.
    pub(crate) async fn open(
        address: &Address,
        flavour: Flavour,
        identity: &str,
        start: LogPosition,
    ) -> Result<ExecutedLog, ReplicateError> {
        Ok(ExecutedLog {
            log: LiveLog::open(address, flavour, Some(identity), &start, SERVER_ID).await?,
            position: start,
        })
    }

    /// What had been executed before this file; it stands at its beginning. `None`: it cannot be read.
    pub(crate) async fn executed_before(&mut self) -> Result<Option<GtidSet>, ReplicateError> {
        loop {
            let event = self.log.next(&self.position).await?;
            match decode::kind(&event) {
                Kind::ExecutedBefore(set) => return Ok(Some(set)),
                // The greeting, the description, and a note on encryption may come before it.
                Kind::Ignorable if !decode::is_heartbeat(&event) => {}
                Kind::Format | Kind::Rotate => {}
                _ => return Ok(None),
            }
        }
    }

    /// The next name with the place where its transaction begins; `None` at the end.
    pub(crate) async fn next_before(
        &mut self,
        end: &LogPosition,
    ) -> Result<Option<(Gtid, LogPosition)>, ReplicateError> {
        while self.position < *end {
            let event = self.log.next(&self.position).await?;
            let begin = event.end_offset.saturating_sub(event.size);
            let begin = self.position.at(begin.max(self.position.offset()));
            if event.end_offset > self.position.offset() {
                self.position = self.position.at(event.end_offset);
            }
            match decode::kind(&event) {
                Kind::MariaDbGtid { gtid, .. } | Kind::MySqlGtid { gtid: Some(gtid) } => {
                    return Ok(Some((gtid, begin)));
                }
                Kind::Rotate => self.enter_file(Rotation::read(&event)),
                _ => {}
            }
        }
        Ok(None)
    }

    fn enter_file(&mut self, rotation: Option<Rotation>) {
        let next = rotation.and_then(|rotation| LogPosition::new(&rotation.file, rotation.offset));
        if let Some(next) = next.filter(|next| *next > self.position) {
            self.position = next;
        }
    }
}
