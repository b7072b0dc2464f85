//! Random transactions of several sessions while batches are cut off and two processes follow at once: the target is a committed state at every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reberth_replicate::postgres::session::Session;

use super::Captured;

/// How long a predecessor may live on.
const PATIENCE: Duration = Duration::from_secs(120);

/// The money in all accounts never changes, and nobody's total is anything but the sum of his accounts.
const BANK: &str = "
CREATE TABLE holder (code text PRIMARY KEY, total int NOT NULL);
CREATE TABLE account (id int PRIMARY KEY, holder text NOT NULL REFERENCES holder ON UPDATE CASCADE ON DELETE CASCADE, place int UNIQUE, money int NOT NULL);
CREATE TABLE movement (id int, area text, note text, PRIMARY KEY (id, area)) PARTITION BY LIST (area);
CREATE TABLE movement_n PARTITION OF movement FOR VALUES IN ('n');
CREATE TABLE movement_s PARTITION OF movement FOR VALUES IN ('s');
CREATE TABLE heap (holder text REFERENCES holder ON UPDATE CASCADE ON DELETE CASCADE, v numeric, note json);
CREATE TABLE scrap (id serial PRIMARY KEY, v int);
INSERT INTO holder SELECT 'h' || n, 400 FROM generate_series(0, 24) n;
INSERT INTO account SELECT n, 'h' || n % 25, n, 100 FROM generate_series(0, 99) n;
CREATE FUNCTION keep_total() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE holder SET total = total + NEW.money - OLD.money WHERE code = NEW.holder; RETURN NULL; END $$;
CREATE TRIGGER keep_total AFTER UPDATE OF money ON account FOR EACH ROW WHEN (NEW.money <> OLD.money) EXECUTE FUNCTION keep_total();
";

/// A generator of random numbers that a printed seed repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Statements of one transaction, the writer's own number among them.
    fn transaction(&mut self, writer: u64) -> String {
        let (one, other, sum) = (self.below(100), self.below(100), self.below(50));
        let (holder, fresh) = (self.below(25), self.below(100_000));
        let part = match self.below(10) {
            0..=3 => format!(
                "UPDATE account SET money = money - {sum} WHERE id = {one}; UPDATE account SET money = money + {sum} WHERE id = {other}"
            ),
            4 => format!(
                "UPDATE account SET place = -{writer} - 1 WHERE id = {one}; UPDATE account SET place = {one} WHERE id = {other}; UPDATE account SET place = {other} WHERE id = {one}"
            ),
            5 => format!(
                "UPDATE holder SET code = code || 'x' WHERE code = 'h{holder}'; SAVEPOINT a; DELETE FROM holder; ROLLBACK TO a; UPDATE holder SET code = 'h{holder}' WHERE code = 'h{holder}x'"
            ),
            6 => format!(
                "INSERT INTO movement VALUES ({fresh}, 'n', 'new') ON CONFLICT DO NOTHING; UPDATE movement SET area = 's' WHERE id % 7 = {holder} % 7 AND area = 'n'; DELETE FROM movement WHERE id % 31 = {holder}"
            ),
            7 if sum % 2 == 0 => format!(
                "INSERT INTO heap SELECT 'h{holder}', {one} / 10.0, '{{\"n\": {other}}}' FROM generate_series(1, 3); UPDATE heap SET v = v + 1.50 WHERE holder = 'h{holder}' AND v < {other}; \
                 DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE v > {one} LIMIT 5); UPDATE heap SET holder = NULL WHERE v = {other}"
            ),
            7 => format!(
                "INSERT INTO scrap (v) SELECT {one} FROM generate_series(1, 30); DELETE FROM scrap WHERE v = {other}"
            ),
            // Alone with the table: a transfer that waited for a row which is deleted and inserted again would find nothing, on any server.
            8 => format!(
                "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE; CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM account WHERE id = {one}; DELETE FROM account WHERE id = {one}; INSERT INTO account SELECT * FROM kept"
            ),
            _ => match self.below(7) {
                6 => format!(
                    "INSERT INTO heap (v) VALUES ({one}); TRUNCATE heap; INSERT INTO heap (v) VALUES ({other})"
                ),
                0 => "TRUNCATE scrap".to_owned(),
                1 => "TRUNCATE movement; INSERT INTO movement VALUES (1, 'n', 'first')".to_owned(),
                _ => format!("INSERT INTO scrap (v) VALUES ({one})"),
            },
        };
        let wait = match self.below(12) {
            0 => "SELECT pg_sleep(0.3)",
            1 => "SELECT pg_sleep(0.05)",
            _ => "SELECT 1",
        };
        match self.below(12) {
            0 => format!("BEGIN; {part}; {wait}; ROLLBACK"),
            1 if !part.contains("TEMP") => format!(
                "BEGIN; {part}; PREPARE TRANSACTION 'w{writer}'; {wait}; COMMIT PREPARED 'w{writer}'"
            ),
            2 => format!("BEGIN; INSERT INTO scrap (v) VALUES (0); {wait}; {part}; COMMIT"),
            _ => format!("BEGIN; {part}; {wait}; COMMIT"),
        }
    }
}

