//! Copies that stand at several moments of the log, put there by hand: what is read late, what was read early, and what happened in between.
//!
//! A stream that has copied is told that it has not copied some tables yet, so they are read after changes that the others do not hold. Where a reading must
//! stand still in the middle, a lock holds it until it is seen to wait. So nothing here depends on how fast the machine is.

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::server;
use reberth_testkit::learning::DATABASE;

use crate::pair::{MYSQL, Pair, Products, address, becomes, reach, usual};

/// Sessions of a server that wait for the lock of a table.
pub(crate) const WAITING: &str =
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%'";

impl Pair {
    /// Copies everything, and makes these chunks as if they had not been copied yet; where they were read the first time stays noted.
    /// What is written to the source from now on lies behind the first position. `chunks`: table, condition on its rows, condition on its chunks.
    pub(crate) async fn interrupt_copy(&self, chunks: &[(&str, &str, &str)]) {
        let mut stream = self.follow().await;
        self.drain(&mut stream).await;
        stream.stop().await.expect("it stops");
        self.copy_again(chunks);
    }

    /// The same where the stream has stopped.
    pub(crate) fn copy_again(&self, chunks: &[(&str, &str, &str)]) {
        let mut sql = format!("USE {DATABASE}; SET foreign_key_checks = 0;");
        for (table, rows, which) in chunks {
            sql += &format!(
                "DELETE FROM {table} WHERE {rows}; UPDATE reberth.chunk SET is_done = FALSE WHERE table_name = '{table}' AND {which};"
            );
        }
        sql += "UPDATE reberth.stream SET phase = 'copying'";
        self.target.sql(&sql).expect("it is made so");
    }

    /// A session on the source that may lock tables and write.
    pub(crate) async fn lock_on_source(&self, tables: &str) -> Session {
        let grant = format!("GRANT LOCK TABLES ON {DATABASE}.* TO reverse@'%'");
        self.source.sql(&grant).expect("the right");
        locked(self.source.port(), "reverse", tables).await
    }
}

async fn locked(port: u16, user: &str, tables: &str) -> Session {
    let mut session = server::writer(&address(port, user, "source"))
        .await
        .expect("a session");
    for sql in [format!("USE {DATABASE}"), format!("LOCK TABLES {tables}")] {
        session.run("locking", sql).await.expect("it is locked");
    }
    session
}

async fn run(session: &mut Session, sql: &str) {
    session.run("going on", sql).await.expect("it works");
}

