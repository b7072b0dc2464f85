//! Schema changes on the source while the copy is made: of tables that are copied already, and of tables whose turn is still to come.

use std::time::Duration;

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::spool::SpoolPlan;
use reberth_testkit::fault_proxy::{FaultProxy, Traffic};

use crate::ddl::assert_same;
use crate::pair::{MYSQL, Pair, Products, becomes, error_of, reach, usual};

/// Changes after which single tables are copied anew, each with the tables that are not.
const CHANGES: [(&str, &[&str]); 9] = [
    (
        "ALTER TABLE a ADD y INT NOT NULL DEFAULT 7; ALTER TABLE a DROP COLUMN v, ADD INDEX (y)",
        &["z", "p", "c"],
    ),
    (
        "ALTER TABLE z CHANGE v w BIGINT; CREATE INDEX made ON z (w)",
        &["a", "p", "c"],
    ),
    (
        "ALTER DATABASE COLLATE utf8mb4_bin; ALTER TABLE z DROP COLUMN v",
        &["a", "p", "c"],
    ),
    ("RENAME TABLE z TO renamed", &["a", "p", "c"]),
    (
        "RENAME TABLE a TO renamed, z TO a, renamed TO z",
        &["p", "c"],
    ),
    (
        "DROP TABLE z; CREATE TABLE z (name CHAR(9) PRIMARY KEY); INSERT INTO z VALUES ('made'); ALTER TABLE z ADD w INT",
        &["a", "p", "c"],
    ),
    (
        "ALTER TABLE p ADD x INT DEFAULT 3; DELETE FROM p WHERE id = 1; UPDATE c SET p = NULL WHERE id = 2; ALTER TABLE c DROP FOREIGN KEY c_p; \
         UPDATE p SET id = 9 WHERE id = 2; ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id); DELETE FROM c WHERE id = 3",
        &["a", "z"],
    ),
    (
        "UPDATE a SET v = id; ALTER TABLE a ADD FOREIGN KEY (v) REFERENCES z (id) ON DELETE CASCADE; DELETE FROM z WHERE id = 2",
        &["p", "c"],
    ),
    (
        "CREATE TABLE late (id INT PRIMARY KEY, v INT); INSERT INTO late VALUES (1, 1); ALTER TABLE late ADD w INT DEFAULT 4; RENAME TABLE late TO later; \
         ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (v); DELETE FROM a WHERE v = 11; TRUNCATE TABLE z; INSERT INTO z VALUES (4, 4); \
         CREATE TABLE like_z LIKE z; INSERT INTO like_z SELECT * FROM z",
        &["p", "c"],
    ),
];

/// A stream that has copied the tables before `m` and is at it, which takes it long; `z` is still to come.
pub(crate) async fn halfway(
    pair: &Pair,
    proxy: &FaultProxy,
    spool: Option<SpoolPlan>,
) -> RunningStream {
    proxy.set(Traffic::Slow(Duration::from_millis(20)));
    let mut plan = pair.forward_over(proxy.port(), pair.target.port());
    plan.spool = spool;
    let mut stream = RunningStream::start(plan);
    reach(&mut stream, |progress| progress.chunks_done > 0).await;
    stream
}

pub(crate) fn start(products: Products, name: &str) -> Pair {
    Pair::with_on(
        products,
        name,
        "CREATE TABLE m (id INT PRIMARY KEY, v CHAR(255)); INSERT INTO m SELECT seq, REPEAT('m', 255) FROM seq_1_to_12000",
    )
}

/// Tables as they were, and nothing on the target.
pub(crate) fn begin_anew(pair: &Pair) {
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} (id INT PRIMARY KEY, v INT); INSERT INTO {name} VALUES (1, 1), (2, 2);"
        )
    };
    pair.run("DROP TABLE IF EXISTS a, c, p, z, renamed, late, later, like_z");
    pair.run(&format!("{} {}", table("z"), table("a")));
    pair.run(
        "CREATE TABLE p (id INT PRIMARY KEY, v INT); INSERT INTO p VALUES (1, 1), (2, 2), (3, 3)",
    );
    pair.run("CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)");
    pair.run("INSERT INTO c VALUES (1, 1), (2, 2), (3, 3)");
    pair.target
        .sql("DROP DATABASE IF EXISTS reberth; DROP DATABASE IF EXISTS lms_core")
        .expect("the target is emptied");
}

/// Tables whose copy begins behind that of the others.
fn recopied(pair: &Pair, tables: &[&str]) -> Vec<String> {
    let definition = pair
        .target
        .sql("SELECT definition FROM reberth.source_schema")
        .expect("the schema is read");
    let is_listed = |table: &&&str| definition.contains(&format!("\"{table}\":{{\"from\""));
    let listed = tables.iter().filter(is_listed);
    listed.map(|table| (*table).to_owned()).collect()
}

