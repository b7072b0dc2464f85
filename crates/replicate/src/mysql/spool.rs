//! The spool: the source's log on our own disk, from the first position on, while the copy runs. So the source need not keep its log
//! for longer than we are behind in reading it.
//!
//! # What it may and may not do
//!
//! The spool holds row data, so it is encrypted. The **key** is made for one stream and lives on the target, in Reberth's own schema, never on the disk of
//! the spool. Whoever can read it there can read the moved rows themselves, so it opens nothing that was closed; the disk alone, or a copy of it, opens
//! nothing; a process that comes back finds it where it finds its checkpoint; and forgetting the stream forgets the key, after which no
//! copy of the file can ever be read.
//!
//! The file is a row of **frames** ([`frame`]). Each is bound to its stream and its place, so that frames left out, put elsewhere, cut or changed are
//! found. After a crash the file is cut back to the last frame that ends between two transactions, and reading the source's log goes on there.
//! A damaged frame is treated alike: what follows it is given up and read again from the source, which either still has it or says that it has not.
//!
//! The spool never decides anything: it hands on the very events that the source sent, and the same reader reads them as it would from the source. It
//! never drops an event: when it has its full size, or the disk is full, it stops reading; replay goes on in the source's log behind it (rule 24).

mod frame;
mod pump;
mod reader;

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use reberth_model::document::sha256_hex;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::state::{Checkpoint, Phase, StreamState};
use crate::position::LogPosition;
use crate::progress::Progress;

use frame::{Frame, FrameKey};
pub(crate) use reader::SpoolReader;

pub use crate::sealed::SpoolPlan;

/// How much is in the file, for those who read it while it grows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    /// Bytes of whole frames.
    bytes: u64,
    /// The log is in the file up to here.
    until: LogPosition,
    /// Nothing more will come.
    has_ended: bool,
    /// Some of the frames that begin between two transactions, in order.
    starts: Vec<Start>,
}

/// A frame that begins between two transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Start {
    /// Number of the frame.
    number: u64,
    /// Bytes of the file before it.
    bytes: u64,
    /// Position in the log before it.
    position: LogPosition,
}

/// Bytes of the file between two starts that are remembered: a reader that comes late passes over no more than that.
const START_EVERY_BYTES: u64 = 8 * 1024 * 1024;

/// Remembers a start, if it is far enough from the last one.
fn remember(starts: &mut Vec<Start>, start: Start) {
    let is_far = |last: &Start| start.bytes >= last.bytes + START_EVERY_BYTES;
    if starts.last().is_none_or(is_far) {
        starts.push(start);
    }
}

/// The spool of a running stream.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    key: Arc<FrameKey>,
    written: watch::Receiver<Written>,
    /// Tells the pump to end.
    stop: watch::Sender<bool>,
    /// Ends with the spool.
    _pump: JoinSet<()>,
}

/// What stands in the file.
struct Found {
    starts: Vec<Start>,
    bytes: u64,
    frames: u64,
    until: LogPosition,
}

impl Spool {
    /// Opens the spool of a stream and goes on filling it; `None` if the plan has none. What does not fit the checkpoint is begun anew.
    pub(crate) async fn open(
        plan: &StreamPlan,
        state: &StreamState,
        checkpoint: &Checkpoint,
        target: &mut Session,
        publish: &watch::Sender<Progress>,
    ) -> Result<Option<Spool>, ReplicateError> {
        let Some(spool_plan) = &plan.spool else {
            return Ok(None);
        };
        let key = state.spool_key(target).await?;
        // The log of another server is another log.
        let place = format!("{} {}", state.name(), checkpoint.source_identity);
        let key =
            Arc::new(FrameKey::new(&key, &place).ok_or_else(|| {
                failed(&spool_plan.folder, "its key on the target cannot be read")
            })?);
        let path = path(spool_plan, state.name());
        if checkpoint.phase == Phase::Following && !path.exists() {
            return Ok(None);
        }
        let found = prepare(&path, &key, &checkpoint.position)
            .map_err(|error| failed(&path, &error.to_string()))?;
        let (write, written) = watch::channel(Written {
            bytes: found.bytes,
            until: found.until.clone(),
            has_ended: false,
            starts: found.starts,
        });
        publish.send_modify(|progress| progress.spool_bytes = found.bytes);
        let (stop, stopped) = watch::channel(false);
        let mut pump = JoinSet::new();
        pump.spawn(
            pump::Pump {
                plan: plan.clone(),
                identity: checkpoint.source_identity.clone(),
                path: path.clone(),
                bytes_max: spool_plan.bytes_max,
                key: key.clone(),
                frames: found.frames,
                written: write,
                publish: publish.clone(),
            }
            .run(stopped),
        );
        Ok(Some(Spool {
            path,
            key,
            written,
            stop,
            _pump: pump,
        }))
    }

