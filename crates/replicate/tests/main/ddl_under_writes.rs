//! Schema changes on the source while the application writes to the very tables.

use std::time::{Duration, Instant};

use reberth_testkit::database::Product;
use reberth_testkit::learning::Size;
use reberth_testkit::ledger::{Ledger, Speaks, Writers, WritersPlan};

use crate::ddl::assert_same;
use crate::pair::{MYSQL, Pair, Products};

/// Changes that the writers' statements outlive.
const CHANGES: &[&str] = &[
    "ALTER TABLE submission ADD COLUMN graded INT NOT NULL DEFAULT 3 AFTER revision",
    "ALTER TABLE submission MODIFY answer LONGTEXT NOT NULL, ADD INDEX by_score (score)",
    "ALTER TABLE learner MODIFY points BIGINT UNSIGNED NOT NULL DEFAULT 0, RENAME COLUMN bio TO about",
    "ALTER TABLE enrollment ADD COLUMN way VARCHAR(20) DEFAULT 'web', DROP FOREIGN KEY enrollment_course",
    "RENAME TABLE lesson_view TO aside, aside TO lesson_view",
    "ALTER TABLE lesson_view MODIFY note VARCHAR(90) NULL, ADD KEY by_op (op)",
    "ALTER TABLE submission DROP COLUMN graded, DROP INDEX by_score",
];
/// Writes between two changes at the least.
const WRITES_BETWEEN: u64 = 30;

async fn changes_under_writes(products: Products, name: &str) {
    let pair = Pair::start_on(products, name);
    let ledger = Ledger::new();
    let plan = WritersPlan {
        speaks: Speaks::MySql,
        port: pair.source.port(),
        writers: 4,
        rate_per_s: 200,
        learners: Size::SMALL.learners,
        courses: 20,
        seed: 7,
    };
    let writers = Writers::start(&ledger, &plan);
    let mut stream = pair.follow().await;
    for change in CHANGES {
        wait_for_writes(&ledger).await;
        pair.run(change);
    }
    wait_for_writes(&ledger).await;
    writers.stop().await;
    pair.drain(&mut stream).await;
    let verdict = ledger
        .compare(pair.target.port(), "writer")
        .await
        .expect("both sides are compared");
    assert!(verdict.is_exact(), "{verdict:?}");
    assert_same(&pair, "after the writes").await;
    stream.stop().await.expect("it goes on");
}

/// Waits until that many more writes are acknowledged.
async fn wait_for_writes(ledger: &Ledger) {
    let enough = ledger.acknowledged() + WRITES_BETWEEN;
    let deadline = Instant::now() + Duration::from_secs(60);
    while ledger.acknowledged() < enough {
        assert!(Instant::now() < deadline, "the writers do not write");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_under_writes_lose_nothing_on_mariadb() {
    changes_under_writes((Product::MariaDb, Product::MariaDb), "ddl-writes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_under_writes_lose_nothing_on_mysql() {
    changes_under_writes(MYSQL, "ddl-writes-mysql").await;
}
