//! Memory is bounded, whatever the tables and transactions hold.

use reberth_replicate::mysql::pipeline::RunningStream;
use reberth_replicate::mysql::server;

use crate::pair::{Pair, address};

/// What one process may hold, whatever it moves (DESIGN section 6).
const BUDGET_KIB: u64 = 256 * 1024;

/// The most memory that this process has held so far, in KiB. Each test is a process of its own.
pub(crate) fn highest_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a peak").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wide_rows_and_one_large_transaction_stay_within_the_budget() {
    let pair = Pair::start("memory");
    let fill = |from: u32, to: u32| {
        format!(
            "USE lms_core; INSERT INTO wide SELECT seq, REPEAT(CHAR(65 + seq % 26), 60000) FROM seq_{from}_to_{to};"
        )
    };
    let table = "CREATE TABLE lms_core.wide (id INT PRIMARY KEY, body MEDIUMTEXT NOT NULL);";
    pair.source
        .sql(&format!("{table} {}", fill(1, 2_500)))
        .unwrap();
    let mut stream = RunningStream::start(pair.forward());
    assert!(
        stream
            .wait_until(|progress| progress.phase == "following")
            .await
            .unwrap()
    );
    let after_copy = highest_kib();

    // 450 MB of row images in one transaction.
    let change = "UPDATE lms_core.wide SET body = CONCAT(body, 'x') WHERE id > 2500;";
    pair.source
        .sql(&format!("BEGIN; {} {change} COMMIT;", fill(2_501, 5_000)))
        .unwrap();
    let mut reader = server::reader(&address(pair.source.port(), "reader", "source"))
        .await
        .unwrap();
    let flavour = server::version(&mut reader).await.unwrap().flavour;
    let barrier = server::log_end(&mut reader, flavour).await.unwrap();
    assert!(stream.drain(&barrier).await.unwrap());
    let highest = highest_kib();
    eprintln!(
        "highest memory: {after_copy} KiB after the copy, {highest} KiB after the transaction"
    );
    assert!(highest < BUDGET_KIB, "{highest} KiB");
    assert_eq!(pair.differing_tables(), Vec::<String>::new());
}
