//! A root with all that is needed to work on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reberth_model::document::sha256_hex;

use crate::account::Account;
use crate::error::ProvisionError;
use crate::message::{Message, errors};
use crate::plan_document::PlanDocument;
use crate::root::Root;
use crate::rules::Surroundings;
use crate::state_mark::StateMark;
use crate::store::{PlanRecord, RootStore};
use crate::tool::{Answer, Tool};

/// Providers may be large.
const INIT_LIMIT: Duration = Duration::from_secs(900);
const PLAN_LIMIT: Duration = Duration::from_secs(3600);
const READ_LIMIT: Duration = Duration::from_secs(300);
/// Left by Terraform when it could not write the state.
const ERRORED_STATE: &str = "errored.tfstate";

/// A root, the program that plans and applies it, and what is kept about it.
#[derive(Clone, Debug)]
pub struct Site {
    pub(crate) root: Root,
    pub(crate) tool: Tool,
    pub(crate) store: RootStore,
    pub(crate) surroundings: Surroundings,
    modules: PathBuf,
}

impl Site {
    /// The site of a root of a project.
    pub fn open(
        project: &Path,
        root: Root,
        tool: Tool,
        surroundings: Surroundings,
    ) -> Result<Self, ProvisionError> {
        Ok(Self {
            store: RootStore::open(project, &root)?,
            modules: project.join("infra/modules"),
            root,
            tool,
            surroundings,
        })
    }

    /// The root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The plan that waits to be applied.
    pub fn stored_plan(&self) -> Result<Option<PlanRecord>, ProvisionError> {
        match self.store.plan_file().exists() {
            true => self.store.record(),
            false => Ok(None),
        }
    }

    /// The plan that was stored last, also one that was applied: a run that was begun with it goes on with it.
    pub fn last_plan(&self) -> Result<Option<PlanRecord>, ProvisionError> {
        self.store.record()
    }

    /// Notes that a person was shown this plan: only such a one may be approved without its hash.
    pub fn keep_shown(&self, plan: &PlanRecord) -> Result<(), ProvisionError> {
        self.store.keep_shown(&plan.hash())
    }

    /// Whether a person was shown exactly this plan. A planner may have died before it came to that.
    pub fn was_shown(&self, plan: &PlanRecord) -> Result<bool, ProvisionError> {
        Ok(self
            .store
            .shown()?
            .is_some_and(|shown| shown == plan.hash()))
    }

    /// Whether an apply is going on, or one of exactly this plan has touched anything.
    pub fn has_begun(&self, plan: &PlanRecord) -> Result<bool, ProvisionError> {
        Ok(self.account_of(&plan.hash())?.is_some() || self.is_being_applied()?)
    }

    /// What the last apply came to, if it was of this plan and touched anything.
    pub(crate) fn account_of(&self, hash: &str) -> Result<Option<Account>, ProvisionError> {
        let attempt = self.store.attempt()?;
        if attempt.is_none_or(|attempt| attempt.plan != hash) {
            return Ok(None);
        }
        let account = Account::of(&self.store.log_text()?);
        Ok((!account.has_touched_nothing()).then_some(account))
    }

    /// Removes a plan that waits and was not begun, because it reads outputs of an earlier root that are about to change. Whether there was one.
    pub fn discard_outdated(&self) -> Result<bool, ProvisionError> {
        let log = self.store.open_log()?;
        if log.try_lock().is_err() {
            // Another process plans or applies it.
            return Ok(false);
        }
        let waits = match self.stored_plan()? {
            Some(plan) => self.account_of(&plan.hash())?.is_none(),
            None => false,
        };
        if waits {
            self.store.discard()?;
        }
        Ok(waits)
    }

    /// Whether a process, of this or of an earlier command, is applying this root. It holds the lock of its log as long as it lives.
    pub fn is_being_applied(&self) -> Result<bool, ProvisionError> {
        Ok(self.store.open_log()?.try_lock().is_err())
    }

    /// Fails while the state of the last apply lies beside the files, not where it belongs.
    pub(crate) fn check_no_errored_state(&self) -> Result<(), ProvisionError> {
        let file = self.root.folder.join(ERRORED_STATE);
        match file.exists() {
            false => Ok(()),
            true => Err(ProvisionError::ErroredState {
                root: self.root.name.clone(),
                file,
            }),
        }
    }

    /// Makes the folder ready: backend, modules, providers. Doing it again changes nothing.
    pub(crate) async fn init(&self) -> Result<(), ProvisionError> {
        self.init_with(&["init", "-input=false", "-json"]).await
    }

    /// The same, and copies the state from where it was before to where the files say. Terraform does this without `-json` only.
    pub(crate) async fn init_moving_state(&self) -> Result<(), ProvisionError> {
        let copy = ["-migrate-state", "-force-copy"];
        let arguments = ["init", "-input=false", "-no-color", copy[0], copy[1]];
        self.init_with(&arguments).await
    }

