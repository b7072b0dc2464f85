//! Terraform or OpenTofu as a child process: the one place that starts it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use crate::error::ProvisionError;

/// The oldest version that knows all the generated files use: lock files in S3 and write-only arguments.
const NEEDED: &str = "1.11.0";
/// Variables that would add arguments to our commands or lead them to another state.
const NOT_INHERITED: [&str; 10] = [
    "TF_CLI_ARGS",
    "TF_CLI_ARGS_init",
    "TF_CLI_ARGS_plan",
    "TF_CLI_ARGS_show",
    "TF_CLI_ARGS_apply",
    "TF_CLI_ARGS_state",
    "TF_CLI_ARGS_state_pull",
    "TF_CLI_ARGS_version",
    "TF_WORKSPACE",
    "TF_DATA_DIR",
];
const SET: [(&str, &str); 3] = [
    ("TF_IN_AUTOMATION", "1"),
    ("TF_INPUT", "0"),
    ("CHECKPOINT_DISABLE", "1"),
];

/// The program that plans and applies, with its version checked.
///
/// It inherits the environment of this process, so that credentials come from where the person has them, but for the variables that
/// would change what a command does.
#[derive(Clone, Debug)]
pub struct Tool {
    program: PathBuf,
    version: String,
    environment: Vec<(String, String)>,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// The last line of what it said apart from its data.
    pub(crate) fn complaint(&self) -> String {
        let mut lines = self.stderr.lines().map(str::trim);
        let last = lines.rfind(|line| !line.is_empty()).unwrap_or_default();
        match last {
            "" => format!("it ended with code {} and said nothing", self.code),
            last => last.to_owned(),
        }
    }
}

impl Tool {
    /// The named program, or the first of `terraform` and `tofu` that is found. `environment` is added to what is inherited.
    pub async fn find(
        named: Option<&str>,
        environment: Vec<(String, String)>,
    ) -> Result<Self, ProvisionError> {
        let candidates = named.map_or_else(|| vec!["terraform", "tofu"], |named| vec![named]);
        for candidate in &candidates {
            let tool = Self {
                program: PathBuf::from(candidate),
                version: String::new(),
                environment: environment.clone(),
            };
            if let Some(version) = tool.ask_version().await? {
                check_version(candidate, &version)?;
                return Ok(Self { version, ..tool });
            }
        }
        Err(ProvisionError::NoTool {
            tried: candidates.join(", "),
        })
    }

    /// Program and version, for people and evidence.
    pub fn described(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        format!("{} {}", name.to_string_lossy(), self.version)
    }

    /// `None` when there is no such program.
    async fn ask_version(&self) -> Result<Option<String>, ProvisionError> {
        #[derive(Deserialize)]
        struct Versions {
            terraform_version: String,
        }
        let mut command = self.command(Path::new("."), &["version", "-json"]);
        let answer = match command.output().await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            answer => answer.map_err(|error| self.failed("version", error.to_string()))?,
        };
        match serde_json::from_slice::<Versions>(&answer.stdout) {
            Ok(versions) => Ok(Some(versions.terraform_version)),
            Err(error) => Err(self.failed("version", error.to_string())),
        }
    }

    /// A command in a folder, before it is started. Nothing is asked, nothing is coloured.
    pub(crate) fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        if folder != Path::new(".") {
            command.arg(format!("-chdir={}", folder.display()));
        }
        command.args(arguments).stdin(Stdio::null());
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.envs(SET);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command that changes nothing, and ends it when its time is up or nobody waits for it any more. It holds no lock.
    pub(crate) async fn ask(
        &self,
        folder: &Path,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<Answer, ProvisionError> {
        let mut command = self.command(folder, arguments);
        let asked = command.kill_on_drop(true).output();
        let output = match tokio::time::timeout(limit, asked).await {
            Ok(output) => output.map_err(|error| self.failed(arguments[0], error.to_string()))?,
            Err(_) => return Err(self.failed(arguments[0], format!("no answer within {limit:?}"))),
        };
        // What it had said by then is no answer, and says nothing about its version.
        let Some(code) = output.status.code() else {
            return Err(self.failed(arguments[0], "it was ended by a signal".to_owned()));
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Answer {
            code,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }

    fn failed(&self, command: &str, said: String) -> ProvisionError {
        let command = format!("{} {command}", self.program.display());
        ProvisionError::Tool { command, said }
    }
}

fn check_version(program: &str, version: &str) -> Result<(), ProvisionError> {
    if numbers(version) >= numbers(NEEDED) && numbers(version)[0] == numbers(NEEDED)[0] {
        return Ok(());
    }
    Err(ProvisionError::OldTool {
        program: program.to_owned(),
        version: version.to_owned(),
        needed: NEEDED,
    })
}

/// The three numbers of a version; what is no number counts as 0. A word after them, as in `1.12.0-beta1`, is left out.
fn numbers(version: &str) -> [u32; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = [0; 3];
    for (place, part) in plain.split('.').take(3).enumerate() {
        numbers[place] = part.parse().unwrap_or(0);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_was_killed_gave_no_answer() {
        let tool = Tool {
            program: PathBuf::from("sh"),
            version: String::new(),
            environment: Vec::new(),
        };
        let said = ["-c", "echo '{}'; kill -9 $$"];
        let limit = Duration::from_secs(120);
        let asked = tool.ask(Path::new("."), &said, limit).await;
        assert_eq!(asked.err().unwrap().code(), "RB-PRO-021");
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let is_good = |version| check_version("tofu", version).is_ok();
        assert!(is_good("1.11.0") && is_good("1.15.5") && is_good("1.12.0-beta1"));
        assert!(!is_good("1.9.8") && !is_good("0.15.0") && !is_good("2.0.0") && !is_good("what"));
    }
}
