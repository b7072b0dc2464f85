//! Who is believed: servers by their certificate, and we by our password, in each way that a server may ask for it.

use reberth_replicate::postgres::session::Session;
use reberth_replicate::{Address, ReplicateError, Secret};
use reberth_testkit::postgres::{Cluster, Major, PASSWORD, Postgres};

async fn open(
    server: &Postgres,
    user: &str,
    password: &str,
    query: &str,
) -> Result<Session, ReplicateError> {
    let url = format!(
        "postgres://{user}:{password}@127.0.0.1:{}/postgres{query}",
        server.port()
    );
    Session::open(&Address::parse(&Secret::new(url), "reader", "source").expect("an address")).await
}

fn start(name: &str, tls: bool) -> Postgres {
    let cluster = Cluster {
        tls,
        ..Cluster::default()
    };
    let server = Postgres::start_cluster(Major::V15, name, &cluster, &[]).expect("a server");
    let roles = [
        format!("CREATE ROLE scram LOGIN PASSWORD '{PASSWORD}'"),
        format!("SET password_encryption = md5; CREATE ROLE older LOGIN PASSWORD '{PASSWORD}'"),
    ];
    for role in &roles {
        server.sql("postgres", role).expect("a role");
    }
    server
}

/// How older servers, and those of some providers, ask for passwords.
const WAYS: &str = "DO $$ BEGIN EXECUTE format('COPY (VALUES (''local all all trust''), (''host all older all md5''), (''host all clear all password''), (''host all all all scram-sha-256'')) TO %L', current_setting('hba_file')); END $$;
    CREATE ROLE clear LOGIN PASSWORD 'local-only'; SELECT pg_reload_conf(); SELECT pg_sleep(0.5)";

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_proven_and_a_wrong_one_is_not() {
    let server = start("pg-login", false);
    server.sql("postgres", WAYS).expect("the ways are set");
    for user in ["scram", "older"] {
        open(&server, user, PASSWORD, "?tls=off")
            .await
            .expect("it is let in");
        let refused = open(&server, user, "wrong", "?tls=off")
            .await
            .expect_err("it is not");
        assert_eq!(refused.code(), "RB-REP-003", "{refused}");
    }
    let refused = open(&server, "clear", PASSWORD, "?tls=off")
        .await
        .expect_err("the password is not told");
    let why = std::error::Error::source(&refused)
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(why.contains("in clear"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_only_with_a_certificate_that_is_trusted() {
    let server = start("pg-tls", true);
    let trusted = format!("?tls-ca={}", server.authority().display());
    let mut reader = open(&server, "scram", PASSWORD, &trusted)
        .await
        .expect("it is let in");
    let sql = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row: Option<(bool, String)> = reader.row("asking for TLS", sql).await.expect("a row");
    assert!(
        matches!(&row, Some((true, version)) if version.starts_with("TLSv1")),
        "{row:?}"
    );
    // Nobody whom this machine trusts has signed it.
    let refused = open(&server, "scram", PASSWORD, "")
        .await
        .expect_err("it is not believed");
    assert_eq!(refused.code(), "RB-REP-003", "{refused}");
    let plain = start("pg-plain", false);
    let refused = open(&plain, "scram", PASSWORD, &trusted)
        .await
        .expect_err("there is no TLS");
    let why = std::error::Error::source(&refused)
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(why.contains("does not speak TLS"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_ends_says_so_and_may_be_tried_again() {
    let server = start("pg-ended", false);
    let mut victim = open(&server, "scram", PASSWORD, "?tls=off")
        .await
        .expect("it is let in");
    let sql = format!("SELECT pg_terminate_backend({})", victim.id());
    server.sql("postgres", &sql).expect("it is ended");
    let ended = victim
        .run("asking", "SELECT 1")
        .await
        .expect_err("it is gone");
    assert!(ended.may_retry(), "{ended}");
}
