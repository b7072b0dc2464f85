//! PostgreSQL of every major starts, keeps what was committed, and allows what the provider would.

use reberth_testkit::postgres::{Cluster, Locale, Major, PASSWORD, Postgres};

fn check_reads_what_was_written(major: Major) {
    let mut server = Postgres::start(major, "majors", &[]).expect("it starts");
    let version = server.sql("postgres", "SHOW server_version_num");
    assert_eq!(version.expect("a version")[..2], major.number().to_string());
    let write = "CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)";
    server.sql("postgres", write).expect("it writes");
    server.kill();
    server.resume().expect("it starts after a kill");
    server.shut_down().expect("it ends in order");
    server.resume().expect("it starts after an end in order");
    let asked = "SELECT count(*), current_setting('wal_level'), current_setting('fsync') FROM kept";
    let read = server.sql("postgres", asked).expect("it reads");
    assert_eq!(read, "1000\tlogical\ton\n");
}

#[test]
fn majors_13_and_14_keep_what_was_committed() {
    check_reads_what_was_written(Major::V13);
    check_reads_what_was_written(Major::V14);
}

#[test]
fn majors_15_and_16_keep_what_was_committed() {
    check_reads_what_was_written(Major::V15);
    check_reads_what_was_written(Major::V16);
}

#[test]
fn majors_17_and_18_keep_what_was_committed() {
    check_reads_what_was_written(Major::V17);
    check_reads_what_was_written(Major::V18);
}

#[test]
fn a_restricted_owner_makes_tables_but_no_slot() {
    let server = Postgres::start(Major::V15, "restricted", &["wal_level=replica"]).unwrap();
    server.restricted_owner("shop", "owner").unwrap();
    let owner = |sql: &str| {
        server
            .sql_as("owner", "shop", sql)
            .map_err(|error| error.to_string())
    };
    let made =
        owner("CREATE TABLE t (n int); SELECT count(*), current_setting('wal_level') FROM t");
    assert_eq!(made.unwrap(), "0\treplica\n");
    for refused in [
        "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
        "CREATE ROLE other",
        "CREATE DATABASE other",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('postgresql.conf')",
    ] {
        let said = owner(refused).expect_err(refused);
        assert!(
            said.contains("permission denied") || said.contains("must be"),
            "{said}"
        );
    }
}

#[test]
fn clusters_differ_in_who_sorts() {
    let cluster = Cluster {
        locale: Locale::Icu("en-US"),
        ..Cluster::default()
    };
    let icu = Postgres::start_cluster(Major::V17, "icu", &cluster, &[]).unwrap();
    let library = Postgres::start(Major::V17, "library", &[]).unwrap();
    let asked =
        "SELECT string_agg(w, ' ' ORDER BY w) FROM (VALUES ('a'), ('B'), ('c')) AS words (w)";
    assert_eq!(icu.sql("postgres", asked).unwrap(), "a B c\n");
    assert_eq!(library.sql("postgres", asked).unwrap(), "B a c\n");
}

#[test]
fn tls_is_offered_when_asked_for() {
    let cluster = Cluster {
        tls: true,
        ..Cluster::default()
    };
    let server = Postgres::start_cluster(Major::V16, "tls", &cluster, &[]).unwrap();
    server
        .sql(
            "postgres",
            &format!("ALTER ROLE postgres PASSWORD '{PASSWORD}'"),
        )
        .unwrap();
    let psql = reberth_testkit::postgres::client_program("psql").unwrap();
    let connection = format!(
        "host=127.0.0.1 port={} user=postgres dbname=postgres sslmode=verify-full sslrootcert={}",
        server.port(),
        server.authority().display()
    );
    let output = std::process::Command::new(psql)
        .env("PGPASSWORD", PASSWORD)
        .args(["--no-psqlrc", "--tuples-only", "--no-align", &connection])
        .args([
            "--command",
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "t\n", "{output:?}");
}
