//! Random transactions, several at a time, while the stream is broken off again and again, in the copy too.

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::ReplicateError;
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_testkit::postgres::Major;
use tokio::sync::Semaphore;

use super::streamed::Sending;
use super::{DATABASE, PATIENCE, Pair, reach, session};

/// A small generator: tests must be repeatable, and need no good randomness.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn statement(random: &mut Random) -> String {
    let (id, other) = (random.below(60), random.below(60));
    match random.below(16) {
        0 => format!("INSERT INTO plain VALUES ({id}, {other}, 'n') ON CONFLICT (id) DO NOTHING"),
        1 => format!("UPDATE plain SET v = v + 1 WHERE id = {id}"),
        2 => format!(
            "UPDATE plain SET id = {other} WHERE id = {id} AND NOT EXISTS (SELECT FROM plain WHERE id = {other})"
        ),
        3 => format!("DELETE FROM plain WHERE id = {id}"),
        4 => format!(
            "INSERT INTO two_keys VALUES ({id}, {other}, repeat(md5('{id}'), 300)) ON CONFLICT DO NOTHING"
        ),
        // Swaps of a unique value, the long value untouched.
        5 | 6 => format!(
            "WITH gone AS (SELECT place FROM two_keys WHERE id = {id}) UPDATE two_keys SET place = -1000 - id WHERE id = {id}; \
             UPDATE two_keys SET place = (SELECT coalesce(max(place), 0) + 1 FROM two_keys) WHERE id = {id}"
        ),
        7 => format!("DELETE FROM two_keys WHERE id = {id}"),
        8 => format!(
            "UPDATE two_keys SET id = {other} WHERE id = {id} AND NOT EXISTS (SELECT FROM two_keys WHERE id = {other})"
        ),
        9 => format!("INSERT INTO keyless VALUES ({id} % 4, 'k')"),
        10 => format!(
            "UPDATE keyless SET v = {other} % 4 WHERE ctid = (SELECT min(ctid) FROM keyless WHERE v = {id} % 4)"
        ),
        11 => "DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless)".to_owned(),
        14 => format!(
            "INSERT INTO child SELECT {id}, {other} WHERE EXISTS (SELECT FROM plain WHERE id = {other}) ON CONFLICT DO NOTHING"
        ),
        15 => format!("DELETE FROM plain WHERE id IN (SELECT plain_id FROM child WHERE id = {id})"),
        12 => format!("INSERT INTO parted VALUES ({id} * 5, {other}) ON CONFLICT DO NOTHING"),
        _ => format!(
            "UPDATE parted SET id = {other} * 5 WHERE id = {id} * 5 AND NOT EXISTS (SELECT FROM parted WHERE id = {other} * 5)"
        ),
    }
}

/// Writes until it is told to stop. A transaction may be refused or rolled back as any application's may.
async fn write(mut session: Session, seed: u64, mut told: tokio::sync::watch::Receiver<bool>) {
    let mut random = Random(seed);
    while !*told.borrow_and_update() {
        let mut sql = "BEGIN".to_owned();
        for _ in 0..=random.below(6) {
            sql += "; ";
            sql += &statement(&mut random);
            if random.below(8) == 0 {
                sql += "; SAVEPOINT s; DELETE FROM plain; ROLLBACK TO s";
            }
        }
        sql += if random.below(10) == 0 {
            "; ROLLBACK"
        } else {
            "; COMMIT"
        };
        if session.run("writing", sql).await.is_err() {
            session
                .run("leaving", "ROLLBACK")
                .await
                .expect("a rollback");
        }
        if random.below(20) == 0 {
            tokio::time::sleep(Duration::from_millis(random.below(30))).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_at_random_moments_the_target_holds_the_sources_rows() {
    let pair = Pair::start("random", Major::V15, Major::V16);
    broken_off_at_random_moments(&pair, &pair.plan()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_among_pieces_of_transactions_the_target_holds_the_sources_rows() {
    let sending = Sending::start("random", Major::V15);
    broken_off_at_random_moments(&sending.pair, &sending.plan()).await;
    let sent = "SELECT sum(stream_txns) > 10 FROM pg_stat_replication_slots";
    let sent = sending.pair.source.sql(DATABASE, sent).expect("a sum");
    assert_eq!(sent.trim(), "t");
}

async fn broken_off_at_random_moments(pair: &Pair, plan: &StreamPlan) {
    let stream = || pipeline::start(plan.clone(), Arc::new(Semaphore::new(2)));
    let seed: u64 = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_261_122);
    eprintln!("SEED={seed}");
    let mut random = Random(seed);
    let rows = "INSERT INTO plain SELECT n, n, repeat('p', 500) FROM generate_series(100, 20000) n; \
                INSERT INTO two_keys SELECT n, n, repeat(md5(n::text), 100) FROM generate_series(1000, 3000) n";
    pair.source.sql(DATABASE, rows).expect("rows");
    let (tell, told) = tokio::sync::watch::channel(false);
    let mut writers = tokio::task::JoinSet::new();
    for number in 1..=3 {
        writers.spawn(write(
            session(&pair.source).await,
            seed + number,
            told.clone(),
        ));
    }
    // In the copy, slowed down so that it is not over at once; then in the stream.
    for turn in 0..12 {
        let is_in_copy = turn < 4;
        let plan = StreamPlan {
            bytes_per_s_most: is_in_copy.then_some(4_000_000),
            ..plan.clone()
        };
        let mut stream = pipeline::start(plan, Arc::new(Semaphore::new(2)));
        let (bytes, transactions) = (random.below(6_000_000), random.below(40));
        reach(&mut stream, |progress| match is_in_copy {
            true => {
                progress.bytes_copied > bytes || progress.phase != "copying" && progress.epoch > 0
            }
            false => progress.transactions_applied > transactions,
        })
        .await;
        drop(stream);
        if turn % 2 == 1 {
            // The next one finds itself far behind, and reads by statements first.
            for _ in 0..3 {
                let longer = "SELECT pg_logical_emit_message(false, 'skip', 'x'), pg_switch_wal()";
                pair.source.sql(DATABASE, longer).expect("a longer log");
            }
        }
    }
    // One that is left alive ends by itself when another takes over.
    let mut left_alive = stream();
    reach(&mut left_alive, |progress| progress.phase == "following").await;
    let mut stream = stream();
    reach(&mut stream, |progress| progress.phase == "following").await;
    let ended = tokio::time::timeout(PATIENCE, left_alive.wait_until(|_| false)).await;
    let ended = ended.expect("two are alive");
    assert!(
        matches!(ended, Err(ReplicateError::Superseded { .. })),
        "{ended:?}"
    );
    tell.send(true).expect("writers are there");
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer ends in order");
    }
    pair.settle(&mut stream).await;
    pair.assert_equal();
}
