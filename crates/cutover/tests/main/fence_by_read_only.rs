//! The fence by `read_only`, with exactly the rights that it needs and with each of them missing.

use reberth_cutover::FencedBy;
use reberth_journal::RunState;
use reberth_replicate::mysql::state::Direction;
use reberth_testkit::database::{Product, Server};

use crate::crosses::{Crosses, Way};
use crate::crossing::Crossing;
use crate::fence::session;
use crate::killed::die_crossing;

/// What the fence needs, what it does not, and what the way back needs.
struct Rights {
    fence: &'static [&'static str],
    writer: &'static str,
}

const ON_MARIADB: Rights = Rights {
    fence: &["READ_ONLY ADMIN", "CONNECTION ADMIN", "PROCESS"],
    writer: "READ_ONLY ADMIN",
};
const ON_MYSQL: Rights = Rights {
    fence: &[
        "SYSTEM_VARIABLES_ADMIN",
        "SHOW_ROUTINE",
        "CONNECTION_ADMIN",
        "PROCESS",
        "XA_RECOVER_ADMIN",
    ],
    writer: "CONNECTION_ADMIN",
};

fn rights_of(product: Product) -> &'static Rights {
    match product {
        Product::MySql => &ON_MYSQL,
        _ => &ON_MARIADB,
    }
}

async fn read_only(product: Product, name: &str) -> Crossing {
    let mut crossing = Crossing::start_on(product, name).await;
    crossing.fenced_by = FencedBy::ReadOnly;
    // The administrator's other accounts, which MariaDB makes.
    let others = ["root@127.0.0.1", "root@::1"].map(str::to_owned);
    crossing.exempt.extend(others);
    let rights = rights_of(product);
    grant(&crossing.source, &rights.fence.join(", "), "fence");
    grant(&crossing.source, rights.writer, "reverse");
    let needless = "REVOKE CREATE USER ON *.* FROM fence@'%'";
    crossing.source.sql(needless).expect("the right is revoked");
    crossing
}

fn grant(server: &Server, rights: &str, account: &str) {
    let sql = format!("GRANT {rights} ON *.* TO {account}@'%'");
    server.sql(&sql).expect("the rights are given");
}

