//! Killed at random moments under constant writes, and nothing lost or doubled.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::pair::{MYSQL, Pair, Products, reach, usual};
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::spool::SpoolPlan;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};
use reberth_testkit::front_door::FrontDoor;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

/// Ports of source and target for the process that will be killed.
pub(crate) const PORTS: &str = "REBERTH_TEST_STREAM_PORTS";
/// Folder of its spool.
const SPOOL: &str = "REBERTH_TEST_SPOOL";

/// Not a test by itself: the process that [`kills_at_any_moment_lose_nothing`] starts and kills. It moves data until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Ok(ports) = std::env::var(PORTS) else {
        return;
    };
    let (source, target) = ports.split_once(' ').expect("two ports");
    let port = |text: &str| text.parse().expect("a port");
    let spool = std::env::var_os(SPOOL).map(|folder| SpoolPlan {
        folder: folder.into(),
        bytes_max: 1 << 30,
    });
    let mut stream = RunningStream::start(StreamPlan {
        spool,
        ..Pair::plan(port(source), port(target))
    });
    let ended = stream.wait_until(|_| false).await;
    panic!("the stream ended by itself: {ended:?}");
}

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn next(seed: &mut u64, bound: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed % bound
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_lose_nothing() {
    kill_at_random(usual(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_lose_nothing_of_mysql() {
    kill_at_random(MYSQL, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_lose_nothing_of_the_spool() {
    let folder = std::env::temp_dir().join(format!("reberth-kill-spool-{}", std::process::id()));
    kill_at_random(usual(), Some(folder.clone())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

async fn kill_at_random(products: Products, spool: Option<PathBuf>) {
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let mut seed = number_from("SEED").unwrap_or(clock.as_nanos() as u64) | 1;
    let kills = number_from("KILLS").unwrap_or(6);
    eprintln!("SEED={seed} KILLS={kills}");
    let pair = Pair::start_on(products, "kill");
    let door = FrontDoor::start(&[("source", pair.source.port())], "source")
        .await
        .expect("the door opens");
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("the proxy starts");
    let ledger = Ledger::new();
    let plan = WritersPlan {
        speaks: Speaks::MySql,
        port: door.port(),
        writers: 4,
        rate_per_s: 300,
        learners: Size::SMALL.learners,
        courses: 20,
        seed,
    };
    let writers = Writers::start(&ledger, &plan);
    for kill in 0..kills {
        // The first third of the kills finds a copy that is slow enough to be hit.
        let is_slow = kill * 3 < kills;
        proxy.set(if is_slow {
            Traffic::Slow(Duration::from_millis(15))
        } else {
            Traffic::Pass
        });
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["kill::the_process_that_is_killed", "--exact", "--nocapture"])
            .env(PORTS, format!("{} {}", proxy.port(), pair.target.port()))
            .envs(spool.iter().map(|folder| (SPOOL, folder)))
            .stdout(Stdio::null())
            .spawn()
            .expect("the process starts");
        tokio::time::sleep(Duration::from_millis(150 + next(&mut seed, 1_500))).await;
        assert_eq!(
            child.try_wait().expect("its state"),
            None,
            "kill {kill}: it ended by itself"
        );
        child.kill().expect("it can be killed");
        child.wait().expect("it is gone");
    }
    let spool = spool.map(|folder| SpoolPlan {
        folder,
        bytes_max: 1 << 30,
    });
    let mut stream = RunningStream::start(StreamPlan {
        spool,
        ..pair.forward()
    });
    reach(&mut stream, |progress| progress.phase == "following").await;
    writers.stop().await;
    pair.drain(&mut stream).await;
    let verdict = ledger
        .compare(pair.target.port(), "writer")
        .await
        .expect("both sides are compared");
    assert!(
        verdict.is_exact() && verdict.acknowledged > 100,
        "{verdict:?}"
    );
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("the stream stops");
}
