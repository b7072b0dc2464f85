//! The two servers, and whether they hold the same.

use std::fmt::Write as _;

use reberth_testkit::postgres::{Major, PASSWORD, Postgres};

use crate::Failure;

/// Name of the benchmark's database on every server.
pub(crate) const DATABASE: &str = "bench";
/// The benchmark's account, which may do anything; the servers live on loopback as long as the benchmark.
pub(crate) const USER: &str = "mover";
/// The major of all servers.
const MAJOR: Major = Major::V17;
/// As a managed provider of middle size runs them: durable commits, checksums, and both with the log that a stream can be decoded from, since the way
/// back needs it on the target.
const OPTIONS: &[&str] = &[
    "shared_buffers=1GB",
    "max_wal_size=1GB",
    "maintenance_work_mem=256MB",
    // It would come over some runs and not over others.
    "autovacuum=off",
];

/// Starts a server with the account and an empty database.
pub(crate) fn start_server(name: &str, more: &[&str]) -> Result<Postgres, Failure> {
    let options = [OPTIONS, more].concat();
    let server = Postgres::start(MAJOR, &format!("bench-{name}"), &options)?;
    let role = format!("CREATE ROLE {USER} LOGIN SUPERUSER PASSWORD '{PASSWORD}'");
    server.sql("postgres", &role)?;
    server.sql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
    Ok(server)
}

/// Reberth's address of a server's database.
pub(crate) fn url(server: &Postgres) -> String {
    server.url(USER, PASSWORD, DATABASE)
}

/// The same address for PostgreSQL's own programs.
pub(crate) fn uri(server: &Postgres) -> String {
    format!(
        "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{DATABASE}",
        server.port()
    )
}

/// The process of a server, the parent of all its others.
pub(crate) fn process(server: &Postgres) -> u32 {
    server.process_id().unwrap_or_default()
}

/// The end of a server's log.
pub(crate) fn log_end(server: &Postgres) -> Result<reberth_replicate::LogPosition, Failure> {
    let end = server.sql(DATABASE, "SELECT pg_current_wal_insert_lsn()")?;
    Ok(end.trim().parse()?)
}

/// A source with data and a target.
pub(crate) struct Servers {
    /// Holds the data.
    pub(crate) source: Postgres,
    /// Is emptied before each run.
    pub(crate) target: Postgres,
}

impl Servers {
    /// Starts both.
    pub(crate) fn start() -> Result<Servers, Failure> {
        Ok(Servers {
            source: start_server("source", &[])?,
            target: start_server("target", &[])?,
        })
    }

    /// Processes of both.
    pub(crate) fn processes(&self) -> [u32; 2] {
        [process(&self.source), process(&self.target)]
    }

    /// Empties the target, and takes off the source what an earlier run left there.
    pub(crate) fn empty_target(&self) -> Result<(), Failure> {
        self.target.sql(
            "postgres",
            &format!("DROP DATABASE {DATABASE} WITH (FORCE)"),
        )?;
        self.target
            .sql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        let slots = "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE active_pid IS NOT NULL; \
                     SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots; DROP SCHEMA IF EXISTS pgcopydb CASCADE";
        self.source.sql(DATABASE, slots)?;
        // No run pays for the pages that the one before it has left to write.
        for server in [&self.source, &self.target] {
            server.sql("postgres", "CHECKPOINT")?;
        }
        Ok(())
    }

    /// What differs between the two by rows, indexes and constraints; empty if nothing does.
    pub(crate) fn differences(&self) -> Result<String, Failure> {
        differences(&self.source, &self.target)
    }
}

/// What differs between two servers, by rows, indexes and constraints; empty if nothing does.
pub(crate) fn differences(one: &Postgres, other: &Postgres) -> Result<String, Failure> {
    let list = one.sql(
        DATABASE,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )?;
    let mut different = String::new();
    for table in list.lines() {
        let sql = format!(
            "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t; \
             SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = '{table}' ORDER BY 1; \
             SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{table}'::regclass ORDER BY 1"
        );
        if one.sql(DATABASE, &sql).ok() != other.sql(DATABASE, &sql).ok() {
            write!(different, "{table} ")?;
        }
    }
    Ok(different)
}
