//! Applying an approved plan with a process that outlives this one.
//!
//! # Why a killed runner loses nothing
//!
//! Terraform must come to its own end: killed in the middle of an apply it loses track of what it made. So
//!
//! - its process has a process group of its own: neither a Ctrl-C at the terminal nor the end of the terminal reaches it;
//! - it writes to a file, not to a pipe: a pipe whose reader is gone would kill it at the next line;
//! - that file is locked, and the lock belongs to the open file that is its standard output. The operating system frees it when the
//!   last process that has it open is gone, at once and only then. So whoever comes next knows, without a process id that may have been
//!   given to another, whether the apply still lives: it waits for it and reads the file on.
//!
//! What is known when it ended is in the file ([`Account`]), also after the death of both. A plan whose log touched a resource and did not
//! succeed is never applied again: it needs a look and a new plan. One whose log touched nothing (a lock was in the way, a credential
//! had run out) may be, because the state's mark is compared before and Terraform compares it again under its lock.

use std::fs::{File, TryLockError};
use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use reberth_journal::Approval;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::account::Account;
use crate::changeset::Changeset;
use crate::error::ProvisionError;
use crate::message::Message;
use crate::rules::judge;
use crate::site::Site;
use crate::store::{Attempt, PlanRecord};

/// Another apply of the same root in a pipeline may be about to end.
const LOCK_TIMEOUT: &str = "-lock-timeout=10s";
/// How often the log is read on.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A plan that a person approved: there is no other way to make one.
#[derive(Clone, Debug)]
pub struct ApprovedPlan {
    pub(crate) record: PlanRecord,
    pub(crate) hash: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

impl ApprovedPlan {
    /// The plan, if the approval is of exactly it.
    pub fn new(record: PlanRecord, approval: &Approval) -> Option<Self> {
        let hash = record.hash();
        (hash == approval.hash).then(|| Self {
            record,
            hash,
            by: approval.by.clone(),
            at: approval.at.clone(),
        })
    }
}

/// Who watches an apply.
#[derive(Clone)]
pub struct Watcher {
    /// Told each message as it comes.
    pub tell: Arc<dyn Fn(&Message) + Send + Sync>,
    /// How often a person asked to stop: once lets Terraform end in order, twice leaves it running.
    pub interrupts: watch::Receiver<u32>,
}

/// Told at a moment of an apply; a failure ends it there.
pub type Moment = Arc<dyn Fn() -> Result<(), ProvisionError> + Send + Sync>;

/// An apply at work: what its steps are given.
#[derive(Clone)]
pub struct Applying {
    /// The root.
    pub site: Site,
    /// The plan.
    pub plan: ApprovedPlan,
    /// Who watches.
    pub watcher: Watcher,
    /// All is ready, and nothing was touched yet.
    pub before: Moment,
}

impl Applying {
    fn root(&self) -> String {
        self.site.root.name.clone()
    }

    /// What an earlier attempt with this plan came to; `None` when there was none, or it touched nothing.
    pub(crate) fn earlier(&self) -> Result<Option<Account>, ProvisionError> {
        self.site.account_of(&self.plan.hash)
    }

    /// Applies the plan, or waits for the process that does, and says how it ended. Doing it again changes nothing.
    pub(crate) async fn carry_out(&self) -> Result<(), ProvisionError> {
        let log = self.site.store.open_log()?;
        if !try_lock(&log, self)? {
            self.wait_for_living(&log).await?;
        }
        if let Some(account) = self.earlier()? {
            return self.judge(&account);
        }
        self.check_ready().await?;
        (self.before)()?;
        self.apply(log).await
    }

    fn judge(&self, account: &Account) -> Result<(), ProvisionError> {
        if account.has_succeeded() {
            return Ok(());
        }
        if let Some(holder) = account.lock() {
            let evidence = evidence_of(&holder.who);
            let root = self.root();
            return Err(ProvisionError::Locked {
                root,
                holder: Box::new(holder),
                evidence,
            });
        }
        if account.is_stale() {
            return Err(ProvisionError::StateMoved {
                root: self.root(),
                found: "another one".to_owned(),
                planned: self.plan.record.state.to_string(),
            });
        }
        let planned = self.plan.record.changeset.changes.len();
        Err(account.failure(&self.root(), planned))
    }

    /// Everything that was true when the plan was approved must be true now.
    pub(crate) async fn check_ready(&self) -> Result<(), ProvisionError> {
        let (site, record) = (&self.site, &self.plan.record);
        let root = self.root();
        site.check_no_errored_state()?;
        let unusable = |why: &str| ProvisionError::StoredPlan {
            root: root.clone(),
            why: why.to_owned(),
        };
        match site.store.plan_sha256()? {
            None => return Err(unusable("its file is gone")),
            Some(found) if found != record.plan_sha256 => {
                return Err(unusable("its file is not the one that was approved"));
            }
            Some(_) => {}
        }
        if site.files_sha256()? != record.files_sha256 {
            return Err(ProvisionError::FilesChanged { root });
        }
        let found = site.state().await?;
        if found != record.state {
            return Err(ProvisionError::StateMoved {
                root,
                found: found.to_string(),
                planned: record.state.to_string(),
            });
        }
        let document = site.show(&site.store.plan_file()).await?;
        if Changeset::of(&document) != record.changeset {
            return Err(unusable("it does something else than was shown"));
        }
        let judged = PlanRecord {
            findings: judge(&document, &site.surroundings),
            ..record.clone()
        };
        judged.check_not_refused()
    }

