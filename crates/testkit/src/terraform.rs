//! The true core of Terraform, a folder in the place of AWS, and a bucket for states.

mod checkers;
mod cloud;
mod local_state;
mod settle;
mod state_bucket;

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use checkers::{Finding, checkov, promtool};
pub use cloud::Cloud;
use local_state::keep_states_locally;
pub use settle::{settle, settle_on, terraform};
pub use state_bucket::StateBucket;

/// How long a helper may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The program: Terraform's own command line out of a Python package. `REBERTH_TERRAFORM` names another.
pub fn program() -> PathBuf {
    std::env::var_os("REBERTH_TERRAFORM")
        .map_or_else(|| repository().join("tools/terraform"), PathBuf::from)
}

/// Variables with which a test's Terraform reads nothing of this machine's configuration.
pub fn environment() -> Vec<(String, String)> {
    vec![("TF_CLI_CONFIG_FILE".to_owned(), "/dev/null".to_owned())]
}

/// A new folder under the host's temporary one.
pub fn scratch(name: &str) -> io::Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder =
        std::env::temp_dir().join(format!("reberth-{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    folder.canonicalize()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program of the Python environment that `make setup` makes.
pub(crate) fn python(name: &str) -> io::Result<PathBuf> {
    built(&format!("venv/bin/{name}"))
}

/// A program that `make setup` puts into the build folder.
fn built(inside: &str) -> io::Result<PathBuf> {
    let path = repository().join("build").join(inside);
    match path.exists() {
        true => Ok(path),
        false => Err(io::Error::other(format!(
            "{} is missing: run `make setup`",
            path.display()
        ))),
    }
}

/// Starts a helper that ends with this process, and waits until it answers.
pub(crate) fn start(
    mut command: Command,
    what: &str,
    answers: impl Fn() -> bool,
) -> io::Result<Child> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let deadline = Instant::now() + START_LIMIT;
    while !answers() {
        let has_ended = child.try_wait()?.is_some();
        if has_ended || Instant::now() > deadline {
            child.kill().ok();
            child.wait().ok();
            return Err(io::Error::other(format!("{what} does not answer")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}
