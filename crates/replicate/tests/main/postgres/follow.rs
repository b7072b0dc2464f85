//! What a table holds, and how it changes, arrives.

use reberth_testkit::postgres::Major;

use super::{DATABASE, Pair, session};

pub(super) const ROWS: &str = "
    INSERT INTO plain SELECT n, n * 7, 'note ' || n FROM generate_series(1, 5000) n;
    INSERT INTO plain VALUES (-1, 1, repeat(md5('stays'), 300));
    INSERT INTO two_keys SELECT n, -n, repeat(md5(n::text), 200) FROM generate_series(1, 50) n;
    INSERT INTO named SELECT 'k' || n, n / 10.0, repeat(md5(n::text), 300) FROM generate_series(1, 30) n;
    INSERT INTO keyless SELECT n % 3, 'same' FROM generate_series(1, 10) n;
    INSERT INTO odd (m, ms, j, f, r, c, b, t, i, n, a, money, bits, x) VALUES
        ('calm', '{calm,NULL,wild}', '{\"a\":  1}', 'NaN', '[1,5)', 'ab ', '\\x00ff', 'infinity', '1 mon 2 days -03:04:05.6', 'NaN', '{{1,2},{3,4}}', 12.34, B'101', '<a/>'),
        ('wild', '{}', 'null', '-0', 'empty', '', '', '-infinity', '0', 1e100, '[2:3]={7,8}', -1, B'000', '<b>x</b>'),
        (NULL, NULL, NULL, 5e-324, NULL, NULL, NULL, '4713-01-01 BC', NULL, 0.00, '{}', NULL, NULL, NULL);
    INSERT INTO parted SELECT n, n FROM generate_series(50, 150) n;
    INSERT INTO assorted (b, i, c, f, w, x, p, j, n, t, a) SELECT n > 2, '10.0.0.1', repeat(' ', n), 'x', 'c', '<a/>', '(1,0.1)', '{}', 1.0, now(), '{10.0.0.1}' FROM generate_series(1, 4) n;
    INSERT INTO assorted (b, n) VALUES (NULL, 1.00), (true, NULL);
    INSERT INTO counted (v, big) SELECT n, (SELECT string_agg(md5(m::text), '') FROM generate_series(1, 3000) m) FROM generate_series(1, 6) n;
    INSERT INTO \"Quoted \"\"name'\" VALUES ('a''b\"c\\d,{}', E'x\\ny\\t'), ('', NULL);
    INSERT INTO empty_row DEFAULT VALUES;
    ";

pub(super) const CHANGES: &str = "
    UPDATE plain SET v = v + 1 WHERE id % 3 = 0;
    UPDATE plain SET v = 2 WHERE id = -1;
    DELETE FROM plain WHERE id % 5 = 0;
    INSERT INTO plain SELECT n, n, NULL FROM generate_series(6000, 6100) n;
    BEGIN; UPDATE two_keys SET place = 1000 WHERE id = 1; UPDATE two_keys SET place = -1 WHERE id = 2; UPDATE two_keys SET place = -2 WHERE id = 1; COMMIT;
    UPDATE named SET a = a || 'x' WHERE b > 1;
    UPDATE named SET a = 'moved' WHERE a = 'k1';
    BEGIN; DELETE FROM plain WHERE id = 1; INSERT INTO plain VALUES (1, 11, 'again'); COMMIT;
    UPDATE keyless SET note = 'other' WHERE ctid = (SELECT min(ctid) FROM keyless WHERE v = 1);
    UPDATE counted SET v = v + 1;
    UPDATE assorted SET b = NOT b, n = n + 0.00 WHERE c <> 'x' OR b; DELETE FROM assorted WHERE octet_length(c::text) = 0 AND j::text = '{}' AND ctid = (SELECT max(ctid) FROM assorted WHERE j IS NOT NULL); DELETE FROM assorted WHERE n IS NULL;
    UPDATE counted SET n = DEFAULT WHERE v > 4;
    DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless WHERE v = 0);
    UPDATE odd SET m = 'wild', ms = '{wild}', j = '{\"b\": \"it''s\\\\ \\\"\"}', f = 0.1 WHERE id = 1;
    UPDATE odd SET x = '<c y=\"1\">z</c>', money = 99.99, bits = B'111' WHERE id = 2;
    UPDATE parted SET id = id + 1000 WHERE id < 60;
    UPDATE \"Quoted \"\"name'\" SET \"the key\" = 'a\"\"b\\\\' WHERE \"the key\" = '';
    INSERT INTO empty_row DEFAULT VALUES;
    ";

