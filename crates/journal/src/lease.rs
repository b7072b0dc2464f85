//! Who leads a run: one process at a time.
//!
//! Two things together. The *lock file* of the run is held through the operating system, which lets go of it in the
//! moment its holder dies, so a dead leader never has to be waited for and a living one is never robbed. The *epoch*
//! in the journal rises with every new leader and is checked inside every append, so that even where a file lock can
//! be lost (a network file system, a host put to sleep) a predecessor that wakes up writes nothing more.

use std::fs::{File, TryLockError, create_dir_all};
use std::io::Error as IoError;
use std::path::PathBuf;

use rusqlite::OptionalExtension;

use crate::error::{JournalError, classify};
use crate::event::{RunId, check_run_kind};
use crate::store::Journal;

/// The right to append to a run as its leader. It ends when it is dropped or when the process dies.
#[derive(Debug)]
pub struct Lease {
    run: RunId,
    epoch: u64,
    // Held for its lock alone.
    _lock: File,
}

impl Lease {
    /// The run that is led.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Rises by one with every leader of the run.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl Journal {
    /// Becomes the leader of a run: refused while another process leads it, at once possible when that one is dead.
    pub fn lease(&self, run: &RunId) -> Result<Lease, JournalError> {
        self.history(run)?;
        let path = self.lock_path(run.as_str());
        let lock = self.lock_file(&path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.led_by_another(run)?),
            Err(TryLockError::Error(source)) => {
                return Err(JournalError::LockFile { path, source });
            }
        }
        let holder = format!("process {}", std::process::id());
        let epoch = self.raise_epoch(run, &holder)?;
        Ok(Lease {
            run: run.clone(),
            epoch,
            _lock: lock,
        })
    }

    /// Held for the moment in which a run of this kind is looked for and created.
    pub(crate) fn lock_creation(&self, kind: &str) -> Result<File, JournalError> {
        check_run_kind(kind)?;
        let path = self.lock_path(kind);
        let lock = self.lock_file(&path)?;
        lock.lock()
            .map_err(|source| JournalError::LockFile { path, source })?;
        Ok(lock)
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        let mut folder = self.path().as_os_str().to_owned();
        folder.push("-locks");
        PathBuf::from(folder).join(format!("{name}.lock"))
    }

    fn lock_file(&self, path: &PathBuf) -> Result<File, JournalError> {
        let open = || -> Result<File, IoError> {
            if let Some(folder) = path.parent() {
                create_dir_all(folder)?;
            }
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
        };
        open().map_err(|source| JournalError::LockFile {
            path: path.clone(),
            source,
        })
    }

    fn led_by_another(&self, run: &RunId) -> Result<JournalError, JournalError> {
        let lease = self
            .connection()
            .query_row(
                "SELECT holder, epoch FROM leases WHERE run = ?1",
                [run.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(classify("reading the lease"))?;
        // The other process may hold the lock and not yet have written its name.
        let (holder, epoch) = lease.unwrap_or_else(|| ("a process just started".to_owned(), 0));
        Ok(JournalError::RunIsLed {
            run: run.clone(),
            holder,
            epoch,
        })
    }
}
