//! A project folder that goes away with its test, and the binary run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use reberth_testkit::replay::{Faults, Recording, Replay};
use serde_json::Value;

pub(crate) const TOKEN: &str = "recorded-token";
/// The day that the recorded account is judged by.
pub(crate) const DAY: &str = "2026-11-22";
/// Planted in every secret of the recording.
const PLANTED: &str = "RECORDED-FAKE";

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Folder {
    pub(crate) parent: PathBuf,
    pub(crate) path: PathBuf,
}

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// An empty place for a project called `edtech`.
    pub(crate) fn empty() -> Folder {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let parent =
            std::env::temp_dir().join(format!("reberth-cli-{}-{number}", std::process::id()));
        fs::create_dir_all(&parent).unwrap();
        let path = parent.join("edtech");
        Folder { parent, path }
    }

    /// A folder after `init`.
    pub(crate) fn project() -> Folder {
        Folder::project_of("digitalocean", "ap-south-1")
    }

    /// A folder after `init` for a provider and a target region.
    pub(crate) fn project_of(provider: &str, region: &str) -> Folder {
        let folder = Folder::empty();
        let path = folder.path.display().to_string();
        folder.ok(&["init", &path, "--source", provider, "--region", region]);
        folder
    }

    /// A folder after `init` and `discover`.
    pub(crate) fn discovered() -> Folder {
        let folder = Folder::project();
        let replay = replay(&[]);
        folder.ok(&["discover", "--from", &replay.url()]);
        folder
    }

    /// A project called `lms` after `init` and `discover` of the recorded platform.
    pub(crate) fn discovered_platform() -> Folder {
        let mut folder = Folder::empty();
        folder.path = folder.parent.join("lms");
        let path = folder.path.display().to_string();
        folder.ok(&["init", &path, "--source", "heroku", "--region", "us-east-1"]);
        let replay = Replay::start(Recording::lms(), TOKEN, Faults::default()).unwrap();
        folder.ok(&["discover", "--from", &replay.url()]);
        folder
    }

    /// Runs the binary with the token set.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(
            arguments,
            &[("DIGITALOCEAN_TOKEN", TOKEN), ("HEROKU_API_KEY", TOKEN)],
        )
    }

    /// Runs the binary with nothing in its environment but a search path and these variables.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_reberth"))
            .args(arguments)
            .arg("--project")
            .arg(&self.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let ran = Ran::of(&output);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(
                !text.contains(PLANTED),
                "a secret was printed by {arguments:?}:\n{text}"
            );
        }
        ran
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path.join(inside)).unwrap()
    }

    pub(crate) fn write(&self, inside: &str, text: &str) {
        fs::write(self.path.join(inside), text).unwrap();
    }

    /// Every file but the journal, by path.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path, &mut files);
        files.retain(|path, _| !path.starts_with(self.path.join(".reberth")));
        files
    }

    /// No file of the project, the journal's included, holds a planted secret.
    pub(crate) fn assert_no_secret(&self) {
        let mut files = BTreeMap::new();
        collect(&self.path, &mut files);
        assert!(!files.is_empty());
        for (path, bytes) in files {
            let is_planted = bytes
                .windows(PLANTED.len())
                .any(|window| window == PLANTED.as_bytes());
            assert!(!is_planted, "a secret in {}", path.display());
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.parent).ok();
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The recorded account, with faults.
pub(crate) fn replay(faults: &[&str]) -> Replay {
    let faults = Faults::parse(faults.iter().copied()).expect("a fault is misspelt");
    Replay::start(Recording::edtech(), TOKEN, faults).unwrap()
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}
