//! Random transactions of several sessions while the stream is stopped, started and doubled at random: the end is always the same.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::pair::{MYSQL, Pair, Products, usual};
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

const SCHEMA: &str = "
CREATE TABLE owner (code VARCHAR(12) COLLATE utf8mb4_unicode_ci PRIMARY KEY, n INT);
CREATE TABLE item (id INT PRIMARY KEY, owner VARCHAR(12) COLLATE utf8mb4_unicode_ci NULL, place INT NULL, pad VARCHAR(4000), UNIQUE KEY item_place (place), CONSTRAINT item_owner FOREIGN KEY (owner) REFERENCES owner (code) ON DELETE CASCADE);
CREATE TABLE part (id INT PRIMARY KEY, item INT NOT NULL, v DOUBLE, CONSTRAINT part_item FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE);
CREATE TABLE note (part INT NULL, v VARCHAR(20), CONSTRAINT note_part FOREIGN KEY (part) REFERENCES part (id) ON DELETE SET NULL);
CREATE TABLE branch (id INT PRIMARY KEY, up INT NULL, CONSTRAINT branch_up FOREIGN KEY (up) REFERENCES branch (id) ON DELETE CASCADE);
INSERT INTO owner SELECT CONCAT('o', seq), 0 FROM seq_1_to_40;
INSERT INTO item SELECT seq, CONCAT('o', 1 + seq % 40), seq, REPEAT('x', 3000) FROM seq_1_to_1500;
INSERT INTO part SELECT seq, 1 + seq % 1500, seq / 3 FROM seq_1_to_3000;
INSERT INTO note SELECT 1 + seq % 3000, 'n' FROM seq_1_to_500;
INSERT INTO branch SELECT seq, IF(seq = 1, NULL, seq DIV 2) FROM seq_1_to_200; ANALYZE TABLE item, part;";

