//! The real binary, killed at random moments of a copy, a stream and a cutover, and started again until it is done. `KILLS` says how often, `SEED`
//! repeats a run.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::live::Live;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn life(&mut self, longest_ms: u64) -> Duration {
        Duration::from_millis(20 + self.below(longest_ms))
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

const COPY: [&str; 5] = ["replicate", "start", "--apply", "--until", "caught-up"];
const THERE: [&str; 5] = ["cutover", "run", "--apply", "--by", "test"];
const BACK: [&str; 5] = ["cutover", "way-back", "--apply", "--by", "test"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_nothing_is_lost_and_one_side_writes() {
    let kills = number("KILLS").unwrap_or(10);
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let seed = number("SEED").unwrap_or(clock) | 1;
    println!("SEED={seed} KILLS={kills}");
    let mut random = Random(seed);
    let mut live = Live::start("kill").await;
    let (mut done, mut aborted, mut passed) = (0, 0, 0);
    for _ in 0..kills * 4 / 10 {
        done += u64::from(live.kill_after(&COPY, random.life(900)).is_none());
    }
    live.finish(&COPY);
    let mut way = THERE;
    while done < kills {
        let before = live.passages_done();
        let ended = live.kill_after(&way, random.life(800));
        let log = fs::read_to_string(live.log()).unwrap();
        assert!(matches!(ended, None | Some(0)), "{way:?}: {ended:?}\n{log}");
        done += u64::from(ended.is_none());
        // A process may be killed behind its last event: then it is done all the same.
        if live.passages_done() > before {
            passed += 1;
            live.application_writes().await;
            assert_eq!(
                live.open_sides(),
                [if way == THERE { "target" } else { "source" }]
            );
            way = if way == THERE { BACK } else { THERE };
            continue;
        }
        if way == THERE && random.below(4) == 0 {
            live.ok(&["cutover", "abort"]);
            live.application_writes().await;
            match live.open_sides().as_slice() {
                ["source"] => aborted += 1,
                // Killed behind the switch: there is nothing to abort, it went on to its end.
                ["target"] => way = BACK,
                sides => panic!("the application may write on {sides:?}"),
            }
        }
    }
    if way == THERE {
        live.finish(&THERE);
        live.application_writes().await;
        assert_eq!(live.open_sides(), ["target"]);
    }
    live.finish(&BACK);
    live.application_writes().await;
    assert_eq!(live.open_sides(), ["source"]);
    println!(
        "SEED={seed}: {done} kills, {aborted} aborts, {} passages, {} writes",
        passed + 2,
        live.ledger.acknowledged()
    );
    live.settle().await;
}