    /// Removes the file when all that it holds is applied. `progress` tells what is.
    pub(crate) async fn remove_when_applied(mut self, mut progress: watch::Receiver<Progress>) {
        let ended = self.written.wait_for(|written| written.has_ended).await;
        let Ok(until) = ended.map(|written| written.until.clone()) else {
            return;
        };
        let applied = progress.wait_for(|progress| {
            let applied = progress.applied.as_ref();
            applied.is_some_and(|applied| *applied >= until)
        });
        if applied.await.is_ok() {
            // One that is gone already is as good.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// A reader of what is in the spool from that position on; `None` if the spool does not hold it.
    pub(crate) fn reader_from(&self, from: &LogPosition) -> Option<SpoolReader> {
        let written = self.written.borrow();
        let mut starts = written.starts.iter().rev();
        let start = starts.find(|start| start.position <= *from)?.clone();
        if written.until < *from {
            return None;
        }
        Some(SpoolReader::new(
            self.path.clone(),
            self.key.clone(),
            start,
            self.written.clone(),
            self.stop.clone(),
        ))
    }
}

/// Removes what a stream left on disk. Returns whether there was anything.
pub fn remove(plan: &StreamPlan) -> bool {
    let stream = format!("{}:{}", plan.direction.word(), plan.database);
    let spool_plan = plan.spool.as_ref();
    spool_plan.is_some_and(|spool_plan| std::fs::remove_file(path(spool_plan, &stream)).is_ok())
}

fn path(plan: &SpoolPlan, stream: &str) -> PathBuf {
    plan.folder
        .join(format!("{}.spool", &sha256_hex(stream.as_bytes())[..24]))
}

fn failed(path: &std::path::Path, reason: &str) -> ReplicateError {
    ReplicateError::Spool {
        path: path.display().to_string(),
        reason: reason.to_owned(),
        is_passing: false,
    }
}

/// Cuts the file back to what is whole, and begins it anew if it does not hold the log from that position on.
fn prepare(path: &std::path::Path, key: &FrameKey, from: &LogPosition) -> std::io::Result<Found> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let found = scan(&mut file, key)?;
    let fits = |found: &Found| {
        let first = found.starts.first();
        let first = first.is_some_and(|start| start.position <= *from);
        first && found.until >= *from
    };
    if let Some(found) = found.filter(fits) {
        file.set_len(found.bytes)?;
        return Ok(found);
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let head = Frame {
        boundary: Some(from.clone()),
        events: Vec::new(),
    };
    let bytes = frame::write(&mut file, key, 0, &head)?;
    file.sync_data()?;
    Ok(Found {
        starts: vec![Start {
            number: 1,
            bytes,
            position: from.clone(),
        }],
        bytes,
        frames: 1,
        until: from.clone(),
    })
}

/// Reads the frames from the first on, until one is not whole or not ours. `None`: there is none.
fn scan(file: &mut std::fs::File, key: &FrameKey) -> std::io::Result<Option<Found>> {
    let mut input = std::io::BufReader::new(file.by_ref());
    let (mut number, mut bytes) = (0, 0);
    let mut found: Option<Found> = None;
    while let Some((frame, length)) = frame::read(&mut input, key, number)? {
        (number, bytes) = (number + 1, bytes + length);
        let Some(boundary) = frame.boundary else {
            continue;
        };
        let mut starts = found.map_or_else(Vec::new, |found| found.starts);
        let start = Start {
            number,
            bytes,
            position: boundary.clone(),
        };
        remember(&mut starts, start);
        found = Some(Found {
            starts,
            bytes,
            frames: number,
            until: boundary,
        });
    }
    Ok(found)
}