async fn write(mut session: Session, writer: u64, seed: u64, stop: Arc<AtomicBool>) -> u64 {
    let mut random = Random(seed);
    let mut committed = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut is_whole = true;
        // Statement by statement, as an application sends them.
        for statement in random.transaction(writer).split("; ") {
            if session.run("writing", statement).await.is_err() {
                is_whole = false;
                let _ = session.run("rolling back", "ROLLBACK").await;
                break;
            }
        }
        committed += u64::from(is_whole);
    }
    let _ = session
        .run("clearing", format!("ROLLBACK PREPARED 'w{writer}'"))
        .await;
    committed
}

/// What must hold in every committed state.
async fn assert_committed_state(target: &mut Session, seed: u64) {
    let sql = "SELECT (SELECT count(*) FROM public.account), (SELECT sum(money) FROM public.account)::bigint, (SELECT sum(total) FROM public.holder)::bigint, \
               (SELECT count(*) FROM public.holder h WHERE total <> (SELECT coalesce(sum(money), 0) FROM public.account WHERE holder = code)) ";
    let state: Option<(u64, i64, i64, u64)> = target
        .row("looking", sql)
        .await
        .expect("the servers answer");
    assert_eq!(state, Some((100, 10_000, 10_000, 0)), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_a_committed_one_whatever_dies() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = since.as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut pair = Captured::start("capture-random", BANK);
    drop(pair.followed().await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..5 {
        let session = Session::open_with(
            &pair.address("source"),
            &[("search_path", "public"), ("lock_timeout", "100ms")],
        )
        .await
        .unwrap();
        writers.push(tokio::spawn(write(
            session,
            writer,
            seed.wrapping_mul(writer + 3),
            stop.clone(),
        )));
    }
    let mut random = Random(seed);
    let mut target = pair.target_session().await;
    let mut earlier = None;
    for _ in 0..40 {
        let mut follower = pair.follower().await;
        let publish = pair.publish.clone();
        let next = tokio::spawn(async move { follower.follow(&publish).await });
        let looks = random.below(12);
        for _ in 0..looks {
            assert_committed_state(&mut target, seed).await;
            tokio::time::sleep(Duration::from_millis(random.below(60))).await;
        }
        // Cut off in the middle of whatever it does, or left alive beside its successor, which ends it.
        if random.below(2) == 0 {
            next.abort();
        } else if let Some(predecessor) = earlier.replace(next) {
            let predecessor: tokio::task::JoinHandle<
                Result<(), reberth_replicate::ReplicateError>,
            > = predecessor;
            let ended = tokio::time::timeout(PATIENCE, predecessor).await;
            let ended = ended.expect("two follow at once");
            assert!(ended.unwrap().is_err(), "two followed at once");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut committed = 0;
    for writer in writers {
        committed += writer.await.unwrap();
    }
    let mut follower = pair.follower().await;
    pair.settle(&mut follower, &format!("at the end, seed {seed}"))
        .await;
    let applied = pair.publish.borrow().changes_applied;
    println!("{committed} transactions, {applied} keys applied");
    assert!(committed > 100 && applied > 100, "{committed} {applied}");
}
