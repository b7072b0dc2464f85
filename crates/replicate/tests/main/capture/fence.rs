//! The fence of a plain owner.

use reberth_replicate::postgres::capture::fence;

use super::{Captured, DATABASE, OWNER, ROWS, application, run};

#[tokio::test]
async fn the_fence_refuses_everybody_and_survives_us() {
    let schema = format!("{ROWS} CREATE TABLE c (id int PRIMARY KEY REFERENCES t ON DELETE CASCADE); INSERT INTO c VALUES (1);
        CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)");
    let pair = Captured::start("capture-fence", &schema);
    let mut fencer = pair.source_session().await;
    let mut old = application(&pair).await;
    run(
        &mut old,
        "PREPARE later AS INSERT INTO t VALUES (1000, 'x')",
    )
    .await;
    fence::raise(&mut fencer).await.unwrap();
    fence::raise(&mut fencer).await.unwrap();
    drop(fencer);
    let mut fencer = pair.source_session().await;
    let standing = fence::read(&mut fencer).await.unwrap();
    assert!(standing.open.is_empty(), "{standing:?}");
    let refused = old.run("writing", "EXECUTE later").await.unwrap_err();
    assert_eq!(refused.code(), "RB-REP-003");
    for sql in [
        "INSERT INTO t VALUES (1001, 'x')",
        "INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = 'y'",
        "UPDATE t SET v = 'x' WHERE false",
        "DELETE FROM t",
        "TRUNCATE c",
        "INSERT INTO p VALUES (1)",
        "INSERT INTO p1 VALUES (1)",
        "COPY t FROM STDIN;\n5000\tx\n\\.\n",
        "SET session_replication_role = replica; DELETE FROM t",
    ] {
        for refused in [
            pair.source.sql(DATABASE, sql).unwrap_err(),
            pair.source.sql_as(OWNER, DATABASE, sql).unwrap_err(),
        ] {
            let told = format!("{refused:?}");
            assert!(
                told.contains("is being moved") || told.contains("permission denied"),
                "{sql}: {told}"
            );
        }
    }
    assert_eq!(fence::read(&mut fencer).await.unwrap(), standing);
    // Our own stream back passes.
    pair.write("SET reberth.origin = 'reverse'; UPDATE t SET v = 'back' WHERE id = 1");
    assert_eq!(fence::read(&mut fencer).await.unwrap(), standing);
    pair.write("SELECT lo_create(4711)");
    assert_ne!(
        fence::read(&mut fencer).await.unwrap().fingerprint,
        standing.fingerprint
    );
    pair.write("CREATE TABLE fresh (id int)");
    assert_eq!(fence::read(&mut fencer).await.unwrap().open.len(), 1);
    assert_eq!(fence::cut_sessions(&mut fencer).await.unwrap(), 1);
    assert!(old.run("writing", "SELECT 1").await.is_err());
    fence::lift(&mut fencer).await.unwrap();
    assert_eq!(
        fence::lift(&mut fencer).await.unwrap(),
        Vec::<String>::new()
    );
    pair.write("INSERT INTO t VALUES (1001, 'x'); DELETE FROM t WHERE id = 1");
}