/// Waits until the stream follows, and compares.
async fn ends_at_the_same_rows(pair: &Pair, mut stream: RunningStream) {
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_is_certain_only_behind_its_own_reading() {
    read_late(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_of_mysql_is_certain_only_behind_its_own_reading() {
    read_late(MYSQL).await;
}

/// The chunk is asked for, waits, and holds a row that came meanwhile: an end of its reading that was taken before, or with an earlier try, would have the
/// replay believe that the row cannot stand there yet.
async fn read_late(products: Products) {
    let sql = "CREATE TABLE late (id INT PRIMARY KEY, v INT); INSERT INTO late VALUES (1, 1)";
    let pair = Pair::with_on(products, "late", sql);
    pair.interrupt_copy(&[("late", "TRUE", "TRUE")]).await;
    let mut writer = pair.lock_on_source("late WRITE").await;
    let stream = RunningStream::start(pair.forward());
    becomes(&pair.source, WAITING, "1").await;
    run(&mut writer, "INSERT INTO late VALUES (2, 2)").await;
    run(&mut writer, "UNLOCK TABLES").await;
    ends_at_the_same_rows(&pair, stream).await;
}

/// One half of the table is older than the other, so two rows hold the same unique value until both have been replayed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_index_waits_until_all_rows_are_of_one_moment() {
    let pair = Pair::with(
        "unique",
        "CREATE TABLE ticket (id INT PRIMARY KEY, place INT NOT NULL, UNIQUE KEY ticket_place (place)); INSERT INTO ticket SELECT seq, seq FROM seq_1_to_45000; ANALYZE TABLE ticket",
    );
    let chunks = "SELECT COUNT(*) FROM reberth.chunk WHERE table_name = 'ticket'";
    pair.interrupt_copy(&[("ticket", "id > 40000", "number = 1")])
        .await;
    assert_eq!(pair.target.sql(chunks).expect("a count").trim(), "2");
    let without = format!("DROP INDEX ticket_place ON {DATABASE}.ticket");
    pair.target.sql(&without).expect("it is made so");
    pair.run("BEGIN; UPDATE ticket SET place = -1 WHERE id = 1; UPDATE ticket SET place = 1 WHERE id = 45000; COMMIT");
    let stream = RunningStream::start(pair.forward());
    ends_at_the_same_rows(&pair, stream).await;
    let made = "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE INDEX_NAME = 'ticket_place' AND NON_UNIQUE = 0";
    assert_eq!(pair.target.sql(made).expect("a count").trim(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_without_a_key_takes_its_changes_from_its_own_place_on() {
    read_without_a_key(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_mysql_without_a_key_takes_its_changes_from_its_own_place_on() {
    read_without_a_key(MYSQL).await;
}

/// What stands between the first position and the place of its snapshot is in the copy, and must not be done again.
async fn read_without_a_key(products: Products) {
    let sql = "CREATE TABLE loose (v INT); INSERT INTO loose VALUES (1), (1), (3)";
    let pair = Pair::with_on(products, "loose", sql);
    pair.interrupt_copy(&[("loose", "TRUE", "TRUE")]).await;
    pair.run("INSERT INTO loose VALUES (2), (2); DELETE FROM loose WHERE v = 1 LIMIT 1; UPDATE loose SET v = 4 WHERE v = 3");
    let mut stream = RunningStream::start(pair.forward());
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.run("INSERT INTO loose VALUES (2); DELETE FROM loose WHERE v = 1");
    ends_at_the_same_rows(&pair, stream).await;
}

/// It was copied before, and the rows that its copy holds go by the log alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_was_copied_is_emptied_by_the_log() {
    let sql = "CREATE TABLE early (id INT PRIMARY KEY); INSERT INTO early VALUES (1), (2); CREATE TABLE late (id INT PRIMARY KEY); INSERT INTO late VALUES (1)";
    let pair = Pair::with("emptied", sql);
    pair.interrupt_copy(&[("late", "TRUE", "TRUE")]).await;
    pair.run("TRUNCATE TABLE early; INSERT INTO early VALUES (2), (3); TRUNCATE TABLE late; INSERT INTO late VALUES (4)");
    ends_at_the_same_rows(&pair, RunningStream::start(pair.forward())).await;
}

/// Its rows refer to a parent that was deleted and came again before they were read, so the cascade of that delete is in their copy, and not theirs to suffer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cascade_leaves_alone_what_was_read_behind_it() {
    let pair = Pair::with(
        "behind",
        "CREATE TABLE land (code VARCHAR(10) PRIMARY KEY); CREATE TABLE town (id INT PRIMARY KEY, land VARCHAR(10), CONSTRAINT town_land FOREIGN KEY (land) REFERENCES land (code) ON DELETE CASCADE ON UPDATE CASCADE);
         INSERT INTO land VALUES ('a'), ('b'); INSERT INTO town VALUES (1, 'a'), (2, 'b')",
    );
    pair.interrupt_copy(&[("town", "TRUE", "TRUE")]).await;
    pair.run("DELETE FROM land WHERE code = 'a'; INSERT INTO land VALUES ('a'); INSERT INTO town VALUES (3, 'a')");
    ends_at_the_same_rows(&pair, RunningStream::start(pair.forward())).await;
}

/// The tables of a chain of cascades, and one that refers to itself: `low` is the largest, so it would be read first if nothing else counted.
const CHAIN: &str = "CREATE TABLE top (id INT PRIMARY KEY); CREATE TABLE middle (id INT PRIMARY KEY, up INT, CONSTRAINT m FOREIGN KEY (up) REFERENCES top (id) ON DELETE CASCADE);
     CREATE TABLE low (id INT PRIMARY KEY, up INT, pad LONGTEXT, CONSTRAINT l FOREIGN KEY (up) REFERENCES middle (id) ON DELETE CASCADE);
     CREATE TABLE tree (id INT PRIMARY KEY, up INT, pad LONGTEXT, CONSTRAINT t FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE);
     INSERT INTO top VALUES (1), (2); INSERT INTO middle VALUES (1, 1), (2, 2); INSERT INTO low SELECT seq, 1 + seq % 2, REPEAT('low ', 500) FROM seq_1_to_500;
     SET foreign_key_checks = 0; INSERT INTO tree SELECT seq, CASE seq WHEN 800 THEN NULL WHEN 799 THEN 800 ELSE IF(seq <= 300, 799, NULL) END, REPEAT('tree ', 3000) FROM seq_1_to_800; ANALYZE TABLE low, middle, tree;";

/// Deletes at the top of a chain between the readings of its parts. Whichever part is read first, the one between must be found by the cascade.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cascade_reaches_what_was_read_before_it_through_what_was_read_after_it() {
    let pair = Pair::with("chain", CHAIN);
    for (tables, delete) in [
        (&["middle", "low"][..], "DELETE FROM top WHERE id = 1"),
        // Rows of its beginning hang below rows of its end.
        (&["tree"][..], "DELETE FROM tree WHERE id = 800"),
    ] {
        let chunks: Vec<_> = tables
            .iter()
            .map(|table| (*table, "TRUE", "TRUE"))
            .collect();
        pair.interrupt_copy(&chunks).await;
        let lock: Vec<String> = tables
            .iter()
            .map(|table| format!("{table} WRITE"))
            .collect();
        let mut holder = locked(pair.target.port(), "writer", &lock.join(", ")).await;
        let stream = RunningStream::start(StreamPlan {
            workers: 1,
            ..pair.forward()
        });
        // The first of them is being read, and cannot be written yet.
        becomes(&pair.target, WAITING, "1").await;
        pair.run(delete);
        run(&mut holder, "UNLOCK TABLES").await;
        ends_at_the_same_rows(&pair, stream).await;
    }
}
