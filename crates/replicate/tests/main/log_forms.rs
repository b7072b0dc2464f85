//! The log in forms other than the plain one: compressed, with images that are not whole, larger than memory.

use reberth_replicate::mysql::log::LogEntry;
use reberth_replicate::mysql::preflight;
use reberth_replicate::mysql::schema;
use reberth_replicate::mysql::server;

use reberth_testkit::database::{Product, Server};

use crate::pair::{MYSQL, Pair, address, error_of};
use crate::rules::{CHANGES, SCHEMA};

/// Makes a MariaDB server compress all that it can.
const COMPRESS: &str = "SET GLOBAL log_bin_compress = ON, GLOBAL log_bin_compress_min_len = 10";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_events_arrive_exactly() {
    let pair = Pair::with("compress", SCHEMA);
    pair.source.sql(COMPRESS).unwrap();
    pair.target.sql(COMPRESS).unwrap();
    let findings = preflight::run(&pair.forward()).await.unwrap();
    assert_eq!(findings.blockers(), Vec::<String>::new());
    let mut stream = pair.follow().await;
    for (what, sql) in CHANGES {
        pair.run(sql);
        pair.drain(&mut stream).await;
        assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{what}");
    }
    let file = pair.log_end().file().to_owned();
    let events = pair
        .source
        .sql(&format!("SHOW BINLOG EVENTS IN '{file}'"))
        .unwrap();
    assert!(events.contains("Update_rows_compressed"), "{events}");
    stream.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_that_are_not_whole_are_named_and_never_applied() {
    let pair = Pair::with("images", SCHEMA);
    for image in ["MINIMAL", "NOBLOB"] {
        pair.source
            .sql(&format!("SET GLOBAL binlog_row_image = {image}"))
            .unwrap();
        let blockers = preflight::run(&pair.forward()).await.unwrap().blockers();
        assert!(
            blockers
                .iter()
                .any(|line| line.contains("binlog_row_image")),
            "{blockers:?}"
        );
    }
    pair.source
        .sql("SET GLOBAL binlog_row_image = FULL")
        .unwrap();
    let mut stream = pair.follow().await;
    // A session may set its own.
    pair.run("SET SESSION binlog_row_image = MINIMAL; UPDATE seat SET place = 99 WHERE id = 1");
    let error = error_of(&mut stream).await;
    assert_eq!(error.code(), "RB-REP-010", "{error}");
    assert!(error.to_string().contains("binlog_row_image"), "{error}");
    let place = pair
        .target
        .sql("SELECT place FROM lms_core.seat WHERE id = 1");
    assert_eq!(place.unwrap().trim(), "1");
}

/// The statement of a file load is logged under a type of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_load_logged_as_a_statement_stops_the_stream() {
    let pair = Pair::with("load", SCHEMA);
    let mut stream = pair.follow().await;
    let folder = std::env::temp_dir().join(format!("reberth-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("rows.txt");
    std::fs::write(&file, "500\t500\n").unwrap();
    pair.run(&format!(
        "SET SESSION binlog_format = 'STATEMENT'; LOAD DATA INFILE '{}' INTO TABLE seat",
        file.display()
    ));
    let error = error_of(&mut stream).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(error.code(), "RB-REP-009", "{error}");
}

/// The reader hands a compressed transaction on in parts too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_compressed_transaction_is_read_in_parts() {
    let pair = Pair::with(
        "parts",
        "CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(200))",
    );
    pair.source.sql(COMPRESS).unwrap();
    let plan = pair.forward();
    let mut session = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let schema = schema::read(&mut session, &plan.database).await.unwrap();
    let start = pair.log_end();
    pair.run("INSERT INTO big SELECT seq, REPEAT('v', 150) FROM seq_1_to_20000");
    let end = pair.log_end();
    let mut reader = plan.open_log("test", schema, start).await.unwrap();
    let (mut rows, mut largest) = (0, 0);
    loop {
        match reader.next().await.unwrap() {
            LogEntry::Changes { changes, .. } => {
                rows += changes.len();
                largest = largest.max(changes.len());
            }
            LogEntry::Commit { end: reached, .. } if reached >= end => break,
            _ => {}
        }
    }
    assert_eq!(rows, 20_000);
    assert!(largest < 2_000, "{largest} rows at once");
}

/// What is done on Oracle's server, which compresses whole transactions.
const MYSQL_CHANGES: &[&str] = &[
    "INSERT INTO seat VALUES (10, 10), (11, 11); UPDATE seat SET place = place + 100",
    "BEGIN; DELETE FROM seat WHERE id = 1; SAVEPOINT s; INSERT INTO seat VALUES (12, 12); ROLLBACK TO s; INSERT INTO seat VALUES (13, 13); COMMIT",
    "BEGIN; INSERT INTO seat VALUES (14, 14); ROLLBACK; INSERT INTO doc VALUES (1, REPEAT('x', 100000))",
    "XA START 'a','b',7; INSERT INTO seat VALUES (15, 15); XA END 'a','b',7; XA PREPARE 'a','b',7; XA COMMIT 'a','b',7",
    "XA START 'q'; INSERT INTO seat VALUES (16, 16); XA END 'q'; XA PREPARE 'q'; XA ROLLBACK 'q'",
    "XA START 'o'; INSERT INTO seat VALUES (17, 17); XA END 'o'; XA COMMIT 'o' ONE PHASE",
    "FLUSH BINARY LOGS; INSERT INTO doc SELECT seq + 1, REPEAT('y', 5000) FROM seq_1_to_900; FLUSH BINARY LOGS",
    "SET SESSION binlog_transaction_compression = OFF; UPDATE doc SET v = CONCAT(v, 'z') WHERE id < 9",
    "TRUNCATE TABLE doc; INSERT INTO doc VALUES (5, 'after')",
    "SET SESSION gtid_next = 'AUTOMATIC:blue'; INSERT INTO seat VALUES (40, 40); UPDATE seat SET place = 41 WHERE id = 40",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_transactions_of_mysql_arrive_exactly() {
    let pair = Pair::with_on(
        MYSQL,
        "payload",
        "CREATE TABLE seat (id INT PRIMARY KEY, place INT NOT NULL, UNIQUE KEY (place)); INSERT INTO seat VALUES (1, 1), (2, 2); CREATE TABLE doc (id INT PRIMARY KEY, v LONGTEXT)",
    );
    for server in [&pair.source, &pair.target] {
        server
            .sql("SET GLOBAL binlog_transaction_compression = ON")
            .unwrap();
    }
    let mut stream = pair.follow().await;
    for sql in MYSQL_CHANGES {
        pair.run(sql);
        pair.drain(&mut stream).await;
        assert_eq!(pair.differing_tables(), Vec::<String>::new(), "{sql}");
        // The server writes what has a tag behind the same uuid, we write the uuid again.
        let plain = |text: String| text.replace("\\n", "").replace('\n', "");
        let known = pair.target.sql("SELECT executed FROM reberth.stream");
        let executed = pair.source.sql("SELECT @@gtid_executed").unwrap();
        let known = plain(known.unwrap()).replace(&format!(",{}:", &executed[..36]), ":");
        assert_eq!(known, plain(executed), "{sql}");
    }
    let file = pair.log_end().file().to_owned();
    pair.run("INSERT INTO doc SELECT seq + 10, REPEAT('w', 5000) FROM seq_1_to_9");
    let events = pair
        .source
        .sql(&format!("SHOW BINLOG EVENTS IN '{file}'"))
        .unwrap();
    assert!(events.contains("Transaction_payload"), "{events}");
    stream.stop().await.unwrap();
    // Where a stream begins anew inside the log, every transaction is applied once too.
    let mut stream = pair.follow().await;
    pair.drain(&mut stream).await;
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
    stream.stop().await.unwrap();
}

/// Documents, as expressions of Oracle's server.
const DOCUMENTS: &[&str] = &[
    r#"'{"bb": 1, "a": [true, false, null, "x\\ny\\u0001\\"\\\\"], "é": {"deep": [[], {}]}}'"#,
    "JSON_ARRAY(0, -1, 32767, -32769, 65535, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615, -9223372036854775808)",
    "JSON_ARRAY(1.0e0, 0.1e0, 1e14, 1e15, -1.5e300, 1e-15, 1e-16, 5e-324, 0e0, 123456789.125e0)",
    "JSON_OBJECT('price', CAST(1.10 AS DECIMAL(10,2)), 'sum', -12345678901234567890.12345678901234567890, 'zero', CAST(0 AS DECIMAL(5,3)))",
    "JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST('2024-02-29 23:59:58.123456' AS DATETIME(6)), CAST('-12:34:56.5' AS TIME(1)), CAST('0000-00-00' AS DATE))",
    "JSON_ARRAY(x'00ff10', b'101')",
    "JSON_ARRAY(REPEAT('long', 40000), JSON_OBJECT('n', 70000, 'm', 4294967295))",
    "'null'",
    "'\\\"text\\\"'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_of_mysql_arrives_as_the_text_that_the_server_shows() {
    let pair = Pair::with_on(
        (Product::MySql, Product::MariaDb),
        "jsonb",
        "CREATE TABLE doc (id INT PRIMARY KEY, v JSON)",
    );
    let mut stream = pair.follow().await;
    for (id, document) in DOCUMENTS.iter().enumerate() {
        pair.run(&format!(
            "SET sql_mode = ''; INSERT INTO doc VALUES ({id}, {document})"
        ));
    }
    pair.run("UPDATE doc SET v = JSON_SET(v, '$.bb', 2.5e0) WHERE id = 0");
    pair.drain(&mut stream).await;
    for (id, document) in DOCUMENTS.iter().enumerate() {
        let read = |server: &Server| {
            let sql = format!("SELECT HEX(CAST(v AS CHAR)) FROM lms_core.doc WHERE id = {id}");
            let hex = server.sql(&sql).unwrap();
            let pairs =
                hex.trim().as_bytes().chunks(2).map(|pair| {
                    u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()
                });
            String::from_utf8(pairs.collect()).unwrap()
        };
        assert_eq!(read(&pair.target), read(&pair.source), "{document}");
    }
    stream.stop().await.unwrap();
}
