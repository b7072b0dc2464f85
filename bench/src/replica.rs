//! The server's own replica with four workers, in the words of either family.

use std::time::Instant;

use reberth_replicate::LogPosition;
use reberth_testkit::database::{Product, Server};

use crate::Failure;
use crate::servers::{PASSWORD, USER};

/// The longest that it may take, in seconds.
const LIMIT_S: u64 = 900;

/// What a family calls things.
struct Words {
    /// Four workers that do not wait for each other until they collide.
    workers: &'static str,
    change: &'static str,
    /// What stands before the names of host, port and place.
    prefix: &'static str,
    /// Positions of files, and how a password is asked for without TLS.
    options: &'static str,
    start: &'static str,
    stop: &'static str,
    wait: &'static str,
}

const MARIADB: Words = Words {
    workers: "SET GLOBAL slave_parallel_threads = 4; SET GLOBAL slave_parallel_mode = 'optimistic'",
    change: "CHANGE MASTER TO",
    prefix: "MASTER",
    options: "MASTER_USE_GTID = no",
    start: "START SLAVE",
    stop: "STOP SLAVE",
    wait: "MASTER_POS_WAIT",
};

const MYSQL: Words = Words {
    workers: "SET GLOBAL replica_parallel_workers = 4",
    change: "CHANGE REPLICATION SOURCE TO",
    prefix: "SOURCE",
    options: "SOURCE_AUTO_POSITION = 0, GET_SOURCE_PUBLIC_KEY = 1",
    start: "START REPLICA",
    stop: "STOP REPLICA",
    wait: "SOURCE_POS_WAIT",
};

fn words(server: &Server) -> &'static Words {
    match server.product() {
        Product::MySql => &MYSQL,
        Product::MariaDb | Product::MariaDb11 => &MARIADB,
    }
}

/// Makes a server the other's replica from a place of its log on.
pub(crate) fn attach(
    replica: &Server,
    source: &Server,
    start: &LogPosition,
) -> Result<(), Failure> {
    let Words {
        workers,
        change,
        prefix,
        options,
        ..
    } = words(replica);
    replica.sql(&format!(
        "{workers}; {change} {prefix}_HOST = '127.0.0.1', {prefix}_PORT = {}, {prefix}_USER = '{USER}', {prefix}_PASSWORD = '{PASSWORD}', \
         {prefix}_LOG_FILE = '{}', {prefix}_LOG_POS = {}, {options}",
        source.port(),
        start.file(),
        start.offset()
    ))?;
    Ok(())
}

/// Lets the replica apply all up to a place. Returns the seconds it took, and whether it got there; `then` is called at once.
pub(crate) fn catch_up<T>(
    replica: &Server,
    end: &LogPosition,
    then: impl FnOnce() -> T,
) -> Result<(f64, bool, T), Failure> {
    let Words {
        start, stop, wait, ..
    } = words(replica);
    let begun = Instant::now();
    replica.sql(start)?;
    let waited = replica.sql(&format!(
        "SELECT {wait}('{}', {}, {LIMIT_S}) >= 0",
        end.file(),
        end.offset()
    ))?;
    let wall_s = begun.elapsed().as_secs_f64();
    let measured = then();
    replica.sql(stop)?;
    Ok((wall_s, waited.trim() == "1", measured))
}
