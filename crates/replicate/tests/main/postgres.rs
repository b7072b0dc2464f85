//! PostgreSQL: two servers, a database with the oddities that applications have, and a stream between them.

mod backlog;
mod begin;
mod faults;
mod follow;
mod keys;
mod login;
mod loops;
mod memory;
mod owner;
mod random;
mod room;
mod settings;
mod streamed;
mod throttle;
mod touched;
mod two_starts;
mod two_ways;
mod verify;
mod window;

use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::progress::Progress;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::{Address, LogPosition, Secret};
use reberth_testkit::postgres::{Major, PASSWORD, Postgres, client_program};
use tokio::sync::Semaphore;

pub(crate) const DATABASE: &str = "shop";
const PATIENCE: Duration = Duration::from_secs(180);

/// Tables of every kind that matters to a stream.
const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('calm', 'wild');
    CREATE TABLE plain (id int PRIMARY KEY, v int NOT NULL, note text);
    CREATE TABLE two_keys (id int PRIMARY KEY, place int NOT NULL UNIQUE, big text);
    CREATE TABLE named (a text, b numeric, big text, PRIMARY KEY (a, b));
    -- Stored outside of the row, whatever it would be compressed to: an UPDATE that leaves it alone does not tell it.
    ALTER TABLE plain ALTER note SET STORAGE EXTERNAL;
    ALTER TABLE two_keys ALTER big SET STORAGE EXTERNAL;
    ALTER TABLE named ALTER big SET STORAGE EXTERNAL;
    CREATE TABLE keyless (v int, note text);
    ALTER TABLE keyless REPLICA IDENTITY FULL;
    CREATE TABLE counted (n bigint GENERATED ALWAYS AS IDENTITY, v int, big text);
    ALTER TABLE counted REPLICA IDENTITY FULL;
    ALTER TABLE counted ALTER big SET STORAGE EXTERNAL;
    CREATE TABLE odd (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, ms mood[], j json, f float8, r int4range, c char(5), b bytea,
        t timestamptz, i interval, n numeric, a int[], doubled int GENERATED ALWAYS AS (1 + 1) STORED, money money, bits bit(3), x xml);
    CREATE TABLE assorted (b boolean, i inet, c bpchar, f char(4), w \"char\", x xml, p point, j json, n numeric, t timestamptz, a inet[]);
    ALTER TABLE assorted REPLICA IDENTITY FULL;
    CREATE TABLE parted (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (100);
    CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (100) TO (MAXVALUE);
    CREATE TABLE \"Quoted \"\"name'\" (\"the key\" text PRIMARY KEY, \"select\" text);
    CREATE TABLE child (id int PRIMARY KEY, plain_id int REFERENCES plain ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
    CREATE INDEX ON plain (v);
    CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM plain;
    CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.big := NEW.big || '!'; RETURN NEW; END $$;
    CREATE TRIGGER loud BEFORE INSERT OR UPDATE ON named FOR EACH ROW EXECUTE FUNCTION public.hush();
    CREATE TABLE empty_row ();
    ALTER TABLE empty_row REPLICA IDENTITY FULL;
    ";

pub(crate) struct Pair {
    pub(crate) source: Postgres,
    pub(crate) target: Postgres,
}

impl Pair {
    pub(crate) fn start(name: &str, source: Major, target: Major) -> Pair {
        Pair::start_with(name, source, target, &[])
    }

    /// `settings` are of the source.
    pub(crate) fn start_with(name: &str, source: Major, target: Major, settings: &[&str]) -> Pair {
        let start = |side: &str, major, settings: &[&str]| {
            let server =
                Postgres::start(major, &format!("pg-{name}-{side}"), settings).expect("a server");
            let roles = format!(
                "CREATE ROLE mover LOGIN SUPERUSER PASSWORD '{PASSWORD}'; CREATE DATABASE {DATABASE}"
            );
            for statement in roles.split(';') {
                server
                    .sql("postgres", statement)
                    .expect("a role and a database");
            }
            server
        };
        let pair = Pair {
            source: start("source", source, settings),
            target: start("target", target, &[]),
        };
        pair.source.sql(DATABASE, TABLES).expect("tables");
        pair
    }

    pub(crate) fn plan(&self) -> StreamPlan {
        StreamPlan {
            database: DATABASE.to_owned(),
            direction: Direction::Forward,
            from: address(&self.source, "source"),
            to: address(&self.target, "target"),
            method: Method::Logical,
            pg_dump: client_program("pg_dump").expect("pg_dump"),
            workers: 2,
            streams: 1,
            bytes_per_s_most: None,
            spool: None,
        }
    }

    pub(crate) fn stream(&self) -> RunningStream {
        pipeline::start(self.plan(), Arc::new(Semaphore::new(2)))
    }

    /// Waits until the target holds what the source holds now.
    pub(crate) async fn settle(&self, stream: &mut RunningStream) {
        // Behind the commit of an empty transaction, as the engine's own barriers are.
        let barrier = "SELECT pg_current_xact_id()";
        self.source.sql(DATABASE, barrier).expect("a barrier");
        let sql = "SELECT pg_current_wal_insert_lsn()";
        let end = self.source.sql(DATABASE, sql).expect("a place");
        let end: LogPosition = end.trim().parse().expect("a place");
        reach(stream, |progress| {
            progress.phase == "following"
                && progress
                    .applied
                    .as_ref()
                    .is_some_and(|applied| *applied >= end)
        })
        .await;
    }

    /// Compares every row of both sides, by text.
    pub(crate) fn assert_equal(&self) {
        let tables = self
            .source
            .sql(DATABASE, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            .expect("tables");
        for table in tables.lines() {
            let rows = |server: &Postgres| {
                let sql = format!("SELECT t::text FROM ONLY {table} AS t ORDER BY 1");
                server.sql(DATABASE, &sql).expect("rows")
            };
            let (here, there) = (rows(&self.source), rows(&self.target));
            if here != there {
                let missing: Vec<&str> = here
                    .lines()
                    .filter(|row| !there.lines().any(|other| other == *row))
                    .take(5)
                    .collect();
                let extra: Vec<&str> = there
                    .lines()
                    .filter(|row| !here.lines().any(|other| other == *row))
                    .take(5)
                    .collect();
                panic!(
                    "{table} differs: {} and {} rows; missing {missing:?}, extra {extra:?}",
                    here.lines().count(),
                    there.lines().count()
                );
            }
        }
    }
}

pub(crate) fn address(server: &Postgres, side: &'static str) -> Address {
    let url = server.url("mover", PASSWORD, DATABASE);
    Address::parse(&Secret::new(url), side, side).expect("an address")
}

pub(crate) async fn session(server: &Postgres) -> Session {
    Session::open_with(&address(server, "source"), &[("search_path", "public")])
        .await
        .expect("a session")
}

pub(crate) async fn reach(stream: &mut RunningStream, condition: impl FnMut(&Progress) -> bool) {
    let reached = tokio::time::timeout(PATIENCE, stream.wait_until(condition)).await;
    match reached {
        Ok(reached) => assert!(
            reached.expect("the stream goes on"),
            "the stream ended early"
        ),
        Err(_) => panic!("the stream stands still: {:?}", stream.progress()),
    }
}
