//! Transactions in progress that the source has sent, until they commit or are rolled back: a little of them in memory, the rest in files of our own.
//!
//! A file needs no durability. Nothing of a transaction in progress is ever told to the source as done, so a reader that begins again is sent all of it again. So each transaction
//! has a file of its own that loses its name as soon as it is opened, and is gone with the process, however that ends; and its key is made with it and lives in memory only.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::ReplicateError;
use crate::postgres::plan::StreamPlan;
use crate::sealed::{self, FRAME_BYTES, FrameKey, SpoolPlan};

/// Subtransactions of which is remembered whether they were rolled back, of all transactions in progress.
const PARTS_MOST: usize = 1_000_000;
/// How often a file is tried to be made; another process of the stream may be about to remove its own of that name.
const TRIES_MOST: usize = 10;
/// Bytes before each message: the number of its subtransaction, and its length.
const HEAD_BYTES: usize = 8;

/// All of a stream's transactions in progress.
#[derive(Debug)]
pub(super) struct Waiting {
    place: SpoolPlan,
    path: PathBuf,
    memory_bytes_most: usize,
    memory_bytes: usize,
    disk_bytes: u64,
    parts: usize,
    /// By their numbers.
    transactions: HashMap<u32, Pieces>,
}

/// What is known of one of them.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What is not in the file yet.
    held: Vec<u8>,
    file: Option<SealedFile>,
    /// Its subtransactions that have written and were not rolled back.
    parts: HashSet<u32>,
    rolled_back: HashSet<u32>,
}

#[derive(Debug)]
struct SealedFile {
    file: File,
    key: FrameKey,
    frames: u64,
    bytes: u64,
}

impl Waiting {
    /// An empty one, if its files can be made.
    pub(super) fn new(plan: &StreamPlan, place: &SpoolPlan) -> Result<Waiting, ReplicateError> {
        let path = place.folder.join(format!("{}.waiting", plan.mark()));
        SealedFile::new(&path).map_err(|error| unkept(&path, &error))?;
        Ok(Waiting {
            place: place.clone(),
            path,
            memory_bytes_most: plan.waiting_bytes(),
            memory_bytes: 0,
            disk_bytes: 0,
            parts: 0,
            transactions: HashMap::new(),
        })
    }

    /// Bytes in files.
    pub(super) fn disk_bytes(&self) -> u64 {
        self.disk_bytes
    }

    /// Keeps a message of a transaction's part, as its tag and its body.
    pub(super) async fn keep(
        &mut self,
        top: u32,
        part: u32,
        message: (u8, &[u8]),
    ) -> Result<(), ReplicateError> {
        let (tag, body) = message;
        let length = u32::try_from(body.len() + 1).map_err(|error| unkept(&self.path, &error))?;
        let pieces = self.transactions.entry(top).or_default();
        if part != top && pieces.parts.insert(part) {
            self.parts += 1;
            if self.parts > PARTS_MOST {
                return Err(ReplicateError::Unkept {
                    reason: format!("it and others in progress have {PARTS_MOST} subtransactions"),
                });
            }
        }
        pieces.held.extend_from_slice(&part.to_le_bytes());
        pieces.held.extend_from_slice(&length.to_le_bytes());
        pieces.held.push(tag);
        self.memory_bytes += HEAD_BYTES + 1;
        for piece in body.chunks(FRAME_BYTES) {
            let pieces = self.transactions.entry(top).or_default();
            pieces.held.extend_from_slice(piece);
            self.memory_bytes += piece.len();
            if self.memory_bytes > self.memory_bytes_most {
                self.write_largest().await?;
            }
        }
        Ok(())
    }

    /// Forgets what a part has written, or the whole transaction.
    pub(super) fn roll_back(&mut self, top: u32, part: u32) {
        if part == top {
            drop(self.take(top));
        } else if let Some(pieces) = self.transactions.get_mut(&top)
            && pieces.parts.remove(&part)
        {
            pieces.rolled_back.insert(part);
        }
    }

    /// Hands a transaction over.
    pub(super) fn take(&mut self, top: u32) -> Pieces {
        let pieces = self.transactions.remove(&top).unwrap_or_default();
        self.memory_bytes -= pieces.held.len();
        self.disk_bytes -= pieces.file.as_ref().map_or(0, |file| file.bytes);
        self.parts -= pieces.parts.len() + pieces.rolled_back.len();
        pieces
    }

    /// Moves what memory holds of the transaction that has most of it to its file.
    async fn write_largest(&mut self) -> Result<(), ReplicateError> {
        let largest = self.transactions.values_mut();
        let Some(pieces) = largest.max_by_key(|pieces| pieces.held.len()) else {
            return Ok(());
        };
        let (held, file) = (std::mem::take(&mut pieces.held), pieces.file.take());
        self.memory_bytes -= held.len();
        let path = self.path.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => SealedFile::new(&path)?,
            };
            let before = file.bytes;
            for piece in held.chunks(FRAME_BYTES) {
                file.write(piece)?;
            }
            Ok::<_, io::Error>((file.bytes - before, file))
        });
        let written = writing.await.map_err(io::Error::other).flatten();
        let (bytes, file) = written.map_err(|error| unkept(&self.path, &error))?;
        pieces.file = Some(file);
        self.disk_bytes += bytes;
        if self.disk_bytes > self.place.bytes_max {
            let most = format!("its folder's {} bytes are used up", self.place.bytes_max);
            return Err(unkept(&self.path, &most));
        }
        Ok(())
    }
}

