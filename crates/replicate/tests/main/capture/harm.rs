//! What the capture may do to the application: nothing but take a little of its time.

use reberth_replicate::postgres::capture::follow::Advanced;
use reberth_replicate::postgres::capture::{catalogue, install, keys, prune};
use reberth_replicate::postgres::table;

use super::{Captured, DATABASE, LIMIT_BYTES, ROWS, application, run};

#[tokio::test]
async fn at_its_limit_the_capture_goes_and_the_application_stays() {
    let mut pair = Captured::start("capture-limit", ROWS);
    let mut source = pair.source_session().await;
    let tables = table::read(&mut source).await.unwrap();
    let captured = keys::read(&mut source, &tables).await.unwrap();
    install::install(&mut source, &captured, 300_000)
        .await
        .unwrap();
    let mut follower = pair.followed().await;
    let other = "BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO t SELECT n, 'x' FROM generate_series(1001, 9000) n; COMMIT";
    pair.write(other);
    let switch = "SELECT is_on FROM reberth.capture";
    // One statement in a hundred looks, by the clock.
    for n in 0.. {
        pair.write(&format!("UPDATE t SET v = '{n}' WHERE id = 1;").repeat(200));
        if pair.source.sql(DATABASE, switch).unwrap().trim() == "f" {
            break;
        }
    }
    let error = follower.advance(&pair.publish).await.unwrap_err();
    assert_eq!(error.code(), "RB-REP-023", "{error}");
    let noted = install::noted_bytes(&mut source).await.unwrap();
    pair.write("UPDATE t SET v = 'free'");
    assert_eq!(install::noted_bytes(&mut source).await.unwrap(), noted);
    // A new beginning over the gap is refused, until the old capture is removed.
    let again = install::install(&mut source, &captured, LIMIT_BYTES)
        .await
        .unwrap_err();
    assert_eq!(again.code(), "RB-REP-023", "{again}");
}

#[tokio::test]
async fn noted_changes_go_when_the_target_has_them_and_not_before() {
    let mut pair = Captured::start("capture-prune", ROWS);
    let mut follower = pair.followed().await;
    let mut source = pair.source_session().await;
    let idle = "((date_part('minute', clock_timestamp())::int + 3) % 4)::smallint";
    let note = format!(
        "INSERT INTO reberth.change (part, table_id, key) SELECT {idle}, 't'::regclass, ARRAY[n::text] FROM generate_series(1, 50) n"
    );
    pair.write(&note);
    let older = follower.position().clone();
    assert_eq!(prune::prune(&mut source, &[&older]).await.unwrap(), 0);
    follower.advance(&pair.publish).await.unwrap();
    let newer = follower.position().clone();
    assert_eq!(
        prune::prune(&mut source, &[&newer, &older]).await.unwrap(),
        0
    );
    // A transaction that is still open has noted something in that part.
    let mut open = application(&pair).await;
    run(&mut open, &format!("BEGIN; {note}")).await;
    assert_eq!(prune::prune(&mut source, &[&newer]).await.unwrap(), 0);
    run(&mut open, "COMMIT").await;
    assert_eq!(prune::prune(&mut source, &[&newer]).await.unwrap(), 0);
    assert_eq!(
        follower.advance(&pair.publish).await.unwrap(),
        Advanced::Applied(50)
    );
    assert_eq!(
        prune::prune(&mut source, &[follower.position()])
            .await
            .unwrap(),
        1
    );
    pair.settle(&mut follower, "after pruning").await;
}

#[tokio::test]
async fn roles_without_rights_write_and_marked_writes_are_not_captured() {
    let mut pair = Captured::start("capture-roles", ROWS);
    pair.source
        .sql(DATABASE, &format!("CREATE ROLE clerk LOGIN PASSWORD '{}'; GRANT CONNECT ON DATABASE {DATABASE} TO clerk; GRANT INSERT, UPDATE, SELECT ON t TO clerk", reberth_testkit::postgres::PASSWORD))
        .unwrap();
    let mut follower = pair.followed().await;
    pair.source
        .sql_as("clerk", DATABASE, "SET search_path = public; INSERT INTO t VALUES (900, 'by a clerk'); UPDATE t SET v = 'c' WHERE id = 1")
        .unwrap();
    pair.settle(&mut follower, "a role without rights on our schema")
        .await;
    pair.source.sql(DATABASE, "SET session_replication_role = replica; INSERT INTO t VALUES (901, 'by an administrator at rest')").unwrap();
    pair.settle(&mut follower, "a session whose triggers rest")
        .await;
    pair.write(
        "SET reberth.origin = 'reverse'; UPDATE t SET v = 'from the other side' WHERE id = 2",
    );
    assert_eq!(
        follower.advance(&pair.publish).await.unwrap(),
        Advanced::Idle
    );
}

#[tokio::test]
async fn an_open_writer_delays_the_triggers_and_nothing_is_missed() {
    let mut pair = Captured::start("capture-busy", ROWS);
    let mut writer = application(&pair).await;
    run(
        &mut writer,
        "BEGIN; UPDATE t SET v = 'before the triggers' WHERE id = 1",
    )
    .await;
    let (begun, ()) = tokio::join!(pair.begin(), async {
        // The installation has tried and given up when the other table has its triggers and this one has none.
        let mut source = pair.source_session().await;
        let tries = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";
        let before: Option<(u64,)> = source.row("looking", tries).await.unwrap();
        loop {
            let now: Option<(u64,)> = source.row("looking", tries).await.unwrap();
            if now > before {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        run(
            &mut writer,
            "UPDATE t SET v = 'meanwhile' WHERE id = 2; COMMIT",
        )
        .await;
    });
    begun.unwrap();
    let mut follower = pair.follower().await;
    pair.settle(&mut follower, "after the writer").await;
}

#[tokio::test]
async fn what_is_written_is_listed_and_hashed() {
    let pair = Captured::start("capture-listed", ROWS);
    let mut source = pair.source_session().await;
    let tables = table::read(&mut source).await.unwrap();
    let captured = keys::read(&mut source, &tables).await.unwrap();
    let writes = install::Writes::of(&captured, LIMIT_BYTES);
    assert_eq!(
        writes.hash(),
        install::Writes::of(&captured, LIMIT_BYTES).hash()
    );
    assert_ne!(
        writes.hash(),
        install::Writes::of(&captured[..1], LIMIT_BYTES).hash()
    );
    assert_ne!(writes.hash(), install::Writes::of(&captured, 1).hash());
    // The list, run by hand, is the installation: nothing is left for it to do.
    for write in writes.list() {
        pair.write(&write.statements.join(";\n"));
    }
    let before = catalogue::read(&mut source).await.unwrap();
    install::install(&mut source, &captured, LIMIT_BYTES)
        .await
        .unwrap();
    assert_eq!(before, catalogue::read(&mut source).await.unwrap());
}

/// A change that nobody could tell us of must not happen.
#[tokio::test]
async fn what_cannot_be_noted_does_not_commit() {
    let mut pair = Captured::start("capture-unnoted", ROWS);
    let follower = pair.followed().await;
    drop(follower);
    pair.write("DROP TABLE reberth.change_0, reberth.change_1, reberth.change_2, reberth.change_3");
    for sql in [
        "INSERT INTO t VALUES (900, 'x')",
        "UPDATE t SET v = 'x' WHERE id = 1",
        "DELETE FROM t WHERE id = 2",
        "TRUNCATE t",
    ] {
        let refused = pair.source.sql_as(super::OWNER, DATABASE, sql);
        assert!(refused.is_err(), "{sql}");
    }
    pair.assert_equal("nothing was changed");
}
