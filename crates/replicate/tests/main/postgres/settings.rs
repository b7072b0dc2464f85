//! What a role or a database has set decides nothing about what a value means.

use reberth_testkit::postgres::Major;

use super::follow::{CHANGES, ROWS};
use super::{DATABASE, Pair};

/// Each side has other settings for our role: in force unless the session sets its own.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_role_change_no_value() {
    let pair = Pair::start("settings", Major::V15, Major::V16);
    for (server, settings) in [
        (
            &pair.source,
            [
                ("DateStyle", "'SQL, DMY'"),
                ("IntervalStyle", "'sql_standard'"),
                ("TimeZone", "'Asia/Kolkata'"),
                ("extra_float_digits", "-5"),
                ("bytea_output", "'escape'"),
                ("standard_conforming_strings", "off"),
                ("search_path", "'public'"),
            ],
        ),
        (
            &pair.target,
            [
                ("DateStyle", "'Postgres, MDY'"),
                ("IntervalStyle", "'iso_8601'"),
                ("TimeZone", "'America/New_York'"),
                ("extra_float_digits", "0"),
                ("bytea_output", "'hex'"),
                ("standard_conforming_strings", "off"),
                ("search_path", "'public'"),
            ],
        ),
    ] {
        for (name, value) in settings {
            let sql = format!("ALTER ROLE mover SET {name} = {value}");
            server.sql("postgres", &sql).expect("a setting");
        }
    }
    let odd = "CREATE TABLE bag (f float8, r real, d date, t timestamptz, z timetz, i interval, b bytea, s text, fs float8[]); ALTER TABLE bag REPLICA IDENTITY FULL";
    pair.source.sql(DATABASE, odd).expect("a table");
    pair.source.sql(DATABASE, ROWS).expect("rows");
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    pair.source.sql(DATABASE, CHANGES).expect("changes");
    let bags = "INSERT INTO bag SELECT n + 0.1::float8 + 0.2, 16777215 + n, '2024-02-03', '2024-03-10 02:30:00.123456+00', '12:30:00+05:30', '1 mon -3 days 04:05', '\\x5c27ff00', E'a\\\\b''c', ARRAY[0.1::float8 + 0.2, 1e-300] FROM generate_series(1, 5) n";
    pair.source.sql(DATABASE, bags).expect("rows");
    pair.settle(&mut stream).await;
    pair.assert_equal();
    let gone = "UPDATE bag SET s = s || '\\', i = -i WHERE f < 3; DELETE FROM bag WHERE f > 4";
    pair.source.sql(DATABASE, gone).expect("changes");
    pair.settle(&mut stream).await;
    pair.assert_equal();
    stream.stop().await.expect("it stops");
}