    async fn init_with(&self, arguments: &[&str]) -> Result<(), ProvisionError> {
        let answer = self.ask(arguments, INIT_LIMIT).await?;
        if answer.code == 0 {
            return Ok(());
        }
        let said = said(&answer);
        let root = self.root.name.clone();
        let missing = missing_bucket(&said).or_else(|| missing_bucket(&answer.stderr));
        if let Some(bucket) = missing {
            return Err(ProvisionError::NoStateBucket { root, bucket });
        }
        let said = said.lines().next().unwrap_or_default().to_owned();
        Err(ProvisionError::Init { root, said })
    }

    /// Plans without taking the lock: a plan writes no state, one made beside an apply is refused as stale later, and a planner killed in
    /// the middle leaves no lock behind. Returns whether there is anything to do, and what was said.
    pub(crate) async fn plan(
        &self,
        extra: &[&str],
    ) -> Result<(bool, Vec<Message>), ProvisionError> {
        let fixed = [
            "plan",
            "-input=false",
            "-lock=false",
            "-detailed-exitcode",
            "-json",
        ];
        let arguments: Vec<&str> = fixed.iter().chain(extra).copied().collect();
        let answer = self.ask(&arguments, PLAN_LIMIT).await?;
        match answer.code {
            0 => Ok((false, Message::read_all(&answer.stdout))),
            2 => Ok((true, Message::read_all(&answer.stdout))),
            _ => {
                let said = said(&answer);
                Err(ProvisionError::Plan {
                    root: self.root.name.clone(),
                    said,
                })
            }
        }
    }

    /// The JSON form of a plan file. It holds secrets in the clear, and stays in memory.
    pub(crate) async fn show(&self, plan: &Path) -> Result<PlanDocument, ProvisionError> {
        let plan = plan.display().to_string();
        let answer = self.ask(&["show", "-json", &plan], READ_LIMIT).await?;
        if answer.code != 0 {
            return Err(self.unreadable("show", answer.complaint()));
        }
        PlanDocument::read(&answer.stdout).map_err(|why| self.unreadable("show", why))
    }

    /// Which state is there now.
    pub(crate) async fn state(&self) -> Result<StateMark, ProvisionError> {
        StateMark::read(&self.pull().await?)
            .map_err(|error| self.unreadable("state pull", error.to_string()))
    }

    /// The state itself; empty where there is none. It holds secrets in the clear, and stays in memory.
    pub(crate) async fn pull(&self) -> Result<String, ProvisionError> {
        let answer = self.ask(&["state", "pull"], READ_LIMIT).await?;
        match answer.code {
            0 => Ok(answer.stdout),
            _ => Err(self.unreadable("state pull", answer.complaint())),
        }
    }

    /// One hash over the files of the root, its modules and the versions of its providers.
    pub(crate) fn files_sha256(&self) -> Result<String, ProvisionError> {
        let mut hashes = Vec::new();
        for folder in [&self.root.folder, &self.modules] {
            collect(folder, folder, &mut hashes)?;
        }
        hashes.sort();
        Ok(sha256_hex(hashes.join("\n").as_bytes()))
    }

    async fn ask(&self, arguments: &[&str], limit: Duration) -> Result<Answer, ProvisionError> {
        self.tool.ask(&self.root.folder, arguments, limit).await
    }

    fn unreadable(&self, command: &'static str, why: String) -> ProvisionError {
        ProvisionError::Answer {
            root: self.root.name.clone(),
            command,
            why,
        }
    }
}

/// Its first error, or what it said without `-json`.
fn said(answer: &Answer) -> String {
    let messages = Message::read_all(&answer.stdout);
    match errors(&messages).first() {
        Some(error) if error.detail.is_empty() => error.summary.clone(),
        Some(error) => format!("{} ({})", error.headline(), first_sentence(&error.detail)),
        None => answer.complaint(),
    }
}

fn first_sentence(detail: &str) -> &str {
    let paragraph = detail.split("\n\n").next().unwrap_or_default();
    paragraph.trim()
}

/// The bucket in Terraform's words that it does not exist.
fn missing_bucket(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("S3 bucket \"")?;
    let (bucket, rest) = rest.split_once('"')?;
    rest.starts_with(" does not exist")
        .then(|| bucket.to_owned())
}

/// Hash and path of each file, but for what Terraform makes itself.
fn collect(folder: &Path, base: &Path, hashes: &mut Vec<String>) -> Result<(), ProvisionError> {
    if !folder.exists() {
        return Ok(());
    }
    let unreadable = |error| ProvisionError::file(folder, "read", error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == ".terraform" || name.contains(".tfstate") || name.ends_with(".tfplan") {
            continue;
        }
        if path.is_dir() {
            collect(&path, base, hashes)?;
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| ProvisionError::file(&path, "read", error))?;
        let inside = path.strip_prefix(base).unwrap_or(&path);
        hashes.push(format!("{} {}", inside.display(), sha256_hex(&bytes)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bucket_is_told_from_other_errors() {
        let said = "Failed to get existing workspaces: S3 bucket \"school-state\" does not exist.\n\nThe referenced S3 bucket must";
        assert_eq!(missing_bucket(said).as_deref(), Some("school-state"));
        assert_eq!(
            missing_bucket("S3 bucket \"x\" is not in this region"),
            None
        );
    }
}
