//! What a process costs: wall time, CPU seconds, memory, all from `/proc`.
//!
//! On a machine that others use too, wall time says as much about them as about the contestant. CPU seconds do not, so they are
//! taken of the client and of both servers.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// How often the client's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Clock ticks in a second of `/proc/PID/stat`: Linux shows 100 to user space whatever the kernel counts in.
const TICKS_PER_S: f64 = 100.0;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall_s: f64,
    /// CPU seconds of the client and all processes that it started.
    pub(crate) client_s: f64,
    /// CPU seconds of the source's server meanwhile.
    pub(crate) source_s: f64,
    /// CPU seconds of the target's server meanwhile.
    pub(crate) target_s: f64,
    /// The most memory of the client's processes together, MiB.
    pub(crate) peak_mib: f64,
}

impl Cost {
    /// CPU seconds of all three.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.client_s + self.source_s + self.target_s
    }
}

/// Runs a client to its end, between the servers of a source and a target.
pub(crate) fn run(mut command: Command, [source, target]: [u32; 2]) -> Result<Cost, Failure> {
    let server_ticks = || (tree_ticks(source), tree_ticks(target));
    let (before, clients_before, start) = (server_ticks(), ended_children_ticks(), Instant::now());
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let peak_mib = watch(&mut child)?;
    let status = child.wait()?;
    let wall_s = start.elapsed().as_secs_f64();
    let after = server_ticks();
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    Ok(Cost {
        wall_s,
        client_s: (ended_children_ticks() - clients_before) / TICKS_PER_S,
        source_s: (after.0 - before.0) / TICKS_PER_S,
        target_s: (after.1 - before.1) / TICKS_PER_S,
        peak_mib,
    })
}

/// Waits for the end of a process and returns the most memory that it and its descendants had, MiB.
fn watch(child: &mut Child) -> Result<f64, Failure> {
    let mut peak_kib = 0;
    while child.try_wait()?.is_none() {
        peak_kib = peak_kib.max(tree_kib(child.id()));
        std::thread::sleep(LOOK);
    }
    Ok(peak_kib as f64 / 1024.0)
}

/// Resident memory of a process and its descendants: of each the highest it has had. What they share is counted for each.
fn tree_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let own = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    own + children(process).map(tree_kib).sum::<u64>()
}

/// The living children of a process.
fn children(process: u32) -> impl Iterator<Item = u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children: Vec<u32> = children
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect();
    children.into_iter()
}

/// Ticks of a process and all its descendants, those that have ended too: a server may be one process or many.
pub(crate) fn tree_ticks(process: u32) -> f64 {
    let ended = stat_fields(&process.to_string(), 15);
    own_ticks(process) + ended + children(process).map(tree_ticks).sum::<f64>()
}

/// Ticks of a process itself, in user and system mode.
pub(crate) fn own_ticks(process: u32) -> f64 {
    stat_fields(&process.to_string(), 13)
}

/// Ticks of the ended children of this process, and of theirs.
fn ended_children_ticks() -> f64 {
    stat_fields("self", 15)
}

/// The sum of two neighbouring fields of `/proc/PROCESS/stat`, counted from 0 with the process id.
fn stat_fields(process: &str, first: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The second field is the program's name in brackets, which may hold spaces.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    fields.iter().skip(first - 2).take(2).sum()
}
