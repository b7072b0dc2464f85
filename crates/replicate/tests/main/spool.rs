//! The source's log kept on disk while the copy runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::preflight;
use reberth_replicate::mysql::spool::{self, SpoolPlan};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use crate::pair::{Pair, error_of, reach};
use crate::rules::{CHANGES, FILLER, SCHEMA};

/// A text that stands in rows, and nowhere else.
const PLANTED: &str = "planted-value-8f31";

/// A source whose copy is slow, and a folder for the spool.
struct Slow {
    pair: Pair,
    proxy: FaultProxy,
    folder: PathBuf,
    bytes_max: u64,
}

impl Slow {
    async fn start(name: &str, bytes_max: u64) -> Slow {
        let pair = Pair::with(name, &format!("{SCHEMA} {FILLER}"));
        let proxy = FaultProxy::start(pair.source.port())
            .await
            .expect("the proxy starts");
        let folder = format!("reberth-spool-{name}-{}", std::process::id());
        Slow {
            pair,
            proxy,
            folder: std::env::temp_dir().join(folder),
            bytes_max,
        }
    }

    fn plan(&self) -> StreamPlan {
        StreamPlan {
            workers: 1,
            spool: Some(SpoolPlan {
                folder: self.folder.clone(),
                bytes_max: self.bytes_max,
            }),
            ..self
                .pair
                .forward_over(self.proxy.port(), self.pair.target.port())
        }
    }

    /// Starts a stream whose copy then stands in the middle.
    async fn copy(&self) -> RunningStream {
        self.proxy.set(Traffic::Slow(Duration::from_millis(4)));
        let mut stream = RunningStream::start(self.plan());
        reach(&mut stream, |progress| progress.chunks_done >= 2).await;
        self.proxy.set(Traffic::Slow(Duration::from_millis(150)));
        stream
    }

    /// Changes the source until the spool holds it, and purges the source's log up to there.
    async fn change_and_purge(&self, stream: &mut RunningStream) {
        for (_, sql) in CHANGES {
            self.pair.run(sql);
        }
        self.pair.run(&format!(
            "INSERT INTO town VALUES ('{PLANTED}', 1); FLUSH BINARY LOGS; INSERT INTO town VALUES ('last', 2)"
        ));
        let before = stream.progress().spool_bytes;
        let last = self.pair.log_end().file().to_owned();
        reach(stream, |progress| progress.spool_bytes > before).await;
        // The server keeps what somebody reads, so it is asked until the reader has come to the last file.
        loop {
            self.pair.run(&format!("PURGE BINARY LOGS TO '{last}'"));
            let files = self.pair.source.sql("SHOW BINARY LOGS").expect("the files");
            if files.lines().count() == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(stream.progress().phase, "copying");
    }

    fn file(&self) -> PathBuf {
        let mut files = std::fs::read_dir(&self.folder).expect("a folder");
        files.next().expect("a file").expect("a name").path()
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn holds(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).expect("the spool");
    bytes
        .windows(text.len())
        .any(|some| some == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_may_purge_its_log_while_the_copy_runs() {
    let slow = Slow::start("purge", 1 << 30).await;
    let mut stream = slow.copy().await;
    slow.change_and_purge(&mut stream).await;
    assert!(!holds(&slow.file(), PLANTED) && !holds(&slow.file(), "town"));
    let key = slow.pair.target.sql("SELECT spool_key FROM reberth.spool");
    assert!(!holds(&slow.file(), key.unwrap().trim()));
    slow.proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    slow.pair.run("INSERT INTO town VALUES ('live', 3)");
    slow.pair.drain(&mut stream).await;
    assert_eq!(slow.pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
    spool::remove(&slow.plan());
    assert_eq!(std::fs::read_dir(&slow.folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_spool_is_noticed_and_read_again_from_the_log() {
    let slow = Slow::start("damage", 1 << 30).await;
    let mut stream = slow.copy().await;
    for (_, sql) in CHANGES {
        slow.pair.run(sql);
        let before = stream.progress().spool_bytes;
        reach(&mut stream, |progress| progress.spool_bytes > before).await;
    }
    stream.stop().await.unwrap();
    let mut bytes = std::fs::read(slow.file()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(slow.file(), &bytes).unwrap();
    let mut stream = RunningStream::start(slow.plan());
    slow.proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    slow.pair.drain(&mut stream).await;
    assert_eq!(slow.pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_spool_whose_log_is_purged_stops_the_stream() {
    let slow = Slow::start("lost-spool", 1 << 30).await;
    let mut stream = slow.copy().await;
    slow.change_and_purge(&mut stream).await;
    stream.stop().await.unwrap();
    std::fs::remove_file(slow.file()).unwrap();
    slow.proxy.set(Traffic::Pass);
    let error = error_of(&mut RunningStream::start(slow.plan())).await;
    assert_eq!(error.code(), "RB-REP-007", "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_spool_stops_reading_and_drops_nothing() {
    let slow = Slow::start("full", 20_000).await;
    let mut stream = slow.copy().await;
    slow.pair
        .run("INSERT INTO scratch SELECT seq + 1000 FROM seq_1_to_30000");
    reach(&mut stream, |progress| progress.spool_warning.is_some()).await;
    let warning = stream.progress().spool_warning.unwrap();
    assert!(warning.contains("the source"), "{warning}");
    slow.pair.run("INSERT INTO town VALUES ('behind', 1)");
    slow.proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    slow.pair.drain(&mut stream).await;
    assert_eq!(slow.pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_spool_the_source_may_keep_its_log_for_less_than_a_day() {
    let slow = Slow::start("short", 1 << 30).await;
    slow.pair
        .source
        .sql("SET GLOBAL binlog_expire_logs_seconds = 7200")
        .unwrap();
    let without = preflight::run(&slow.pair.forward()).await.unwrap();
    let blockers = without.blockers();
    assert!(
        blockers[0].starts_with("source log retention"),
        "{blockers:?}"
    );
    let with = preflight::run(&slow.plan()).await.unwrap();
    assert_eq!(with.blockers(), Vec::<String>::new());
}
