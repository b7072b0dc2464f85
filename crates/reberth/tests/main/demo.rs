//! The demo is the first thing that a stranger runs: it must keep its promises, and leave nothing behind.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const REBERTH: &str = env!("CARGO_BIN_EXE_reberth");

#[test]
fn every_promise_is_kept_and_no_secret_is_shown() {
    let output = Command::new(REBERTH)
        .args(["demo", "--small"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{shown}");
    let kept = shown
        .lines()
        .filter(|line| line.trim_start().starts_with("kept "))
        .count();
    assert_eq!(kept, 10, "five promises in each of two acts: {shown}");
    assert!(
        !shown.contains("RECORDED-FAKE") && !shown.contains("local-only"),
        "a secret is shown"
    );
}

#[test]
fn an_interrupted_demo_leaves_nothing_running() {
    let mut demo = Command::new(REBERTH)
        .args(["demo", "--small"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let id = demo.id();
    let stderr = BufReader::new(demo.stderr.take().unwrap());
    let mut lines = stderr.lines().map_while(Result::ok);
    let mut before = Vec::new();
    let begun = lines.by_ref().any(|line| {
        before.push(line);
        before[before.len() - 1].contains("replicate start")
    });
    assert!(begun, "the demo never began to replicate: {before:#?}");
    // As a terminal does it: to the whole group.
    let killed = Command::new("kill")
        .args(["-INT", "--", &format!("-{id}")])
        .status()
        .unwrap();
    assert!(killed.success());
    let said: Vec<String> = lines.collect();
    let status = demo.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{said:?}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !left_running(id).is_empty() {
        assert!(
            Instant::now() < deadline,
            "still running: {:?}",
            left_running(id)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let project = std::env::temp_dir().join(format!("reberth-demo-{id}"));
    assert!(!project.exists(), "{} was left", project.display());
}

/// Command lines that name a folder of this demo.
fn left_running(id: u32) -> Vec<String> {
    let names = ["source", "target"].map(|side| format!("reberth-demo-{side}-{id}-"));
    let project = format!("reberth-demo-{id}");
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&project) || names.iter().any(|name| line.contains(name)))
        .collect()
}