/// A generator of random numbers that a printed seed repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// A statement; many find nothing to do or are refused by a unique key, which is part of the game.
    fn statement(&mut self) -> String {
        let (item, other, part, owner) = (
            self.below(1_600),
            self.below(1_600),
            self.below(3_200),
            self.below(45),
        );
        let fresh = 10_000 + self.below(50_000);
        match self.below(17) {
            0 => format!("UPDATE item SET place = NULL WHERE id = {item}; UPDATE item SET place = {item} WHERE id = {other}; UPDATE item SET place = {other} WHERE id = {item}"),
            1 => format!("UPDATE item SET id = {fresh} WHERE id = {item}"),
            2 => format!("DELETE FROM item WHERE id = {item}; INSERT INTO item VALUES ({item}, 'o{owner}', {item}, 'again'); INSERT INTO part VALUES ({fresh}, {item}, 0.1)"),
            3 => format!("DELETE FROM owner WHERE code = 'o{owner}'"),
            4 => format!("INSERT INTO owner VALUES ('o{owner}', 1)"),
            5 => format!("DELETE FROM owner WHERE code = 'o{owner}'; INSERT INTO owner VALUES ('O{owner} ', 2); INSERT INTO item VALUES ({fresh}, 'o{owner}', NULL, 'new')"),
            6 => format!("UPDATE owner SET n = n + 1 WHERE code = 'O{owner}'"),
            7 => format!("INSERT INTO part VALUES ({fresh}, {item}, {part} / 7)"),
            8 => format!("DELETE FROM part WHERE id = {part}"),
            9 => format!("UPDATE part SET item = {item}, v = v * 1.1 WHERE id = {part}"),
            10 => format!("INSERT INTO note VALUES ({part}, 'x'), ({part}, 'x'), (NULL, 'X')"),
            11 => "DELETE FROM note WHERE v = 'x' LIMIT 1; UPDATE note SET v = 'y ' WHERE v = 'y' LIMIT 2".to_owned(),
            12 => format!("UPDATE item SET pad = CONCAT('p', {fresh}), owner = 'o{owner}' WHERE id BETWEEN {item} AND {item} + 30"),
            13 => format!("DELETE FROM branch WHERE id = {} + 100", self.below(100)),
            14 => format!("INSERT INTO branch VALUES ({fresh}, {})", 1 + self.below(60)),
            15 => format!("UPDATE branch SET up = {} WHERE id = {}", 1 + self.below(20), 30 + self.below(60)),
            _ => format!("INSERT INTO item VALUES ({fresh}, 'o{owner}', {fresh}, REPEAT('z', {}))", self.below(3_000)),
        }
    }

    /// A few transactions, as one script of a session.
    fn script(&mut self, name: &str) -> String {
        let mut script = String::from("SET innodb_lock_wait_timeout = 2;");
        for _ in 0..12 {
            let statements: Vec<String> = (0..=self.below(4)).map(|_| self.statement()).collect();
            let statements = statements.join("; ");
            script += &match self.below(12) {
                0 => format!("BEGIN; {statements}; ROLLBACK;"),
                1 => format!(
                    "BEGIN; {statements}; SAVEPOINT s; DELETE FROM item WHERE id < 90; ROLLBACK TO s; COMMIT;"
                ),
                2 => {
                    let xid = format!("{name}{}", self.below(1 << 40));
                    let verdict = if self.below(3) == 0 {
                        "ROLLBACK"
                    } else {
                        "COMMIT"
                    };
                    format!(
                        "XA START '{xid}'; {statements}; XA END '{xid}'; XA PREPARE '{xid}'; DO SLEEP(0.05); XA {verdict} '{xid}';"
                    )
                }
                3 => format!("{statements};"),
                _ => format!("BEGIN; {statements}; COMMIT;"),
            };
        }
        script
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_transactions_and_restarts_end_at_the_same_rows() {
    survive_random_transactions_and_restarts(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_transactions_and_restarts_of_mysql_end_at_the_same_rows() {
    survive_random_transactions_and_restarts(MYSQL).await;
}

async fn survive_random_transactions_and_restarts(products: Products) {
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(clock.as_nanos() as u64)
        | 1;
    eprintln!("SEED={seed}");
    let pair = Pair::with_on(products, "property", SCHEMA);
    let proxy = FaultProxy::start(pair.source.port())
        .await
        .expect("it works");
    proxy.set(Traffic::Slow(Duration::from_millis(8)));
    let deadline = Instant::now() + Duration::from_secs(18);
    let plan = StreamPlan {
        workers: 3,
        spool: None,
        ..pair.forward_over(proxy.port(), pair.target.port())
    };
    std::thread::scope(|sessions| {
        for number in 1..=3 {
            let source = &pair.source;
            sessions.spawn(move || {
                let mut random = Random(seed.wrapping_mul(number * 2 + 1) | 1);
                while Instant::now() < deadline {
                    source
                        .sql_forced(&format!(
                            "USE lms_core; {}",
                            random.script(&format!("s{number}-"))
                        ))
                        .expect("a session");
                }
            });
        }
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(disturb(
                plan,
                Random(seed),
                &proxy,
                deadline,
            ));
        });
    });
    proxy.set(Traffic::Pass);
    assert_eq!(pair.source.sql("XA RECOVER").expect("it works"), "");
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it works");
}

/// Starts, drops and doubles the stream until the deadline.
async fn disturb(plan: StreamPlan, mut random: Random, proxy: &FaultProxy, deadline: Instant) {
    let mut streams: Vec<RunningStream> = Vec::new();
    while Instant::now() < deadline {
        streams.push(RunningStream::start(plan.clone()));
        tokio::time::sleep(Duration::from_millis(100 + random.below(2_500))).await;
        match random.below(4) {
            // A second applier is left alive beside the next one.
            0 => {}
            1 => proxy.set(if random.below(3) == 0 {
                Traffic::Slow(Duration::from_millis(8))
            } else {
                Traffic::Pass
            }),
            _ => streams.clear(),
        }
    }
    for mut stream in streams {
        let ended =
            tokio::time::timeout(Duration::from_millis(10), stream.wait_until(|_| false)).await;
        if let Ok(Err(error)) = ended {
            // Prepared transactions that are open at the start are refused, by design.
            assert!(
                matches!(error.code(), "RB-REP-011" | "RB-REP-004"),
                "{error:?}"
            );
        }
    }
}
