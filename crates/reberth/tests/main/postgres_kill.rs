//! The real binary, killed at random moments of a copy, a stream and a finish, and started again until it is done. `KILLS` says how often, `SEED` repeats
//! a run.

use std::time::{Duration, Instant, SystemTime};

use reberth_testkit::postgres::PASSWORD;

use crate::postgres_ledger::{Ledger, TABLES};
use crate::postgres_pair::{LEFT, PostgresPair};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

const START: [&str; 2] = ["start", "--apply"];
const CAUGHT_UP: [&str; 4] = ["start", "--apply", "--until", "caught-up"];

/// Runs a command and kills it after that time. Its code, if it ended before.
fn kill_after(pair: &PostgresPair, arguments: &[&str], life: Duration) -> Option<i32> {
    let mut child = pair.spawn(arguments);
    let end = Instant::now() + life;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

async fn killed_at_random_moments(name: &str, level: &str) {
    let kills = number("KILLS").unwrap_or(10);
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let seed = number("SEED").unwrap_or(clock) | 1;
    eprintln!("SEED={seed} KILLS={kills}");
    let mut random = Random(seed);
    let pair = PostgresPair::start(name, level);
    pair.write(TABLES);
    let mut ledger = Ledger::start(&pair.source.url("owner", PASSWORD, "lms"));
    let log = || std::fs::read_to_string(pair.log()).unwrap_or_default();
    for kill in 0..kills {
        // First in what comes before the stream, then mostly in it.
        let longest_ms = if kill * 2 < kills { 1_500 } else { 6_000 };
        let life = Duration::from_millis(50 + random.below(longest_ms));
        let ended = kill_after(&pair, &START, life);
        assert_eq!(ended, None, "it ended by itself: {}", log());
    }
    pair.code(&CAUGHT_UP, 0);
    ledger.stop().await;
    pair.code(&CAUGHT_UP, 0);
    assert_eq!(ledger.wrong(&pair.source), Vec::<String>::new(), "source");
    assert_eq!(ledger.wrong(&pair.target), Vec::<String>::new(), "target");
    assert!(ledger.acknowledged() > 300, "{}", ledger.acknowledged());
    pair.code(&["verify"], 0);
    let mut finishes = 0;
    loop {
        finishes += 1;
        let life = Duration::from_millis(50 + random.below(300 * finishes));
        match kill_after(&pair, &["finish"], life) {
            None => {}
            Some(0) => break,
            // It was killed behind its last step.
            Some(1) if log().contains("RB-REP-014") => break,
            ended => panic!("{ended:?}: {}", log()),
        }
    }
    eprintln!(
        "SEED={seed}: {kills} kills, {finishes} finishes, {} writes",
        ledger.acknowledged()
    );
    assert_eq!(ledger.wrong(&pair.target), Vec::<String>::new(), "finished");
    pair.code(&["verify"], 0);
    pair.code(&["stop"], 0);
    assert_eq!(pair.on_source(LEFT), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_loses_nothing() {
    killed_at_random_moments("kill-slot", "wal_level=logical").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_loses_nothing() {
    killed_at_random_moments("kill-capture", "wal_level=replica").await;
}
