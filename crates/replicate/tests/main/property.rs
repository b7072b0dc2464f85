//! Random transactions of several sessions while the stream is stopped, started and doubled at random: the end is always the same.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::pair::{MYSQL, Pair, Products, usual};
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_testkit::database::Server;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

const SCHEMA: &str = "
CREATE TABLE owner (code VARCHAR(12) COLLATE utf8mb4_unicode_ci PRIMARY KEY, n INT);
CREATE TABLE item (id INT PRIMARY KEY, owner VARCHAR(12) COLLATE utf8mb4_unicode_ci NULL, place INT NULL, pad VARCHAR(4000), UNIQUE KEY item_place (place), CONSTRAINT item_owner FOREIGN KEY (owner) REFERENCES owner (code) ON DELETE CASCADE);
CREATE TABLE part (id INT PRIMARY KEY, item INT NOT NULL, v DOUBLE, CONSTRAINT part_item FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE);
CREATE TABLE note (part INT NULL, v VARCHAR(20), CONSTRAINT note_part FOREIGN KEY (part) REFERENCES part (id) ON DELETE SET NULL);
CREATE TABLE branch (id INT PRIMARY KEY, up INT NULL, CONSTRAINT branch_up FOREIGN KEY (up) REFERENCES branch (id) ON DELETE CASCADE);
CREATE TABLE seat (hall INT, line VARCHAR(6) COLLATE utf8mb4_unicode_ci, n INT NOT NULL, v DECIMAL(12,3), PRIMARY KEY (hall, line), KEY seat_n (n));
CREATE TABLE city (code VARCHAR(8) COLLATE utf8mb4_unicode_ci PRIMARY KEY, n INT);
CREATE TABLE street (id INT PRIMARY KEY, city VARCHAR(8) COLLATE utf8mb4_unicode_ci NULL, KEY street_city (city), CONSTRAINT street_city FOREIGN KEY (city) REFERENCES city (code) ON UPDATE CASCADE ON DELETE SET NULL);
CREATE TABLE pass (mark BINARY(6) NOT NULL, holder INT NULL, v INT NULL, twice INT AS (v * 2) STORED, UNIQUE KEY pass_mark (mark), UNIQUE KEY pass_holder (holder));
INSERT INTO pass (mark, holder, v) SELECT CONCAT('m', seq), IF(seq % 3, seq, NULL), seq FROM seq_1_to_60;
CREATE TABLE scrap (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO seat SELECT seq DIV 20, CONCAT('l', seq % 20), seq, seq / 8 FROM seq_1_to_400;
INSERT INTO city SELECT CONCAT('c', seq), 0 FROM seq_1_to_30; INSERT INTO street SELECT seq, CONCAT('c', 1 + seq % 30) FROM seq_1_to_300;
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
        let (hall, line, city) = (self.below(20), self.below(20), 1 + self.below(32));
        let (pass, holder) = (1 + self.below(70), 1 + self.below(70));
        match self.below(30) {
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
            // Keys that trade places, and keys that are equal by collation only.
            16 => format!("UPDATE seat SET line = 'tmp' WHERE hall = {hall} AND line = 'l{line}'; UPDATE seat SET line = 'L{line} ' WHERE hall = {hall} AND line = 'l1'; UPDATE seat SET line = 'l1' WHERE hall = {hall} AND line = 'tmp'"),
            17 => format!("UPDATE seat SET n = n + 1, v = v * 1.01 WHERE hall = {hall}"),
            18 => format!("DELETE FROM seat WHERE hall = {hall} AND line = 'L{line}'; INSERT INTO seat VALUES ({hall}, 'l{line} ', {fresh}, NULL)"),
            19 => format!("UPDATE seat SET n = n + 1 WHERE line = 'l{line}'; UPDATE seat SET n = n - 1 WHERE line = 'l{line}'"),
            20 => format!("UPDATE city SET code = 'x{fresh}' WHERE code = 'C{city}'; INSERT INTO city VALUES ('c{city}', 1); INSERT INTO street VALUES ({fresh}, 'C{city}')"),
            21 => format!("DELETE FROM city WHERE code = 'c{city}'"),
            22 => format!("INSERT INTO scrap (v) SELECT seq FROM seq_1_to_{}", 1 + self.below(40)),
            // More than a batch holds, so that it goes in parts.
            23 if self.below(8) == 0 => format!("UPDATE item SET pad = REPEAT('a', 3900); UPDATE item SET pad = REPEAT('b', 3900); UPDATE item SET pad = REPEAT('c', 3900 - id % 7), owner = IF(id % 9, owner, 'o{owner}'); UPDATE part SET v = v + 1"),
            23 if self.below(4) == 0 => "TRUNCATE TABLE scrap".to_owned(),
            23 => "DELETE FROM scrap ORDER BY id LIMIT 20".to_owned(),
            // The first key of the two is padded with zeros and tells a row, the second one may be empty.
            24 => format!("DELETE FROM pass WHERE mark = CAST('m{pass}' AS BINARY(6)); INSERT INTO pass (mark, holder, v) VALUES ('m{pass}', {holder}, {fresh})"),
            25 => format!("UPDATE pass SET holder = NULL WHERE holder = {holder}; UPDATE pass SET holder = {holder}, v = v + 1 WHERE mark = CAST('m{pass}' AS BINARY(6))"),
            26 => format!("UPDATE pass SET mark = CONCAT('m', {pass}, IF({fresh} % 2, ' ', '')) WHERE holder = {holder}; UPDATE pass SET v = NULL WHERE holder IS NULL LIMIT 2"),
            27 => format!("REPLACE INTO pass (mark, holder, v) VALUES ('m{pass}', {holder}, {fresh})"),
            28 => format!("INSERT INTO pass (mark, holder, v) VALUES ('m{pass} ', NULL, {fresh}) ON DUPLICATE KEY UPDATE v = -v"),
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
    let mut pair = Pair::with_on(products, "property", SCHEMA);
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
    let Pair { source, target } = &mut pair;
    std::thread::scope(|sessions| {
        for number in 1..=3 {
            let source = &*source;
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
                target,
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

/// Starts, drops and doubles the stream until the deadline, breaks its wire, and kills the target under it.
async fn disturb(
    plan: StreamPlan,
    mut random: Random,
    proxy: &FaultProxy,
    target: &mut Server,
    deadline: Instant,
) {
    let mut streams: Vec<RunningStream> = Vec::new();
    while Instant::now() < deadline {
        streams.push(RunningStream::start(plan.clone()));
        tokio::time::sleep(Duration::from_millis(100 + random.below(2_500))).await;
        match random.below(6) {
            // A second applier is left alive beside the next one.
            0 => {}
            1 => proxy.set(if random.below(3) == 0 {
                Traffic::Slow(Duration::from_millis(8))
            } else {
                Traffic::Pass
            }),
            2 if random.below(2) == 0 => {
                target.kill();
                target.resume().expect("the target comes back");
            }
            2 => {
                proxy.set(Traffic::Cut);
                proxy.set(Traffic::Pass);
            }
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