async fn copies_the_tables_anew(products: Products, name: &str, changes: &[(&str, &[&str])]) {
    let pair = start(products, name);
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    let folder = std::env::temp_dir().join(format!("reberth-{name}-{}", std::process::id()));
    for (number, (change, untouched)) in changes.iter().enumerate() {
        begin_anew(&pair);
        let spool = (number % 2 == 0).then(|| SpoolPlan {
            folder: folder.join(number.to_string()),
            bytes_max: 1 << 30,
        });
        let mut stream = halfway(&pair, &proxy, spool).await;
        pair.run("UPDATE a SET v = v + 10; UPDATE z SET v = v + 10; UPDATE p SET v = v + 10");
        pair.run(change);
        proxy.set(Traffic::Pass);
        let mut others = Vec::new();
        reach(&mut stream, |progress| {
            others.extend(recopied(&pair, untouched));
            progress.phase == "following"
        })
        .await;
        pair.run("INSERT INTO m VALUES (0, 'behind')");
        pair.drain(&mut stream).await;
        assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{change}");
        assert_eq!(others, Vec::<String>::new(), "{change}");
        assert_eq!(
            recopied(&pair, &["a", "z"]),
            Vec::<String>::new(),
            "forgotten"
        );
        stream.stop().await.expect("the stream stops");
        pair.run("DELETE FROM m WHERE id = 0");
    }
    // What cannot be removed is left in the system's temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_table_copies_that_table_anew() {
    copies_the_tables_anew(usual(), "anew-altered", &CHANGES[..5]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_several_tables_copies_them_anew() {
    copies_the_tables_anew(usual(), "anew-several", &CHANGES[5..]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_table_of_mysql_copies_that_table_anew() {
    copies_the_tables_anew(MYSQL, "anew-altered-mysql", &CHANGES[..5]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_several_tables_of_mysql_copies_them_anew() {
    copies_the_tables_anew(MYSQL, "anew-several-mysql", &CHANGES[5..]).await;
}

async fn carries(products: Products) {
    let pair = start(products, "carried");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    begin_anew(&pair);
    let mut stream = halfway(&pair, &proxy, None).await;
    pair.run("CREATE TABLE early (v VARCHAR(9)); ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_bin; TRUNCATE TABLE a; INSERT INTO a VALUES (9, 9); TRUNCATE TABLE z; INSERT INTO z VALUES (8, 8); ALTER TABLE z AUTO_INCREMENT = 50");
    pair.run(
        "CREATE TABLE late (id INT PRIMARY KEY, v INT, w VARCHAR(9), KEY (v)); INSERT INTO late VALUES (1, 1, 'ä'); INSERT INTO early VALUES ('ä€')",
    );
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    assert_same(&pair, "a change of the database's defaults").await;
    stream.stop().await.expect("the stream stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_and_new_tables_are_carried_over_during_the_copy() {
    carries(usual()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_and_new_tables_of_mysql_are_carried_over_during_the_copy() {
    carries(MYSQL).await;
}

/// A copy that has met what a change left is not the last word until the log is read to its end, also where that takes long and tells nothing, and where the
/// wire breaks meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_behind_a_large_transaction_of_another_database_is_found() {
    let pair = start(usual(), "anew-behind");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    begin_anew(&pair);
    let mut stream = halfway(&pair, &proxy, None).await;
    proxy.set(Traffic::Slow(Duration::from_secs(1)));
    pair.run("CREATE DATABASE other; CREATE TABLE other.big (id INT PRIMARY KEY, v TEXT); INSERT INTO other.big SELECT seq, REPEAT('x', 8000) FROM seq_1_to_2200; ALTER TABLE z DROP COLUMN v");
    // So the log is told in more than 20 s.
    proxy.set(Traffic::Slow(Duration::from_millis(100)));
    let reading =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'";
    becomes(&pair.source, reading, "1").await;
    assert_eq!(stream.progress().phase, "copying", "it is the search");
    let epoch = stream.progress().epoch;
    proxy.set(Traffic::Cut);
    reach(&mut stream, |progress| progress.retrying.is_some()).await;
    becomes(&pair.source, reading, "0").await;
    proxy.set(Traffic::Slow(Duration::from_millis(100)));
    becomes(&pair.source, reading, "1").await;
    assert_eq!(stream.progress().epoch, epoch, "it is the same search");
    becomes(&pair.source, reading, "0").await;
    proxy.set(Traffic::Pass);
    reach(&mut stream, |progress| progress.phase == "following").await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.expect("the stream stops");
}

/// Whoever is to make room is told at once, whatever stands in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_before_the_log_is_searched() {
    let pair = start(usual(), "anew-full");
    let proxy = FaultProxy::start(pair.source.port()).await;
    let proxy = proxy.expect("the proxy starts");
    begin_anew(&pair);
    let mut stream = halfway(&pair, &proxy, None).await;
    pair.target
        .sql("USE lms_core; CREATE TRIGGER full BEFORE INSERT ON z FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114")
        .expect("the target has no room");
    pair.run("ALTER TABLE a DROP COLUMN v");
    proxy.set(Traffic::Pass);
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-027", "{error}");
    assert_eq!(recopied(&pair, &["a"]), Vec::<String>::new());
}
