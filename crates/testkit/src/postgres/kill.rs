//! The end of a server, in each of the ways that happen.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Sends a signal to a server; it fails only when the server is gone already.
pub(super) fn signal(name: &str, child: &Child) {
    send(name, &[child.id()]);
}

/// Ends a server and all its processes in one moment: it is stopped first, so that it begins no new ones, and none of them can
/// finish what it was at.
///
/// What such a server leaves in shared memory is removed, as the machine's own end would.
pub(super) fn all_at_once(mut child: Child, data: &Path) {
    send("STOP", &[child.id()]);
    let mut processes = children(child.id());
    processes.push(child.id());
    send("KILL", &processes);
    let _ = child.wait();
    for process in processes {
        wait_until_gone(process);
    }
    if let Some(segment) = shared_memory(data) {
        let _ = quiet(Command::new("ipcrm").args(["-m", &segment]));
    }
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| parent_of(*process) == Some(parent))
        .collect()
}

/// The fourth word of `stat`; the second is a program's name in brackets, which may hold anything.
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// A killed process holds the shared memory until it is reaped, and the next server would refuse to start beside it.
fn wait_until_gone(process: u32) {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let is_over = stat
            .rsplit_once(')')
            .is_none_or(|(_, state)| state.trim_start().starts_with('Z'));
        if is_over {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The number of the segment, the last word of the line in `postmaster.pid` that tells key and number.
fn shared_memory(data: &Path) -> Option<String> {
    let lines = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let line = lines.lines().nth(6)?;
    line.split_whitespace().nth(1).map(str::to_owned)
}

fn send(name: &str, processes: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}"));
    for process in processes {
        command.arg(process.to_string());
    }
    let _ = quiet(&mut command);
}

fn quiet(command: &mut Command) -> std::io::Result<std::process::ExitStatus> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}
