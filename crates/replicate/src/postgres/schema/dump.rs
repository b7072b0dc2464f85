//! Runs `pg_dump` and reads what it tells of a schema.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::archive::{self, Entry};
use crate::connection::{Address, Tls};
use crate::error::ReplicateError;
use crate::postgres::scope::OURS_AND_THE_PROVIDERS;
use crate::postgres::session::Session;

/// How long pg_dump may take for a schema: some seconds for thousands of tables, more over a slow line.
const DUMP_LIMIT: Duration = Duration::from_secs(1800);
/// How long it waits for a table that a schema change holds, before it gives up.
const LOCK_LIMIT_MS: u32 = 30_000;

/// The `pg_dump` to run.
#[derive(Clone, Debug)]
pub struct PgDump {
    program: PathBuf,
}

impl PgDump {
    /// Takes the whole path of a program: nothing is searched for.
    pub fn new(program: impl Into<PathBuf>) -> PgDump {
        PgDump {
            program: program.into(),
        }
    }

    /// Checks that the program is at least as new as both servers: an older one leaves out what it does not know.
    pub async fn require(&self, server_majors: &[u32]) -> Result<(), ReplicateError> {
        let output = self.run(&mut self.command(&["--version"])).await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let major = said
            .split_whitespace()
            .nth(2)
            .and_then(|version| version.split(['.', 'b', 'r', 'd']).next())
            .and_then(|major| major.parse::<u32>().ok());
        let newest = server_majors.iter().copied().max().unwrap_or_default();
        match major {
            Some(major) if major >= newest => Ok(()),
            _ => Err(failed(format!(
                "{} is {}, and a server is of major {newest}: use the pg_dump of major {newest} or newer",
                self.program.display(),
                said.trim(),
            ))),
        }
    }

    /// Reads the schema of the address's database, as it is in a snapshot that another session holds open and has exported. Without `compression`, columns
    /// do not say how their values are compressed.
    pub(crate) async fn entries(
        &self,
        address: &Address,
        snapshot: &str,
        compression: bool,
    ) -> Result<Vec<Entry>, ReplicateError> {
        let mut command = self.command(&[
            "--format=custom",
            "--compress=0",
            "--section=pre-data",
            "--section=post-data",
            // Large objects are carried with the rows.
            "--no-blobs",
            "--encoding=UTF8",
            "--no-password",
        ]);
        command
            .arg(format!("--snapshot={snapshot}"))
            .arg(format!("--lock-wait-timeout={LOCK_LIMIT_MS}"));
        if !compression {
            command.arg("--no-toast-compression");
        }
        for schema in OURS_AND_THE_PROVIDERS {
            command.arg(format!("--exclude-schema={schema}"));
        }
        connect_as(&mut command, address);
        let output = self.run(&mut command).await?;
        archive::entries(&output.stdout).map_err(|error| failed(error.to_string()))
    }

    /// The program with nothing of our own environment: its variables would say where to connect and how.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            // The program may be a script of the system's package, which needs the system's programs.
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, command: &mut Command) -> Result<Output, ReplicateError> {
        let program = self.program.display();
        let output = tokio::time::timeout(DUMP_LIMIT, command.output())
            .await
            .map_err(|_| failed(format!("{program} took over {} s", DUMP_LIMIT.as_secs())))?
            .map_err(|error| failed(format!("{program} cannot be run: {error}")))?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(failed(said.trim().to_owned()))
    }
}

/// Tells libpq by its variables where to connect, so that neither password nor address stands among the arguments.
fn connect_as(command: &mut Command, address: &Address) {
    command
        .env("PGHOST", address.host_name())
        .env("PGPORT", address.port().to_string())
        .env("PGUSER", address.user())
        .env("PGPASSWORD", address.password())
        .env("PGDATABASE", address.database().unwrap_or(address.user()))
        .env("PGAPPNAME", "reberth")
        .env("PGCONNECT_TIMEOUT", "15")
        // Neither a file of passwords nor one of services of ours is read.
        .env("PGPASSFILE", "/dev/null")
        .env("PGSERVICEFILE", "/dev/null")
        .env("PGOPTIONS", "-c statement_timeout=0 -c search_path=");
    match address.tls() {
        Tls::Off => command.env("PGSSLMODE", "disable"),
        Tls::Verified => {
            let authority = address.tls_ca().map_or("system".into(), PathBuf::from);
            command
                .env("PGSSLMODE", "verify-full")
                .env("PGSSLROOTCERT", authority)
        }
    };
}

fn failed(reason: String) -> ReplicateError {
    ReplicateError::SchemaUnread { reason }
}

/// Begins a transaction that reads one state of the source, and exports it for [`PgDump::entries`].
pub(crate) async fn one_moment(session: &mut Session) -> Result<String, ReplicateError> {
    const DOING: &str = "opening a snapshot for the schema";
    session
        .run(
            DOING,
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        )
        .await?;
    let snapshot: Option<(String,)> = session.row(DOING, "SELECT pg_export_snapshot()").await?;
    snapshot
        .map(|(name,)| name)
        .ok_or_else(|| failed("the source exports no snapshot".to_owned()))
}
