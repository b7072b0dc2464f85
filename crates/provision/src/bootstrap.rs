//! The first root: it makes the bucket that holds all states, its own included.
//!
//! So its own first apply keeps the state here, by an override of its backend, and moves it into the bucket afterwards:
//!
//! ```text
//! no bucket -> override written -> planned, approved, applied -> override removed -> state copied -> compared -> local copy removed
//! ```
//!
//! A process may die between any two of these. Terraform remembers in the root's `.terraform` from where it has to copy, so the copy can be
//! asked for again; the local copy goes last, after the one in the bucket was read back.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reberth_journal::{BoxFuture, Evidence, Observation, Policy, Retry, Step, StepError};
use serde_json::{Value, json};

use crate::apply::Applying;
use crate::error::ProvisionError;
use crate::root::BOOTSTRAP;
use crate::site::Site;

/// Terraform merges files of this ending over the others; the generated list of what Git ignores has it.
const OVERRIDE: &str = "reberth_override.tf";
const MOVE_LIMIT: Duration = Duration::from_secs(900);
/// A new bucket may take two minutes until every part of S3 knows it.
const RETRY: Retry = Retry::times(8);

impl Site {
    /// Makes the folder ready. The first root keeps its state here as long as its bucket does not exist.
    pub(crate) async fn prepare(&self) -> Result<(), ProvisionError> {
        match self.init().await {
            Err(ProvisionError::NoStateBucket { .. }) if self.root.short_name() == BOOTSTRAP => {
                self.keep_state_here()?;
                self.init().await
            }
            result => result,
        }
    }

    fn keep_state_here(&self) -> Result<(), ProvisionError> {
        let path = self.override_file();
        let state = self.store.local_state().display().to_string();
        // A JSON string is a string of HCL as well, but for the templates that a path could hold by chance.
        let state = json!(state)
            .to_string()
            .replace("${", "$${")
            .replace("%{", "%%{");
        let text = format!(
            "# Until the bucket is there; removed by the command that made this file.\n\
             terraform {{\n  backend \"local\" {{\n    path = {state}\n  }}\n}}\n"
        );
        fs::write(&path, text).map_err(|error| ProvisionError::file(&path, "written", error))
    }

    fn override_file(&self) -> PathBuf {
        self.root.folder.join(OVERRIDE)
    }

    /// Whether its state is still here, wholly or as a copy.
    fn has_state_here(&self) -> bool {
        self.override_file().exists() || self.store.local_state().exists()
    }

    /// Puts the state into the bucket, reads it back, and only then removes the one that is here.
    async fn move_state(&self) -> Result<(), ProvisionError> {
        remove(&self.override_file())?;
        self.init_moving_state().await?;
        let local = self.store.local_state();
        let here = match fs::read_to_string(&local) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            read => read.map_err(|error| ProvisionError::file(&local, "read", error))?,
        };
        let there = self.pull().await?;
        if !holds_the_same(&here, &there) {
            return Err(ProvisionError::StateCopy {
                root: self.root.name.clone(),
                file: local,
            });
        }
        remove(&local)?;
        remove(&local.with_extension("tfstate.backup"))
    }
}

/// Whether two states know the same resources and outputs. Lineage and serial are new where Terraform copies into an empty place.
fn holds_the_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (read(one), read(other)) {
        (Some(one), Some(other)) => {
            one["resources"] == other["resources"] && one["outputs"] == other["outputs"]
        }
        _ => false,
    }
}

fn remove(path: &Path) -> Result<(), ProvisionError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(ProvisionError::file(path, "removed", error))
        }
        _ => Ok(()),
    }
}

/// The state of the first root is in the bucket that it made.
pub(crate) struct StateMoved;

impl Step<Applying> for StateMoved {
    fn name(&self) -> &str {
        "state_moved"
    }

    fn policy(&self) -> Policy {
        Policy::one_way(MOVE_LIMIT).with_retry(RETRY)
    }

    fn observe<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            Ok(match applying.site.has_state_here() {
                true => Observation::NotYet,
                false => Observation::NotApplicable {
                    reason: "the state is where the files say".to_owned(),
                },
            })
        })
    }

    fn act<'a>(&'a self, applying: &'a mut Applying) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async {
            let moved = applying.site.move_state().await;
            moved.map_err(ProvisionError::into_step_error)
        })
    }

    fn verify<'a>(
        &'a self,
        applying: &'a mut Applying,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async {
            let state = applying.site.state().await;
            let state = state.map_err(ProvisionError::into_step_error)?;
            Ok(json!({ "state_in_the_bucket": state }))
        })
    }

    fn inspection(&self) -> Vec<String> {
        vec!["terraform state list".to_owned()]
    }
}
