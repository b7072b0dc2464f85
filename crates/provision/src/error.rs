//! What can go wrong when Terraform is run, and what to do about it.

use std::path::{Path, PathBuf};

use reberth_journal::StepError;

use crate::lock::LockHolder;

/// An error of provisioning. Every code has a page in `docs/errors/`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisionError {
    /// Neither Terraform nor OpenTofu can be started.
    #[error("no Terraform was found: tried {tried}")]
    NoTool {
        /// The programs that were tried.
        tried: String,
    },
    /// The program is too old for the generated files.
    #[error("{program} is version {version}, and the generated files need {needed} or newer")]
    OldTool {
        /// The program.
        program: String,
        /// What it says it is.
        version: String,
        /// What is needed.
        needed: &'static str,
    },
    /// There is nothing to provision, or a listed root is not on disk.
    #[error("{what}")]
    NoRoot {
        /// What is missing.
        what: String,
    },
    /// `init` said no.
    #[error("{root} cannot be initialised: {said}")]
    Init {
        /// The root.
        root: String,
        /// What Terraform said first.
        said: String,
    },
    /// The bucket that holds the states is not there yet.
    #[error("the bucket {bucket} that holds the state of {root} does not exist")]
    NoStateBucket {
        /// The root.
        root: String,
        /// The bucket.
        bucket: String,
    },
    /// `plan` said no.
    #[error("{root} cannot be planned: {said}")]
    Plan {
        /// The root.
        root: String,
        /// What Terraform said first.
        said: String,
    },
    /// What Terraform answered cannot be understood.
    #[error("the answer of `{command}` for {root} cannot be understood: {why}")]
    Answer {
        /// The root.
        root: String,
        /// The command.
        command: &'static str,
        /// Why not.
        why: String,
    },
    /// The rules say no.
    #[error("the rules refuse {count} change(s) of {root}; the first: {first}")]
    Refused {
        /// The root.
        root: String,
        /// How many.
        count: usize,
        /// The first of them, in words.
        first: String,
    },
    /// The state is not the one that was planned on.
    #[error(
        "the state of {root} is {found}, and the plan was made on {planned}: somebody applied in between"
    )]
    StateMoved {
        /// The root.
        root: String,
        /// The state now.
        found: String,
        /// The state that was planned on.
        planned: String,
    },
    /// The files are not the ones that were planned.
    #[error("the files of {root} have changed since they were planned")]
    FilesChanged {
        /// The root.
        root: String,
    },
    /// The stored plan is not the one that was approved.
    #[error("the stored plan of {root} cannot be used: {why}")]
    StoredPlan {
        /// The root.
        root: String,
        /// Why not.
        why: String,
    },
    /// Another process holds the lock of the state.
    #[error("the state of {root} is locked: {holder}; {evidence}")]
    Locked {
        /// The root.
        root: String,
        /// Who wrote themselves down as the holder.
        holder: Box<LockHolder>,
        /// What is known about whether that process still lives.
        evidence: String,
    },
    /// The apply ended before it touched anything.
    #[error("nothing of {root} was applied: {said}")]
    NotBegun {
        /// The root.
        root: String,
        /// Why.
        said: String,
    },
    /// Some of the plan was carried out.
    #[error("{root} was applied in part: {done} of {planned} changes are done; {failed}")]
    Partial {
        /// The root.
        root: String,
        /// How many changes are done and in the state.
        done: usize,
        /// How many there were to do.
        planned: usize,
        /// What failed.
        failed: String,
    },
    /// A person stopped it.
    #[error("{root} was interrupted: {done} change(s) are done and in the state")]
    Interrupted {
        /// The root.
        root: String,
        /// How many changes are done and in the state.
        done: usize,
    },
    /// A person left while it goes on.
    #[error("{root} is still being applied, by process {pid}")]
    LeftRunning {
        /// The root.
        root: String,
        /// Its process.
        pid: String,
    },
    /// The process of the apply ended in the middle.
    #[error("the apply of {root} died in the middle; it was at work on {at_work}")]
    Died {
        /// The root.
        root: String,
        /// The resources that were begun and not finished.
        at_work: String,
    },
    /// Applied, and still not as the files say.
    #[error("{root} was applied, and a new plan still has {left} change(s)")]
    NotSettled {
        /// The root.
        root: String,
        /// How many.
        left: usize,
    },
    /// Terraform could not write the state and left it beside the files.
    #[error("the state of {root} could not be written, and lies in {}", file.display())]
    ErroredState {
        /// The root.
        root: String,
        /// The file.
        file: PathBuf,
    },
    /// Another process is at work on this root.
    #[error("{root} is being planned or applied by another process right now")]
    Busy {
        /// The root.
        root: String,
    },
    /// The state in the bucket is not the one that was copied there.
    #[error("the state of {root} in the bucket does not hold what {} holds", file.display())]
    StateCopy {
        /// The root.
        root: String,
        /// The state that is here.
        file: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{} could not be {doing}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written` or `removed`.
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Terraform could not be run.
    #[error("`{command}` failed: {said}")]
    Tool {
        /// The command.
        command: String,
        /// What it, or the operating system, said.
        said: String,
    },
}

impl ProvisionError {
    /// The code, which is also the name of the page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTool { .. } => "RB-PRO-001",
            Self::OldTool { .. } => "RB-PRO-002",
            Self::NoRoot { .. } => "RB-PRO-003",
            Self::Init { .. } => "RB-PRO-004",
            Self::NoStateBucket { .. } => "RB-PRO-005",
            Self::Plan { .. } => "RB-PRO-006",
            Self::Answer { .. } => "RB-PRO-007",
            Self::Refused { .. } => "RB-PRO-008",
            Self::StateMoved { .. } => "RB-PRO-009",
            Self::FilesChanged { .. } => "RB-PRO-010",
            Self::StoredPlan { .. } => "RB-PRO-011",
            Self::Locked { .. } => "RB-PRO-012",
            Self::Partial { .. } => "RB-PRO-013",
            Self::Interrupted { .. } => "RB-PRO-014",
            Self::LeftRunning { .. } => "RB-PRO-015",
            Self::Died { .. } => "RB-PRO-016",
            Self::NotSettled { .. } => "RB-PRO-017",
            Self::ErroredState { .. } => "RB-PRO-018",
            Self::Busy { .. } => "RB-PRO-019",
            Self::File { .. } => "RB-PRO-020",
            Self::Tool { .. } => "RB-PRO-021",
            Self::NotBegun { .. } => "RB-PRO-022",
            Self::StateCopy { .. } => "RB-PRO-023",
        }
    }

    /// What the operator does now.
    pub fn hint(&self) -> String {
        const PLAN_AGAIN: &str = "run `reberth provision plan` and approve what is left";
        match self {
            Self::NoTool { .. } => {
                "install Terraform or OpenTofu, or set REBERTH_TERRAFORM to its path".to_owned()
            }
            Self::OldTool { needed, .. } => format!("install version {needed} or newer"),
            Self::NoRoot { .. } => "run `reberth generate` first".to_owned(),
            Self::Init { .. } => {
                "check the credentials and the way to the registry, then run the same command again; nothing was changed".to_owned()
            }
            Self::NoStateBucket { .. } => {
                "the root _bootstrap makes that bucket: apply it first, then run the same command again".to_owned()
            }
            Self::Plan { .. } => {
                "correct what the message names, then run the same command again; nothing was changed".to_owned()
            }
            Self::Answer { .. } => {
                "use a Terraform from 1.11 on of major version 1, or a newer Reberth".to_owned()
            }
            Self::Refused { .. } => {
                "change the design, or the files, so that the change is not made; where it is wanted, accept it by name and reason in reberth.yaml under plan_waivers".to_owned()
            }
            Self::StateMoved { .. } | Self::FilesChanged { .. } | Self::StoredPlan { .. } => {
                "run `reberth provision plan` and approve the new plan".to_owned()
            }
            Self::Locked { holder, .. } => format!(
                "ask the holder. Only when that process is gone for certain, a person unlocks, in the folder of the root: \
                 `terraform force-unlock {}`; Reberth never does",
                holder.id
            ),
            Self::Partial { .. } => {
                format!("correct what failed, then {PLAN_AGAIN}; the old plan is not used again")
            }
            Self::NotBegun { .. } => {
                "correct what the message names, then run `reberth provision apply` again: plan and approval still hold".to_owned()
            }
            Self::Interrupted { .. } | Self::NotSettled { .. } => PLAN_AGAIN.to_owned(),
            Self::LeftRunning { .. } => {
                "`reberth provision apply` goes on watching it; it must not be killed".to_owned()
            }
            Self::Died { .. } => format!(
                "look for these resources in the account: import what exists, or remove it; then {PLAN_AGAIN}"
            ),
            Self::ErroredState { .. } => {
                "run `terraform state push errored.tfstate` in the folder of the root, remove that file, then plan again; applying before that would lose track of resources".to_owned()
            }
            Self::StateCopy { file, .. } => format!(
                "compare it with `terraform state pull` in the folder of the root; if {} is the right one, `terraform state push` puts it there",
                file.display()
            ),
            Self::Busy { .. } => {
                "wait for it; an apply is shown as it goes on by `reberth provision apply`".to_owned()
            }
            Self::File { .. } => {
                "check the rights and the free space, then run the same command again".to_owned()
            }
            Self::Tool { .. } => "run the same command again".to_owned(),
        }
    }

    /// A file that could not be `doing` (read, written, removed).
    pub(crate) fn file(path: &Path, doing: &'static str, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            doing,
            source,
        }
    }

    /// The same as the run engine records it. Nothing is tried again by itself, each failure asks for a look or a new plan, but for a bucket
    /// that was just made and is not seen everywhere yet.
    pub(crate) fn into_step_error(self) -> StepError {
        let why = std::error::Error::source(&self).map_or_else(String::new, ToString::to_string);
        StepError {
            code: self.code(),
            what: self.to_string(),
            why,
            hint: self.hint(),
            retry: matches!(self, Self::NoStateBucket { .. }),
        }
    }
}
