//! What breaks a reader that takes numbers for order, images for rows, or a snapshot for protection.

use reberth_replicate::postgres::capture::apply::{Applier, Ended, stored_catalogue};
use reberth_replicate::postgres::capture::keys;
use reberth_replicate::postgres::capture::reader::Reader;
use reberth_replicate::postgres::table;
use reberth_testkit::postgres::Major;

use super::{Captured, DATABASE, OWNER, ROWS, application, run};

#[tokio::test]
async fn transactions_that_commit_out_of_order_arrive() {
    let mut pair = Captured::start("capture-order", ROWS);
    let mut follower = pair.followed().await;
    let (mut old, mut young, mut nested) = (
        application(&pair).await,
        application(&pair).await,
        application(&pair).await,
    );
    // The old one has its number first and commits last; the row that both write was written by the young one first.
    run(&mut old, "BEGIN; INSERT INTO u VALUES (201, 201, 'old')").await;
    run(&mut nested, "BEGIN; SAVEPOINT a; UPDATE t SET v = 'nested' WHERE id = 9; SAVEPOINT b; DELETE FROM t WHERE id = 10").await;
    run(&mut young, "UPDATE t SET v = 'young' WHERE id IN (1, 2)").await;
    pair.settle(&mut follower, "while older transactions are open")
        .await;
    run(
        &mut old,
        "UPDATE t SET v = 'old' WHERE id = 1; DELETE FROM t WHERE id = 2",
    )
    .await;
    run(&mut young, "BEGIN; UPDATE t SET v = 'prepared' WHERE id = 3; INSERT INTO t VALUES (300, 'p'); PREPARE TRANSACTION 'later'").await;
    for n in 0..20 {
        run(
            &mut young,
            &format!("UPDATE t SET v = 'n{n}' WHERE id = {}", 20 + n),
        )
        .await;
        pair.settle(&mut follower, "batch by batch").await;
    }
    run(&mut old, "COMMIT").await;
    pair.settle(&mut follower, "after the oldest has committed")
        .await;
    run(
        &mut nested,
        "ROLLBACK TO b; UPDATE u SET place = NULL WHERE id = 5; COMMIT",
    )
    .await;
    pair.settle(&mut follower, "after savepoints").await;
    run(&mut young, "COMMIT PREPARED 'later'").await;
    pair.settle(&mut follower, "after a prepared transaction")
        .await;
}