    async fn apply(&self, log: File) -> Result<(), ProvisionError> {
        if *self.watcher.interrupts.borrow() > 0 {
            return Err(ProvisionError::NotBegun {
                root: self.root(),
                said: "it was asked to stop before it began".to_owned(),
            });
        }
        let store = &self.site.store;
        let attempt = |pid| Attempt {
            plan: self.plan.hash.clone(),
            pid,
        };
        log.set_len(0)
            .map_err(|error| ProvisionError::file(&store.log_file(), "written", error))?;
        store.keep_attempt(&attempt(None))?;
        let child = self.start(log)?;
        store.keep_attempt(&attempt(child.id()))?;
        let ended = self.follow(Living::Own(child)).await?;
        let account = Account::of(&store.log_text()?);
        if account.has_succeeded() {
            return Ok(());
        }
        if ended.was_interrupted && account.at_work.is_empty() {
            return Err(ProvisionError::Interrupted {
                root: self.root(),
                done: account.done,
            });
        }
        self.judge(&account)
    }

    /// The process gets the locked file as its output; this process keeps no handle on it.
    fn start(&self, log: File) -> Result<Child, ProvisionError> {
        let plan = self.site.store.plan_file().display().to_string();
        let arguments = ["apply", "-json", "-input=false", LOCK_TIMEOUT, &plan];
        let failed = |error: std::io::Error| ProvisionError::Tool {
            command: "apply".to_owned(),
            said: error.to_string(),
        };
        let mut command = self.site.tool.command(&self.site.root.folder, &arguments);
        let errors = log.try_clone().map_err(failed)?;
        command.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        command.process_group(0).spawn().map_err(failed)
    }

    async fn wait_for_living(&self, log: &File) -> Result<(), ProvisionError> {
        let attempt = self.site.store.attempt()?;
        if attempt.as_ref().map(|attempt| &attempt.plan) != Some(&self.plan.hash) {
            return Err(ProvisionError::Busy { root: self.root() });
        }
        let pid = attempt.and_then(|attempt| attempt.pid);
        let handle = log
            .try_clone()
            .map_err(|error| ProvisionError::file(&self.site.store.log_file(), "read", error))?;
        self.follow(Living::Other(handle, pid)).await.map(|_| ())
    }

    /// Reads the log on until the process is gone, and passes on what a person asks.
    async fn follow(&self, mut living: Living) -> Result<Ended, ProvisionError> {
        let mut tail = Tail::of(self.site.store.open_log()?);
        let mut interrupts = self.watcher.interrupts.clone();
        let mut asked = 0;
        let mut was_interrupted = false;
        loop {
            let is_over = living.is_over();
            for message in tail.read_on() {
                (self.watcher.tell)(&message);
            }
            if is_over {
                return Ok(Ended { was_interrupted });
            }
            let now = *interrupts.borrow_and_update();
            if now > asked && was_interrupted {
                return Err(ProvisionError::LeftRunning {
                    root: self.root(),
                    pid: living.pid_text(),
                });
            }
            if now > asked {
                asked = now;
                was_interrupted = true;
                living.interrupt().await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// A process that applies.
enum Living {
    /// Started here.
    Own(Child),
    /// Started by a process before: its locked log, and its id if that was still written down.
    Other(File, Option<u32>),
}

impl Living {
    fn is_over(&mut self) -> bool {
        match self {
            Self::Own(child) => !matches!(child.try_wait(), Ok(None)),
            Self::Other(log, _) => log.try_lock().is_ok(),
        }
    }

    fn pid(&self) -> Option<u32> {
        match self {
            Self::Own(child) => child.id(),
            Self::Other(_, pid) => *pid,
        }
    }

    fn pid_text(&self) -> String {
        self.pid()
            .map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
    }

    /// Asks it to end in order: what is under way is finished and written to the state. The shell has this command built in.
    async fn interrupt(&self) {
        if let Some(pid) = self.pid() {
            let mut signal = Command::new("sh");
            signal.args(["-c", "kill -INT \"$0\"", &pid.to_string()]);
            // A process that is gone by now needs no signal.
            signal.stderr(Stdio::null()).status().await.ok();
        }
    }
}

struct Ended {
    was_interrupted: bool,
}

/// The part of a log that was not read yet.
struct Tail {
    log: File,
    at: u64,
    rest: Vec<u8>,
}

impl Tail {
    fn of(log: File) -> Self {
        Self {
            log,
            at: 0,
            rest: Vec::new(),
        }
    }

    /// The messages of the lines that are whole by now. A log that cannot be read tells nothing: how it ended is read again at the end.
    fn read_on(&mut self) -> Vec<Message> {
        let mut chunk = [0; 16 * 1024];
        while let Ok(count @ 1..) = self.log.read_at(&mut chunk, self.at) {
            self.at += count as u64;
            self.rest.extend_from_slice(&chunk[..count]);
        }
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        Message::read_all(&String::from_utf8_lossy(&whole))
    }
}

/// `false` when a living process holds it.
fn try_lock(log: &File, applying: &Applying) -> Result<bool, ProvisionError> {
    match log.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(ProvisionError::file(
            &applying.site.store.log_file(),
            "written",
            error,
        )),
    }
}

/// What can be told from here about the holder of a lock. No apply of this project lives: its log would be locked.
fn evidence_of(who: &str) -> String {
    let here = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = who.rsplit_once('@').map_or("", |(_, host)| host);
    let evidence = match (host, here.trim()) {
        ("", _) | (_, "") => "whether it is still at work cannot be told from here",
        (host, here) if host == here => {
            "that is this machine, where no apply of this project is running: it may be what a killed process left"
        }
        _ => "that is not this machine: whether it is still at work can be seen there only",
    };
    evidence.to_owned()
}
