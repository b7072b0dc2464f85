//! The two servers, and whether they hold the same.

use std::fmt::Write as _;

use reberth_testkit::database::{Product, Server};

use crate::Failure;
use crate::data::DATABASE;

/// Password of the benchmark's account; the servers live on loopback as long as the benchmark.
pub(crate) const PASSWORD: &str = "local-only";
/// Name of the benchmark's account.
pub(crate) const USER: &str = "bench";

/// As a managed provider of middle size runs them: durable commits, both with their own log.
const OPTIONS: &[&str] = &[
    "--innodb-buffer-pool-size=2G",
    "--innodb-flush-log-at-trx-commit=1",
    "--sync-binlog=1",
    "--local-infile=ON",
    "--max-allowed-packet=64M",
    "--performance-schema=OFF",
];
/// What the families spell in their own ways: the size of the redo log, and, for the raw limit, files that SQL may write.
const MARIADB_OPTIONS: &[&str] = &["--innodb-log-file-size=1G"];
const MYSQL_OPTIONS: &[&str] = &["--innodb-redo-log-capacity=1G", "--secure-file-priv="];

/// Starts a server with one account that may do anything on it.
pub(crate) fn start_server(product: Product, name: &str) -> Result<Server, Failure> {
    let own = match product {
        Product::MySql => MYSQL_OPTIONS,
        Product::MariaDb | Product::MariaDb11 => MARIADB_OPTIONS,
    };
    let server = Server::start_as(product, name, &[OPTIONS, own].concat())?;
    server.sql(&format!(
        "CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO {USER}@'%' WITH GRANT OPTION"
    ))?;
    Ok(server)
}

/// A source with data and a target.
pub(crate) struct Servers {
    /// Holds the data.
    pub(crate) source: Server,
    /// Is emptied before each run.
    pub(crate) target: Server,
}

impl Servers {
    /// Starts both.
    pub(crate) fn start(product: Product) -> Result<Servers, Failure> {
        Ok(Servers {
            source: start_server(product, "bench-source")?,
            target: start_server(product, "bench-target")?,
        })
    }

    /// Process of the source.
    pub(crate) fn source_process(&self) -> u32 {
        self.source.process_id().unwrap_or_default()
    }

    /// Process of the target.
    pub(crate) fn target_process(&self) -> u32 {
        self.target.process_id().unwrap_or_default()
    }

    /// Processes of both.
    pub(crate) fn processes(&self) -> [u32; 2] {
        [self.source_process(), self.target_process()]
    }

    /// The address of the source for the benchmark's account.
    pub(crate) fn source_url(&self) -> String {
        self.source.url(USER, PASSWORD, DATABASE)
    }

    /// The address of the target.
    pub(crate) fn target_url(&self) -> String {
        self.target.url(USER, PASSWORD, DATABASE)
    }

    /// Empties the target and its log, and lets it take `LOAD DATA LOCAL`.
    pub(crate) fn empty_target(&self) -> Result<(), Failure> {
        self.target.sql(&format!(
            "DROP DATABASE IF EXISTS {DATABASE}; DROP DATABASE IF EXISTS reberth; RESET MASTER; SET GLOBAL local_infile = ON"
        ))?;
        Ok(())
    }

    /// What differs between the two by the servers' own counts and checksums; empty if nothing does.
    pub(crate) fn differences(&self) -> Result<String, Failure> {
        let list = self.source.sql(&format!(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{DATABASE}' ORDER BY 1"
        ))?;
        let mut different = String::new();
        for table in list.lines() {
            let sql = format!(
                "SELECT COUNT(*) FROM {DATABASE}.{table}; CHECKSUM TABLE {DATABASE}.{table}; \
                 SELECT COUNT(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '{DATABASE}' AND TABLE_NAME = '{table}'"
            );
            if self.source.sql(&sql).ok() != self.target.sql(&sql).ok() {
                write!(different, "{table} ")?;
            }
        }
        Ok(different)
    }
}
