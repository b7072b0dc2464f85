//! Reads the source's log into the spool.

use std::io::Seek;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::frame::{self, FRAME_BYTES, Frame, FrameKey};
use super::{Start, Written, remember};
use crate::error::ReplicateError;
use crate::mysql::log::RawLog;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::server;
use crate::position::LogPosition;
use crate::progress::Progress;

/// What has been read reaches the disk after this time, also when it fills no frame.
const FLUSH_AFTER: Duration = Duration::from_millis(200);
/// Wait before a broken connection is made again.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// What fills the spool.
pub(super) struct Pump {
    pub(super) plan: StreamPlan,
    pub(super) identity: String,
    pub(super) path: PathBuf,
    pub(super) bytes_max: u64,
    pub(super) key: Arc<FrameKey>,
    /// Frames in the file.
    pub(super) frames: u64,
    pub(super) written: watch::Sender<Written>,
    pub(super) publish: watch::Sender<Progress>,
}

/// Where the next frame goes.
struct Place {
    frames: u64,
    bytes: u64,
}

/// Why the pump pauses or ends.
enum Ended {
    /// It was told to.
    Stopped,
    /// The spool has its full size.
    Full,
    /// The disk said no.
    Disk(std::io::Error),
    /// The source's log cannot be read.
    Log(ReplicateError),
}

impl Pump {
    /// Runs until told to end, or until nothing more can be read or kept.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let warning = loop {
            let ended = tokio::select! {
                ended = self.fill() => ended,
                // An error means that the spool is gone, which is as good as a stop.
                _ = stopped.wait_for(|stopped| *stopped) => Ended::Stopped,
            };
            match ended {
                Ended::Stopped => break None,
                Ended::Full => break Some(self.time_left().await),
                Ended::Disk(error) => {
                    break Some(format!("the spool cannot be written: {error}"));
                }
                Ended::Log(error) if error.may_retry() => tokio::time::sleep(RECONNECT_WAIT).await,
                Ended::Log(error) => break Some(error.to_string()),
            }
        };
        self.publish
            .send_modify(|progress| progress.spool_warning = warning);
        self.written.send_modify(|written| written.has_ended = true);
    }

    /// Reads the log from where the file ends. What an interrupted frame held is not in the file, and read again.
    async fn fill(&mut self) -> Ended {
        let until = self.written.borrow().until.clone();
        // A frame that ends inside a transaction is not counted, and overwritten.
        let mut place = Place {
            frames: self.frames,
            bytes: self.written.borrow().bytes,
        };
        let mut log = match RawLog::open(&self.plan, &self.identity, until).await {
            Ok(log) => log,
            Err(error) => return Ended::Log(error),
        };
        let mut held = Vec::new();
        loop {
            if place.bytes >= self.bytes_max {
                return Ended::Full;
            }
            let mut boundary = None;
            let deadline = tokio::time::Instant::now() + FLUSH_AFTER;
            // A transaction is not parted for the clock, only for the size of a frame.
            while held.len() < FRAME_BYTES {
                let wait = boundary.as_ref().map(|_| deadline);
                match log.next_by(wait).await {
                    Ok(None) => break,
                    Ok(Some(event)) => {
                        event.write(&mut held);
                        boundary = log.boundary();
                    }
                    Err(error) => return Ended::Log(error),
                }
            }
            if let Err(error) = self.flush(&mut held, boundary, &mut place).await {
                return Ended::Disk(error);
            }
        }
    }

    /// How long the source keeps what is not in the spool.
    async fn time_left(&self) -> String {
        let until = self.written.borrow().until.clone();
        let asked = async {
            let mut session = server::reader(&self.plan.from).await?;
            let sql = "SELECT CAST(@@global.binlog_expire_logs_seconds AS UNSIGNED)";
            let kept = session
                .row::<u64>("asking how long the log is kept", sql)
                .await?;
            Ok::<_, ReplicateError>(kept)
        };
        let left = match asked.await {
            Ok(Some(0)) => "the source never deletes its log by itself".to_owned(),
            Ok(Some(seconds)) => {
                format!("the source deletes it {seconds} s after it was written")
            }
            _ => "how long the source keeps it is not known".to_owned(),
        };
        format!(
            "the spool has its full size of {} bytes; the log behind {until} is read from the source when the copy is done: {left}",
            self.bytes_max
        )
    }

    /// Writes frames; the last one ends at the boundary.
    async fn flush(
        &mut self,
        held: &mut Vec<u8>,
        boundary: Option<LogPosition>,
        place: &mut Place,
    ) -> std::io::Result<()> {
        let pieces: Vec<Vec<u8>> = held.chunks(FRAME_BYTES).map(<[u8]>::to_vec).collect();
        held.clear();
        let (path, key, until) = (self.path.clone(), self.key.clone(), boundary.clone());
        let (mut frames, mut bytes) = (place.frames, place.bytes);
        let written = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
            file.seek(std::io::SeekFrom::Start(bytes))?;
            let last = pieces.len().saturating_sub(1);
            for (number, events) in pieces.into_iter().enumerate() {
                let boundary = until.clone().filter(|_| number == last);
                bytes += frame::write(&mut file, &key, frames, &Frame { boundary, events })?;
                frames += 1;
            }
            file.sync_data()?;
            Ok::<_, std::io::Error>((frames, bytes))
        });
        let (frames, bytes) = written.await.map_err(std::io::Error::other)??;
        *place = Place { frames, bytes };
        if let Some(until) = boundary {
            self.frames = frames;
            self.written.send_modify(|written| {
                (written.bytes, written.until) = (bytes, until.clone());
                let start = Start {
                    number: frames,
                    bytes,
                    position: until,
                };
                remember(&mut written.starts, start);
            });
            self.publish
                .send_modify(|progress| progress.spool_bytes = bytes);
        }
        Ok(())
    }
}