/// Cut off are a session inside a transaction, one that holds a table's lock (which the setting waits for), and one that had more rights when it logged in.
async fn there_and_back(product: Product) {
    let mut crossing = read_only(product, "readonly").await;
    let late = "INSERT INTO lms_core.badge VALUES (77, 'late', NULL)";
    let setup =
        "CREATE USER batch@'%' IDENTIFIED BY 'local-only'; GRANT ALL ON lms_core.* TO batch@'%'";
    crossing.source.sql(setup).expect("the account is made");
    let mut open = session(&crossing.source, "batch").await;
    open.run("writing", "BEGIN")
        .await
        .expect("the server does it");
    open.run("writing", late).await.expect("the server does it");
    grant(&crossing.source, rights_of(product).writer, "batch");
    let mut mighty = session(&crossing.source, "batch").await;
    let revoke = format!("REVOKE {} ON *.* FROM batch@'%'", rights_of(product).writer);
    crossing.source.sql(&revoke).expect("the server does it");
    crossing.die_at(Way::There, "ready", "step_done").await;
    let mut locking = session(&crossing.source, "batch").await;
    locking
        .run("locking", "LOCK TABLES lms_core.course WRITE")
        .await
        .expect("the server does it");

    crossing.pass(Way::There).await;
    // The lock is waited for a second and its session ended; the station does not fail for it.
    assert_eq!(crossing.failures(Way::There, "source_fenced"), 0);
    for cut in [&mut open, &mut mighty, &mut locking] {
        assert!(cut.run("writing", late).await.is_err());
    }
    let mut new = session(&crossing.source, "batch").await;
    assert!(
        new.run("writing", late).await.is_err(),
        "one that came later"
    );
    let planted = "SELECT COUNT(*) FROM lms_core.badge WHERE code = 'late'";
    assert_eq!(
        crossing
            .source
            .sql(planted)
            .expect("the server answers")
            .trim(),
        "0"
    );
    crossing.only_writer("target").await;
    assert_eq!(
        crossing.evidence(Way::There, "source_fenced", "/fence/by"),
        "read_only"
    );

    crossing.pass(Way::Back).await;
    crossing.only_writer("source").await;
    crossing.pass(Way::There).await;
    // It is lifted behind the passage's back.
    crossing
        .source
        .sql("SET GLOBAL read_only = OFF")
        .expect("the server does it");
    crossing
        .fails(
            Way::Back,
            &RunState::Undone,
            "ready_to_return RB-CUT-002: the source is not fenced: it is not read-only any more",
        )
        .await;
    crossing
        .source
        .sql("SET GLOBAL read_only = ON")
        .expect("the server does it");
    crossing.pass(Way::Back).await;
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_set_read_only_and_back() {
    there_and_back(Product::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_of_mysql_is_set_read_only_and_back() {
    there_and_back(Product::MySql).await;
}

/// Whatever is missing, or goes past it, is told before anything is touched.
async fn refusals(product: Product) {
    let mut crossing = read_only(product, "short").await;
    let rights = rights_of(product);
    crossing.die_at(Way::There, "streaming", "step_done").await;
    for right in rights.fence {
        let revoke = format!("REVOKE {right} ON *.* FROM fence@'%'");
        crossing.source.sql(&revoke).expect("the server does it");
        let words = format!(
            "ready RB-CUT-002: the source is not fenced: fence, which would fence it by read_only, lacks {right};"
        );
        crossing.fails(Way::There, &RunState::Undone, &words).await;
        crossing.source_is_as_before().await;
        grant(&crossing.source, right, "fence");
    }
    let past = rights.writer;
    let cases = [
        (
            format!("REVOKE {past} ON *.* FROM reverse@'%'"),
            format!("GRANT {past} ON *.* TO reverse@'%'"),
            "read_only would stop reverse@% too",
        ),
        (
            format!(
                "CREATE USER tool@'%'; GRANT INSERT ON lms_core.* TO tool@'%'; CREATE ROLE might; GRANT {past} ON *.* TO might; GRANT might TO tool@'%'"
            ),
            "DROP USER tool@'%'; DROP ROLE might".to_owned(),
            "read_only does not stop tool@%",
        ),
        (
            // Whoever may call it writes with the administrator's rights.
            "CREATE PROCEDURE lms_core.tidy() DELETE FROM lms_core.badge WHERE FALSE".to_owned(),
            "DROP PROCEDURE lms_core.tidy".to_owned(),
            "read_only does not stop what runs with the rights of its definer: lms_core.tidy (of root@localhost)",
        ),
    ];
    for (make, unmake, words) in cases {
        crossing.source.sql(&make).expect("the server does it");
        let words = format!("ready RB-CUT-002: the source is not fenced: {words}");
        crossing.fails(Way::There, &RunState::Undone, &words).await;
        crossing.source.sql(&unmake).expect("the server does it");
        crossing.source_is_as_before().await;
    }
    // With them all it passes.
    crossing.pass(Way::There).await;
    crossing.settle(Direction::Reverse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_read_only_would_not_stop_is_refused() {
    refusals(Product::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_read_only_of_mysql_would_not_stop_is_refused() {
    refusals(Product::MySql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_by_read_only_survives_death_at_its_appends() {
    let crossing = read_only(Product::MariaDb, "readonly-killed").await;
    die_crossing(crossing, 0..2, 30).await;
}

/// On MySQL it stands in a file of the server, and so outlives the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_of_mysql_stays_read_only_over_its_restart() {
    let mut crossing = read_only(Product::MySql, "restarted").await;
    crossing.pass(Way::There).await;
    crossing.source.kill();
    crossing.source.resume().expect("the source starts again");
    crossing.only_writer("target").await;
    crossing.pass(Way::Back).await;
    crossing.source.kill();
    crossing.source.resume().expect("the source starts again");
    crossing.only_writer("source").await;
    crossing.settle(Direction::Forward).await;
}