fn unkept(path: &Path, error: &dyn std::fmt::Display) -> ReplicateError {
    ReplicateError::Unkept {
        reason: format!("{}: {error}", path.display()),
    }
}

impl SealedFile {
    /// Makes one that has lost its name.
    fn new(path: &Path) -> io::Result<SealedFile> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let key = sealed::new_key().and_then(|key| FrameKey::new(&key, "in progress"));
        let key = key.ok_or_else(|| sealed::unwilling("the system gives no random numbers"))?;
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        for _ in 0..TRIES_MOST {
            let opened = options.open(path);
            // Also that of a process that was killed before it could.
            let _ = std::fs::remove_file(path);
            match opened {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => {
                    return Ok(SealedFile {
                        file: opened?,
                        key,
                        frames: 0,
                        bytes: 0,
                    });
                }
            }
        }
        Err(sealed::unwilling(
            "a file of that name is made again and again",
        ))
    }

    fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        self.bytes += sealed::write(&mut self.file, &self.key, self.frames, plain)?;
        self.frames += 1;
        Ok(())
    }

    /// Reads a frame that begins behind so many bytes, with its own.
    fn read(&mut self, number: u64, place: u64) -> io::Result<(Vec<u8>, u64)> {
        self.file.seek(SeekFrom::Start(place))?;
        let read = sealed::read(&mut self.file, &self.key, number)?;
        read.ok_or_else(|| sealed::unwilling("a frame is damaged or gone"))
    }
}

impl Pieces {
    /// Its subtransactions of which the source has not told that they were rolled back.
    pub(super) fn parts(&self) -> &HashSet<u32> {
        &self.parts
    }
}

/// What comes next of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A message.
    Message(&'a [u8]),
    /// More is to be read first.
    More,
    /// Nothing.
    End,
}

/// Reads a transaction from its beginning, what was rolled back left out.
#[derive(Debug)]
pub(super) struct Replay {
    pieces: Pieces,
    /// The next frame, and the bytes before it.
    frame: (u64, u64),
    buffer: Vec<u8>,
    /// Bytes of the buffer that are used up.
    used: usize,
}

impl Replay {
    pub(super) fn new(pieces: Pieces) -> Replay {
        Replay {
            pieces,
            frame: (0, 0),
            buffer: Vec::new(),
            used: 0,
        }
    }

    /// Takes what comes next. It reads no more than a frame at once.
    pub(super) async fn next(&mut self) -> Result<Next<'_>, ReplicateError> {
        while let Some((part, message)) = message_in(&self.buffer, self.used) {
            self.used = message.end;
            if !self.pieces.rolled_back.contains(&part) {
                return Ok(Next::Message(&self.buffer[message]));
            }
        }
        self.buffer.drain(..self.used);
        self.used = 0;
        if self.load().await? {
            return Ok(Next::More);
        }
        match self.buffer.is_empty() {
            true => Ok(Next::End),
            false => Err(ReplicateError::Unkept {
                reason: "what was kept of it ends within a message".to_owned(),
            }),
        }
    }

    /// Appends the next frame, or what never got into one. `false`: there is nothing more.
    async fn load(&mut self) -> Result<bool, ReplicateError> {
        let (number, place) = self.frame;
        let unread = |file: &SealedFile| number < file.frames;
        let Some(mut file) = self.pieces.file.take_if(|file| unread(file)) else {
            let held = std::mem::take(&mut self.pieces.held);
            self.buffer.extend_from_slice(&held);
            return Ok(!held.is_empty());
        };
        let reading = tokio::task::spawn_blocking(move || {
            let (plain, bytes) = file.read(number, place)?;
            Ok::<_, io::Error>((plain, bytes, file))
        });
        let read = reading.await.map_err(io::Error::other).flatten();
        let (plain, bytes, file) = read.map_err(|error| ReplicateError::Unkept {
            reason: error.to_string(),
        })?;
        self.pieces.file = Some(file);
        self.frame = (number + 1, place + bytes);
        self.buffer.extend_from_slice(&plain);
        Ok(true)
    }
}

/// The message that begins behind so many bytes: its part, and where it is. `None`: it is not whole.
fn message_in(buffer: &[u8], used: usize) -> Option<(u32, Range<usize>)> {
    let (part, rest) = buffer.get(used..)?.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let begin = used + HEAD_BYTES;
    (rest.len() >= length).then(|| (u32::from_le_bytes(*part), begin..begin + length))
}
