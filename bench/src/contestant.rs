//! Who runs: Reberth, and the tools that people use today.

use std::process::Command;

use reberth_replicate::mysql::pipeline::{RunningStream, StreamPlan};
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::mysql::verify;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::Product;

use crate::Failure;
use crate::data::DATABASE;
use crate::servers::{PASSWORD, Servers, USER};

/// Copy workers of Reberth and threads of the others.
pub(crate) const WORKERS: usize = 4;

/// One contestant of the full load.
pub(crate) struct Contestant {
    /// Name in the table.
    pub(crate) name: &'static str,
    /// Whether it is a tool that people use today.
    pub(crate) is_peer: bool,
    /// Servers of Oracle can be moved with it.
    pub(crate) serves_mysql: bool,
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
        serves_mysql: true,
        command: |servers| this_program(servers, &["reberth"], &["copied"]),
    },
    Contestant {
        name: VERIFIED,
        is_peer: false,
        serves_mysql: true,
        command: |servers| this_program(servers, &["reberth"], &["verified"]),
    },
    Contestant {
        name: "reberth, no local_infile",
        is_peer: false,
        serves_mysql: true,
        command: |servers| {
            servers.target.sql("SET GLOBAL local_infile = OFF")?;
            this_program(servers, &["reberth"], &["copied"])
        },
    },
    Contestant {
        name: "mydumper + myloader",
        is_peer: true,
        // Debian builds it with MariaDB's client, which does not survive MySQL 9.
        serves_mysql: false,
        command: mydumper,
    },
    Contestant {
        name: "mysqldump piped to mysql",
        is_peer: true,
        serves_mysql: true,
        command: mysqldump,
    },
    Contestant {
        name: RAW,
        is_peer: false,
        serves_mysql: true,
        command: |servers| this_program(servers, &["raw"], &[]),
    },
];

/// This program, as a contestant between the two servers.
pub(crate) fn this_program(
    servers: &Servers,
    before: &[&str],
    after: &[&str],
) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("contestant").args(before);
    command
        .arg(servers.source_url())
        .arg(servers.target_url())
        .args(after);
    Ok(command)
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -euo pipefail; {script}")]);
    command
}

fn mysqldump(servers: &Servers) -> Result<Command, Failure> {
    let product = servers.source.product();
    let is_mysql = product == Product::MySql;
    let to = |port: u16| format!("-h127.0.0.1 -P{port} -u{USER} -p{PASSWORD}");
    let (source, target) = (to(servers.source.port()), to(servers.target.port()));
    let (dump, load) = (
        product.tool("mysqldump")?,
        product.tool(if is_mysql { "mysql" } else { "mariadb" })?,
    );
    // Names of transactions are left alone, and the dump goes into the target's log, as all others do.
    let (dump_options, options) = match is_mysql {
        true => ("--set-gtid-purged=OFF", "--get-server-public-key"),
        false => ("", ""),
    };
    Ok(shell(&format!(
        "{} --no-defaults {source} {options} {dump_options} --single-transaction --quick --hex-blob --databases {DATABASE} \
         | {} --no-defaults {target} {options} --max-allowed-packet=64M",
        dump.display(),
        load.display()
    )))
}

/// mydumper and myloader with the best that this version has: LOAD DATA and late indexes where it knows them.
fn mydumper(servers: &Servers) -> Result<Command, Failure> {
    let help = |program: &str| -> Result<String, Failure> {
        let output = Command::new(program)
            .arg("--help")
            .output()
            .map_err(|error| {
                format!("{program} cannot be run ({error}); `tools/setup bench` installs it")
            })?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (dumper, loader) = (help("mydumper")?, help("myloader")?);
    let load_data = if dumper.contains("--load-data") {
        "--load-data"
    } else {
        ""
    };
    let late_indexes = if loader.contains("--optimize-keys") {
        "--optimize-keys"
    } else {
        ""
    };
    let to = |port: u16| format!("-h 127.0.0.1 -P {port} -u {USER} -p {PASSWORD}");
    let (source, target) = (to(servers.source.port()), to(servers.target.port()));
    Ok(shell(&format!(
        "folder=$(mktemp -d); trap 'rm -rf $folder' EXIT; \
         mydumper {source} -B {DATABASE} -t {WORKERS} -r 100000 -v 1 {load_data} -o $folder; \
         myloader {target} -t {WORKERS} -v 1 --enable-binlog {late_indexes} -d $folder"
    )))
}

/// Moves everything with Reberth, in this process, and compares both sides if asked to.
pub(crate) fn reberth(source: &str, target: &str, verified: bool) -> Result<(), Failure> {
    let plan = plan(source, target)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut stream = RunningStream::start(plan.clone());
        stream
            .wait_until(|progress| progress.phase == "following")
            .await?;
        if verified {
            let report = verify::verify(&plan, |_, _| {}).await?;
            if !report.is_equal() {
                return Err(format!("verification found {} differences", report.differing).into());
            }
        }
        stream.stop().await?;
        Ok(())
    })
}

/// The plan of moving everything from one to the other.
pub(crate) fn plan(source: &str, target: &str) -> Result<StreamPlan, Failure> {
    let address = |url: &str, side| Address::parse(&Secret::new(url), USER, side);
    Ok(StreamPlan {
        database: DATABASE.to_owned(),
        direction: Direction::Forward,
        from: address(source, "source")?,
        to: address(target, "target")?,
        workers: WORKERS,
        spool: None,
        bytes_per_s_most: None,
        streams: 1,
    })
}
