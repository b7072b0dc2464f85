//! Reads the spool while it grows.

use std::io::{Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::frame::{self, FrameKey};
use super::{Start, Written, failed};
use crate::error::ReplicateError;
use crate::mysql::log::event::LogEvent;
use crate::position::LogPosition;

/// A reader of the spool from one of its frames on.
#[derive(Debug)]
pub(crate) struct SpoolReader {
    path: PathBuf,
    key: Arc<FrameKey>,
    /// Number and place of the next frame.
    next: (u64, u64),
    start: LogPosition,
    written: watch::Receiver<Written>,
    stop: watch::Sender<bool>,
    held: Vec<u8>,
    /// Bytes of `held` that are used up.
    used: usize,
}

impl SpoolReader {
    pub(super) fn new(
        path: PathBuf,
        key: Arc<FrameKey>,
        start: Start,
        written: watch::Receiver<Written>,
        stop: watch::Sender<bool>,
    ) -> SpoolReader {
        SpoolReader {
            path,
            key,
            next: (start.number, start.bytes),
            start: start.position,
            written,
            stop,
            held: Vec::new(),
            used: 0,
        }
    }

    /// The position in the log before the first event.
    pub(crate) fn start(&self) -> &LogPosition {
        &self.start
    }

    /// The next event. `None`: all is read, nothing more is written, and the source's log goes on from here.
    pub(crate) async fn next(&mut self) -> Result<Option<LogEvent>, ReplicateError> {
        loop {
            if let Some((event, length)) = LogEvent::read(&self.held[self.used..]) {
                self.used += length;
                return Ok(Some(event));
            }
            let (bytes, has_ended) = {
                let written = self.written.borrow();
                (written.bytes, written.has_ended)
            };
            if self.next.1 < bytes {
                self.load().await?;
            } else if has_ended {
                return Ok(None);
            } else {
                // All is read, so the source's log can be read again itself.
                self.stop.send_replace(true);
                // An error means that the writer is gone.
                let ended = self.written.wait_for(|written| written.has_ended).await;
                if ended.is_err() {
                    return Err(damaged(&self.path, "its writer ended without a word"));
                }
            }
        }
    }

    /// Loads the next frame behind what is held.
    async fn load(&mut self) -> Result<(), ReplicateError> {
        let (path, key, (number, place)) = (self.path.clone(), self.key.clone(), self.next);
        let read = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::open(path)?;
            file.seek(SeekFrom::Start(place))?;
            frame::read(&mut file, &key, number)
        });
        let read = read.await.map_err(std::io::Error::other).flatten();
        let read = read.map_err(|error| damaged(&self.path, &error.to_string()))?;
        let (frame, length) =
            read.ok_or_else(|| damaged(&self.path, "a frame is damaged or gone"))?;
        self.next = (number + 1, place + length);
        self.held.drain(..self.used);
        self.used = 0;
        self.held.extend(frame.events);
        Ok(())
    }
}

/// A spool that is begun again, cut back to what is whole, goes on in the source's log.
fn damaged(path: &std::path::Path, reason: &str) -> ReplicateError {
    match failed(path, reason) {
        ReplicateError::Spool { path, reason, .. } => ReplicateError::Spool {
            path,
            reason,
            is_passing: true,
        },
        error => error,
    }
}
