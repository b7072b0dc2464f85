//! A pooler in the server's place is found out, on either side, before anything is made.

use reberth_testkit::pgbouncer::PgBouncer;
use reberth_testkit::postgres::PASSWORD;

use crate::postgres_pair::{LEFT, PostgresPair};

/// Settings of our sessions that PgBouncer does not know: a provider might let them all pass.
const SETTINGS: &str = "application_name, DateStyle, IntervalStyle, TimeZone, extra_float_digits, bytea_output, standard_conforming_strings, search_path, statement_timeout, \
     lock_timeout, row_security, tcp_keepalives_idle, tcp_keepalives_interval, tcp_keepalives_count, idle_in_transaction_session_timeout, lc_monetary, client_encoding";

#[test]
fn a_pooler_is_refused_on_either_side() {
    let pair = PostgresPair::start("pooler", "wal_level=logical");
    for (variable, server, ignored) in [
        ("REBERTH_SOURCE_URL", &pair.source, "extra_float_digits"),
        ("REBERTH_SOURCE_URL", &pair.source, SETTINGS),
        ("REBERTH_TARGET_URL", &pair.target, SETTINGS),
    ] {
        let pooler = PgBouncer::start(server.port(), "postgres", ignored).expect("a pooler");
        let url = server
            .url("postgres", PASSWORD, "lms")
            .replace(&server.port().to_string(), &pooler.port().to_string());
        for verb in ["plan", "start"] {
            let mut command = pair.command(&[verb]);
            let output = command.env(variable, &url).output().expect("reberth runs");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("error[RB-REP-025]"), "{variable}: {said}");
        }
    }
    assert_eq!(pair.on_source(LEFT), "0");
}