#[tokio::test]
async fn triggers_of_the_application_do_not_matter() {
    let schema = format!(
        "{ROWS}
        CREATE TABLE audit (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
        CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF pg_trigger_depth() = 1 THEN
            UPDATE t SET v = v || '+' WHERE id = NEW.id; UPDATE t SET v = v || '!' WHERE id = NEW.id + 1;
            DELETE FROM t WHERE id = NEW.id + 50; INSERT INTO t VALUES (NEW.id + 50, 'back') ON CONFLICT DO NOTHING;
            INSERT INTO audit (note) VALUES (NEW.v);
          END IF; RETURN NULL; END $$;
        CREATE FUNCTION rekey() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id = NEW.id + 1000; RETURN NEW; END $$;
        CREATE TRIGGER a_busy AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION busy();
        CREATE TRIGGER z_busy AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION busy();
        CREATE TRIGGER rekey BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION rekey();"
    );
    let mut pair = Captured::start_majors("capture-triggers", &schema, Major::V13, Major::V18);
    let mut follower = pair.followed().await;
    for sql in [
        "UPDATE t SET v = 'x' WHERE id BETWEEN 1 AND 40",
        "INSERT INTO t SELECT n, 'new' FROM generate_series(500, 520) n",
        "INSERT INTO u VALUES (7, 7007, 'moved by a trigger')",
        "WITH gone AS (DELETE FROM u WHERE id < 5 RETURNING *) INSERT INTO t SELECT id + 700, v FROM gone",
    ] {
        pair.write(sql);
        pair.settle(&mut follower, sql).await;
    }
}

/// What a reader and an applier hold between two batches.
async fn halves(pair: &mut Captured) -> (Reader, Applier) {
    let mut source = pair.source_session().await;
    let tables = table::read(&mut source).await.expect("the servers answer");
    let captured = keys::read(&mut source, &tables)
        .await
        .expect("the servers answer");
    let state = pair.take_over().await;
    let reader = Reader::open(&pair.address("source"), captured)
        .await
        .expect("the servers answer");
    (
        reader,
        Applier::open(&state).await.expect("the servers answer"),
    )
}

#[tokio::test]
async fn a_statement_that_empties_a_file_behind_the_snapshot_is_noticed() {
    let mut pair = Captured::start("capture-files", ROWS);
    drop(pair.followed().await);
    // The rows are read from a file of which the snapshot knows nothing, and which shows it nothing.
    for disturbance in [
        "ALTER TABLE t ALTER v TYPE varchar(50) USING v || '?'; ALTER TABLE t ALTER v TYPE text",
        "TRUNCATE t; INSERT INTO t SELECT n, 'again' FROM generate_series(1, 20) n",
    ] {
        pair.write("UPDATE t SET v = 'touched' WHERE id < 10");
        let from = pair.follower().await.position().clone();
        let (mut reader, mut applier) = halves(&mut pair).await;
        let stream = format!("forward:{DATABASE}");
        let before = stored_catalogue(applier.session(), &stream).await.unwrap();
        let there = Captured::hashes(&pair.target);
        let batch = reader.cut(&from, &before).await.unwrap();
        assert_eq!(batch.touched(), 9);
        pair.write(disturbance);
        let ended = applier.apply(&mut reader, &batch, &before).await.unwrap();
        assert_eq!(ended, Ended::Disturbed, "{disturbance}");
        assert_eq!(there, Captured::hashes(&pair.target), "{disturbance}");
        let mut follower = pair.follower().await;
        pair.settle(&mut follower, disturbance).await;
    }
}

/// Rows are those of the snapshot, whatever is committed between its taking and their reading.
#[tokio::test]
async fn what_commits_behind_the_snapshot_is_not_in_its_batch() {
    let schema = format!("{ROWS} CREATE TABLE heap (v int); INSERT INTO heap VALUES (1), (1), (2)");
    let mut pair = Captured::start("capture-behind", &schema);
    let from = pair.followed().await.position().clone();
    let (mut reader, mut applier) = halves(&mut pair).await;
    let stream = format!("forward:{DATABASE}");
    let before = stored_catalogue(applier.session(), &stream).await.unwrap();
    pair.write("UPDATE t SET v = 'touched' WHERE id < 10; UPDATE u SET v = 'touched' WHERE id < 10; INSERT INTO heap VALUES (3)");
    let batch = reader.cut(&from, &before).await.unwrap();
    let there = Captured::hashes(&pair.source);
    pair.write("UPDATE t SET v = 'later' WHERE id < 20; UPDATE u SET id = -id WHERE id < 5; DELETE FROM u WHERE id = 7; INSERT INTO heap VALUES (3); DELETE FROM heap WHERE v = 1");
    let ended = applier.apply(&mut reader, &batch, &before).await.unwrap();
    assert_eq!(ended, Ended::Committed);
    assert_eq!(there, Captured::hashes(&pair.target));
    let mut follower = pair.follower().await;
    pair.settle(&mut follower, "the batch after").await;
}

#[tokio::test]
async fn a_table_that_is_not_read_disturbs_nobody() {
    let mut pair = Captured::start("capture-other", ROWS);
    let from = pair.followed().await.position().clone();
    let (mut reader, mut applier) = halves(&mut pair).await;
    let stream = format!("forward:{DATABASE}");
    let before = stored_catalogue(applier.session(), &stream).await.unwrap();
    pair.write("UPDATE t SET v = 'touched' WHERE id < 10");
    let batch = reader.cut(&from, &before).await.unwrap();
    pair.write("TRUNCATE u; INSERT INTO u VALUES (1, 1, 'later')");
    let ended = applier.apply(&mut reader, &batch, &before).await.unwrap();
    assert_eq!(ended, Ended::Committed);
    let mut follower = pair.follower().await;
    pair.settle(&mut follower, "the batch after").await;
}

#[tokio::test]
async fn what_triggers_cannot_tell_stops_the_stream() {
    for (what, sql) in [
        (
            "a trigger that rests",
            "ALTER TABLE t DISABLE TRIGGER reberth_capture_update; UPDATE t SET v = 'unseen'",
        ),
        (
            "and is woken again",
            "ALTER TABLE t DISABLE TRIGGER reberth_capture_update; UPDATE t SET v = 'unseen'; ALTER TABLE t ENABLE ALWAYS TRIGGER reberth_capture_update",
        ),
        ("a new column", "ALTER TABLE t ADD more int DEFAULT 7"),
        ("a column less", "ALTER TABLE t DROP v"),
        ("a new table", "CREATE TABLE fresh (id int PRIMARY KEY)"),
        ("a table less", "DROP TABLE u"),
        ("a new name", "ALTER TABLE u RENAME TO w"),
    ] {
        let mut pair = Captured::start("capture-ddl", ROWS);
        let mut follower = pair.followed().await;
        pair.write(sql);
        let error = follower.advance(&pair.publish).await.unwrap_err();
        assert_eq!(error.code(), "RB-REP-024", "{what}: {error}");
    }
}

#[tokio::test]
async fn a_batch_that_was_disturbed_holds_its_tables_the_next_time() {
    let mut pair = Captured::start("capture-restless", ROWS);
    let from = pair.followed().await.position().clone();
    let (mut reader, mut applier) = halves(&mut pair).await;
    let stream = format!("forward:{DATABASE}");
    let before = stored_catalogue(applier.session(), &stream).await.unwrap();
    let truncate = "TRUNCATE t; INSERT INTO t VALUES (1, 'fresh')";
    pair.write(truncate);
    let batch = reader.cut(&from, &before).await.unwrap();
    pair.write(truncate);
    let ended = applier.apply(&mut reader, &batch, &before).await.unwrap();
    assert_eq!(ended, Ended::Disturbed);
    let batch = reader.cut(&from, &before).await.unwrap();
    let refused = pair.source.sql_as(
        OWNER,
        DATABASE,
        &format!("SET lock_timeout = 1; {truncate}"),
    );
    assert!(refused.is_err(), "the table was not held");
    let ended = applier.apply(&mut reader, &batch, &before).await.unwrap();
    assert_eq!(ended, Ended::Committed);
    pair.assert_equal("after the second try");
}