async fn moves(name: &str, source: Major, target: Major) {
    let pair = Pair::start(name, source, target);
    pair.source.sql(DATABASE, ROWS).expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    pair.assert_equal();
    pair.source.sql(DATABASE, CHANGES).expect("changes");
    pair.settle(&mut stream).await;
    pair.assert_equal();
    pair.source
        .sql(
            DATABASE,
            "TRUNCATE plain CASCADE; INSERT INTO plain VALUES (1, 2, 'after'); TRUNCATE keyless",
        )
        .expect("changes");
    pair.settle(&mut stream).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_and_change_arrives() {
    moves("kinds", Major::V15, Major::V15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_server_is_moved_to_the_newest() {
    moves("up", Major::V13, Major::V18).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_larger_than_memory_allows_is_one_step() {
    let pair = Pair::start("large", Major::V15, Major::V15);
    pair.source
        .sql(
            DATABASE,
            "INSERT INTO plain SELECT n, 0, repeat('x', 100) FROM generate_series(1, 1000) n",
        )
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let mut watcher = session(&pair.target).await;
    let sql = "INSERT INTO plain SELECT n, 0, repeat(md5(n::text), 10) FROM generate_series(1001, 40000) n; UPDATE plain SET v = 1";
    pair.source
        .sql(DATABASE, &format!("BEGIN; {sql}; COMMIT"))
        .expect("a large transaction");
    let settled = pair.settle(&mut stream);
    let watch = async {
        loop {
            let seen: Option<(u64, u64)> = watcher
                .row("looking", "SELECT count(*), count(DISTINCT v) FROM plain")
                .await
                .expect("a count");
            let (rows, values) = seen.expect("a row");
            assert!(
                matches!((rows, values), (1000, 1) | (40_000, 1)),
                "half of a transaction is seen: {rows} {values}"
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = settled => {}
        () = watch => {}
    }
    pair.assert_equal();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_else_removed_from_the_target_stops_the_stream() {
    let pair = Pair::start("diverged", Major::V15, Major::V15);
    pair.source
        .sql(
            DATABASE,
            "INSERT INTO plain VALUES (1, 1, 'a'), (2, 2, 'b')",
        )
        .expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    pair.target
        .sql(DATABASE, "DELETE FROM plain WHERE id = 2")
        .expect("a stranger's change");
    pair.source
        .sql(DATABASE, "UPDATE plain SET v = v + 1")
        .expect("changes");
    let ended = stream
        .wait_until(|_| false)
        .await
        .expect_err("the stream stops");
    assert_eq!(ended.code(), "RB-REP-012", "{ended}");
    let untouched = pair
        .target
        .sql(DATABASE, "SELECT v FROM plain")
        .expect("rows");
    assert_eq!(untouched.trim(), "1", "nothing of the batch is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_table_stops_the_stream_where_it_changed() {
    let pair = Pair::start("altered", Major::V15, Major::V15);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    pair.source.sql(DATABASE, "INSERT INTO plain VALUES (1, 1, 'a'); ALTER TABLE plain ADD COLUMN more int; INSERT INTO plain VALUES (2, 1, 'a')").expect("changes");
    let ended = stream
        .wait_until(|_| false)
        .await
        .expect_err("the stream stops");
    assert_eq!(ended.code(), "RB-REP-008", "{ended}");
    let applied = pair
        .target
        .sql(DATABASE, "SELECT id FROM plain")
        .expect("rows");
    assert_eq!(
        applied.trim(),
        "1",
        "what committed before is applied, and nothing after it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_comes_later_is_noticed() {
    let pair = Pair::start("later", Major::V15, Major::V15);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    pair.source
        .sql(DATABASE, "CREATE TABLE later (id int PRIMARY KEY)")
        .expect("a table");
    let ended = stream
        .wait_until(|_| false)
        .await
        .expect_err("the stream stops");
    assert!(
        ended
            .to_string()
            .contains("CREATE TABLE \"public\".\"later\""),
        "{ended}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_a_generated_column_is_none_to_the_log() {
    let pair = Pair::start("half-key", Major::V15, Major::V17);
    let made = "CREATE TABLE halved (a int, b int GENERATED ALWAYS AS (v / 2) STORED, v int, PRIMARY KEY (a, b)); INSERT INTO halved (a, v) SELECT n % 3, n FROM generate_series(1, 20) n";
    pair.source.sql(DATABASE, made).expect("a table");
    let refused = pair.stream().wait_until(|_| false).await.unwrap_err();
    assert!(refused.to_string().contains("\"halved\""), "{refused}");
    let asked = "ALTER TABLE halved REPLICA IDENTITY FULL";
    pair.source.sql(DATABASE, asked).expect("a change");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    let changed = "UPDATE halved SET v = v + 100 WHERE a = 1; DELETE FROM halved WHERE v = 3; INSERT INTO halved (a, v) VALUES (1, 3)";
    pair.source.sql(DATABASE, changed).expect("changes");
    pair.settle(&mut stream).await;
    pair.assert_equal();
}

/// From 18 on the server would refuse the application's own statements.
#[tokio::test(flavor = "multi_thread")]
async fn a_publication_never_makes_the_applications_updates_fail() {
    let pair = Pair::start("untold-18", Major::V18, Major::V18);
    let made = "CREATE TABLE bag (a int, b int GENERATED ALWAYS AS (a / 2) STORED); ALTER TABLE bag REPLICA IDENTITY FULL; INSERT INTO bag VALUES (1)";
    pair.source.sql(DATABASE, made).expect("a table");
    let refused = pair.stream().wait_until(|_| false).await.unwrap_err();
    assert_eq!(refused.code(), "RB-REP-004", "{refused}");
    assert!(refused.to_string().contains("\"bag\""), "{refused}");
    let updated = pair.source.sql(DATABASE, "UPDATE bag SET a = 2");
    updated.expect("the application writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_changes_are_not_told_is_refused_before_anything_is_made() {
    let pair = Pair::start("untold", Major::V15, Major::V15);
    pair.source
        .sql(DATABASE, "ALTER TABLE keyless REPLICA IDENTITY DEFAULT")
        .expect("a change");
    let mut stream = pair.stream();
    let ended = stream
        .wait_until(|_| false)
        .await
        .expect_err("it does not begin");
    assert!(
        ended
            .to_string()
            .contains("ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL"),
        "{ended}"
    );
    let made = pair
        .source
        .sql(DATABASE, "SELECT count(*) FROM pg_publication")
        .expect("a count");
    assert_eq!(made.trim(), "0");
}
