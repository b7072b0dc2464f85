//! Who runs: Reberth, and the tools that people use today.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::verify;
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::postgres::{client_folder, client_program};
use tokio::sync::Semaphore;

use super::raw;
use super::servers::{DATABASE, Servers, USER, uri, url};
use crate::Failure;

/// One contestant of the full load.
pub(crate) struct Contestant {
    /// Name in the table.
    pub(crate) name: &'static str,
    /// Whether it is a tool that people use today.
    pub(crate) is_peer: bool,
    /// The process that moves everything from source to target.
    pub(crate) command: fn(&Servers) -> Result<Command, Failure>,
}

/// Reberth's name in the tables.
pub(crate) const REBERTH: &str = "reberth";
/// Reberth's, with the comparison behind the load.
pub(crate) const VERIFIED: &str = "reberth, both sides verified";
/// The name of what the servers alone can do.
pub(crate) const RAW: &str = "raw limit";

/// All contestants.
pub(crate) const ALL: &[Contestant] = &[
    Contestant {
        name: REBERTH,
        is_peer: false,
        command: |servers| this_program(servers, &["reberth", "copied"]),
    },
    Contestant {
        name: VERIFIED,
        is_peer: false,
        command: |servers| this_program(servers, &["reberth", "verified"]),
    },
    Contestant {
        name: "pgcopydb",
        is_peer: true,
        command: pgcopydb,
    },
    Contestant {
        name: "pg_dump -j, pg_restore -j",
        is_peer: true,
        command: pg_dump,
    },
    Contestant {
        name: RAW,
        is_peer: false,
        command: |servers| this_program(servers, &["raw"]),
    },
];

/// Sessions of each kind: one for each processor, as the manuals of the tools advise where both servers and the tool share a machine.
pub(crate) fn jobs() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// This program, as a contestant between the two servers.
pub(crate) fn this_program(servers: &Servers, what: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["contestant", "postgres"]).args(what);
    command.arg(url(&servers.source)).arg(url(&servers.target));
    Ok(command)
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -euo pipefail; {script}")]);
    command
}

/// Where pgcopydb and the client programs that it calls are.
fn pgcopydb_folder() -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../build/servers/pgcopydb/bin"
    ))
    .to_owned()
}

/// pgcopydb, to be followed by a command of its own.
pub(crate) fn pgcopydb_command(servers: &Servers, command: &str) -> Result<Command, Failure> {
    let folder = pgcopydb_folder();
    if !folder.join("pgcopydb").is_file() {
        return Err("pgcopydb is missing; `tools/setup bench-postgres` brings it".into());
    }
    Ok(shell(&format!(
        "folder=$(mktemp -d); trap 'rm -rf $folder' EXIT; export PATH={}:$PATH; \
         pgcopydb {command} --source '{}' --target '{}' --dir $folder/work >$folder/log 2>&1 || {{ cat $folder/log >&2; exit 1; }}",
        folder.display(),
        uri(&servers.source),
        uri(&servers.target)
    )))
}

/// pgcopydb with what makes it fastest: rows in the binary format, large tables in parts, no VACUUM behind the load.
fn pgcopydb(servers: &Servers) -> Result<Command, Failure> {
    let jobs = jobs();
    pgcopydb_command(
        servers,
        &format!(
            "clone --table-jobs {jobs} --index-jobs {jobs} --restore-jobs {jobs} --split-tables-larger-than 200MB --use-copy-binary --skip-vacuum --skip-analyze --fail-fast"
        ),
    )
}

/// `pg_dump` into a folder, uncompressed, then `pg_restore` out of it.
fn pg_dump(servers: &Servers) -> Result<Command, Failure> {
    // Asked for, so that a missing program is told by its name.
    client_program("pg_dump")?;
    Ok(shell(&format!(
        "folder=$(mktemp -d); trap 'rm -rf $folder' EXIT; export PATH={}:$PATH; \
         pg_dump -d '{}' -Fd -Z0 -j {jobs} -f $folder/dump; pg_restore -d '{}' -j {jobs} $folder/dump",
        client_folder().display(),
        uri(&servers.source),
        uri(&servers.target),
        jobs = jobs()
    )))
}

/// Runs what a process of this program was started for.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match arguments {
            ["reberth", what, source, target] => reberth(source, target, *what == "verified").await,
            ["raw", source, target] => raw::run(source, target).await,
            ["verify", source, target] => compare(&plan(source, target, Method::Logical)?).await,
            _ => Err("a contestant that is not known".into()),
        }
    })
}

/// Moves everything with Reberth, in this process, and compares both sides if asked to.
async fn reberth(source: &str, target: &str, verified: bool) -> Result<(), Failure> {
    let plan = plan(source, target, Method::Logical)?;
    let mut stream = start(plan.clone());
    follow(&mut stream).await?;
    if verified {
        compare(&plan).await?;
    }
    stream.stop().await?;
    Ok(())
}

async fn compare(plan: &StreamPlan) -> Result<(), Failure> {
    let report = verify::verify(plan, |_, _| {}).await?;
    if report.is_equal() {
        return Ok(());
    }
    Err(format!(
        "{} rows differ, {} are open; {}",
        report.differing,
        report.undecided,
        report.schema_differences.join("; ")
    )
    .into())
}

/// Starts a stream.
pub(crate) fn start(plan: StreamPlan) -> RunningStream {
    let turns = Arc::new(Semaphore::new(plan.workers));
    pipeline::start(plan, turns)
}

/// Waits until a stream follows.
pub(crate) async fn follow(stream: &mut RunningStream) -> Result<(), Failure> {
    let follows = stream.wait_until(|progress| progress.phase == "following");
    match follows.await? {
        true => Ok(()),
        false => Err("the stream ended before it followed".into()),
    }
}

/// The plan of moving everything from one to the other.
pub(crate) fn plan(source: &str, target: &str, method: Method) -> Result<StreamPlan, Failure> {
    Ok(StreamPlan {
        database: DATABASE.to_owned(),
        direction: Direction::Forward,
        from: address(source, "source")?,
        to: address(target, "target")?,
        method,
        pg_dump: client_program("pg_dump")?,
        workers: jobs(),
        bytes_per_s_most: None,
        spool: None,
        streams: 1,
    })
}

/// An address as Reberth reads it.
pub(crate) fn address(url: &str, side: &'static str) -> Result<Address, Failure> {
    Ok(Address::parse(&Secret::new(url), USER, side)?)
}
