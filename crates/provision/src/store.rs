//! What is kept of a root between commands: the plan, what was shown of it, and the attempt to apply it.
//!
//! A plan file holds values in the clear, secrets among them. So all of it lies in a folder that only this user may enter, the plan's
//! JSON is never written to disk, and the plan file goes as soon as it was applied or replaced.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use reberth_model::document::sha256_hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::changeset::Changeset;
use crate::error::ProvisionError;
use crate::root::Root;
use crate::rules::{Finding, Standing};
use crate::state_mark::StateMark;

/// Below the project's folder, beside the journal.
const FOLDER: &str = ".reberth/provision";

/// A plan as it is shown, approved and applied. Its hash stands for exactly one plan file on one state, from one set of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// The root.
    pub root: String,
    /// SHA-256 of the plan file.
    pub plan_sha256: String,
    /// SHA-256 over the files it was planned from.
    pub files_sha256: String,
    /// The state it was planned on.
    pub state: StateMark,
    /// Program and version that planned it.
    pub tool: String,
    /// What it does.
    pub changeset: Changeset,
    /// What the rules say of it.
    pub findings: Vec<Finding>,
}

impl PlanRecord {
    /// The hash that a person approves.
    pub fn hash(&self) -> String {
        // A record has no map with keys that are no text, and no value that refuses: it always has a JSON form.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        sha256_hex(&bytes)
    }

    /// An error when the rules stand in the way.
    pub fn check_not_refused(&self) -> Result<(), ProvisionError> {
        let mut refused = self
            .findings
            .iter()
            .filter(|found| found.standing == Standing::Refused);
        let count = refused.clone().count();
        match refused.next() {
            None => Ok(()),
            Some(first) => Err(ProvisionError::Refused {
                root: self.root.clone(),
                count,
                first: format!("{}: {} ({})", first.address, first.why, first.rule),
            }),
        }
    }
}

/// An apply that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// Hash of the plan.
    pub(crate) plan: String,
    /// Its process, once that is there.
    pub(crate) pid: Option<u32>,
}

/// The folder in which it is kept.
#[derive(Clone, Debug)]
pub(crate) struct RootStore {
    folder: PathBuf,
}

impl RootStore {
    /// The folder of a root, made when it is missing.
    pub(crate) fn open(project: &Path, root: &Root) -> Result<Self, ProvisionError> {
        let folder = project.join(FOLDER).join(&root.name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .and_then(|()| fs::canonicalize(&folder))
            .map(|folder| Self { folder })
            .map_err(|error| ProvisionError::file(&folder, "written", error))
    }

    /// Where the plan lies.
    pub(crate) fn plan_file(&self) -> PathBuf {
        self.folder.join("plan.tfplan")
    }

    /// A plan on its way: it becomes the plan when it is complete.
    pub(crate) fn new_plan_file(&self) -> PathBuf {
        self.folder.join("new.tfplan")
    }

    /// The state of a first root whose bucket does not exist yet.
    pub(crate) fn local_state(&self) -> PathBuf {
        self.folder.join("terraform.tfstate")
    }

    /// What a look for drift leaves for a moment.
    pub(crate) fn drift_file(&self) -> PathBuf {
        self.folder.join("drift.tfplan")
    }

    /// What `apply` writes; see [`crate::apply`] for why it is a file.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.join("apply.jsonl")
    }

    /// The log, made when it is missing.
    pub(crate) fn open_log(&self) -> Result<File, ProvisionError> {
        let path = self.log_file();
        OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| ProvisionError::file(&path, "written", error))
    }

    /// What `apply` has written so far.
    pub(crate) fn log_text(&self) -> Result<String, ProvisionError> {
        let path = self.log_file();
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .map_err(|error| ProvisionError::file(&path, "read", error)),
        }
    }

    /// SHA-256 of the plan file; `None` when there is none.
    pub(crate) fn plan_sha256(&self) -> Result<Option<String>, ProvisionError> {
        let path = self.plan_file();
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => read
                .map(|bytes| Some(sha256_hex(&bytes)))
                .map_err(|error| ProvisionError::file(&path, "read", error)),
        }
    }

    /// The plan that was stored last, also after its file is gone: what a run goes on with.
    pub(crate) fn record(&self) -> Result<Option<PlanRecord>, ProvisionError> {
        self.read("record.json")
    }

    /// Hash of the plan that a person was shown last.
    pub(crate) fn shown(&self) -> Result<Option<String>, ProvisionError> {
        self.read("shown.json")
    }

    pub(crate) fn keep_shown(&self, hash: &str) -> Result<(), ProvisionError> {
        self.write("shown.json", &hash)
    }

    /// The apply that was begun last.
    pub(crate) fn attempt(&self) -> Result<Option<Attempt>, ProvisionError> {
        self.read("attempt.json")
    }

    pub(crate) fn keep_attempt(&self, attempt: &Attempt) -> Result<(), ProvisionError> {
        self.write("attempt.json", attempt)
    }

    /// Puts a new plan in the place of the old one. The record comes last: a plan without its record is none.
    pub(crate) fn keep(&self, record: &PlanRecord) -> Result<(), ProvisionError> {
        self.remove("record.json")?;
        let (new, plan) = (self.new_plan_file(), self.plan_file());
        fs::set_permissions(&new, Permissions::from_mode(0o600))
            .and_then(|()| fs::rename(&new, &plan))
            .map_err(|error| ProvisionError::file(&plan, "written", error))?;
        self.write("record.json", record)
    }

    /// Removes the plan's file, with the secrets in it. What was shown of it stays.
    pub(crate) fn discard(&self) -> Result<(), ProvisionError> {
        self.remove("new.tfplan")?;
        self.remove("plan.tfplan")
    }

    /// Removes what a look for drift left: it holds secrets as a plan does.
    pub(crate) fn discard_drift(&self) -> Result<(), ProvisionError> {
        self.remove("drift.tfplan")
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ProvisionError> {
        let path = self.folder.join(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| ProvisionError::file(&path, "read", error))?,
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some)
            .map_err(|error| ProvisionError::file(&path, "read", error.into()))
    }

    /// Whole or not at all, and on disk before anything is done that relies on it.
    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), ProvisionError> {
        let path = self.folder.join(name);
        let new = self.folder.join(format!("{name}.new"));
        let put = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(&serde_json::to_vec_pretty(value)?)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        put().map_err(|error| ProvisionError::file(&path, "written", error))
    }

    fn remove(&self, name: &str) -> Result<(), ProvisionError> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(ProvisionError::file(&path, "removed", error))
            }
            _ => Ok(()),
        }
    }
}
