//! Real PostgreSQL servers of majors 13 to 18, with the same promises as [`crate::database`]: free loopback ports, temporary folders,
//! and none outlives the process that started it.
//!
//! PostgreSQL refuses to run as root, so a root's servers run as the user with number 65534, who may read what root may: the programs
//! can then lie in a folder that only root enters.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

mod certificate;
pub(crate) mod cluster;
mod kill;

use crate::database::{
    DatabaseError, START_LIMIT, free_port, io_error, spawn_from_lasting_thread, unpacked,
};

pub use cluster::{Cluster, Locale, Major};

/// The password of the roles that [`Postgres::restricted_owner`] makes.
pub const PASSWORD: &str = "local-only";
/// How a managed provider runs it that allows logical decoding. Heroku's would be `wal_level=replica`.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "wal_level=logical",
    "max_wal_senders=10",
    "max_replication_slots=10",
    "max_wal_size=1GB",
    // In files of the data folder, which go with it, also after a kill.
    "dynamic_shared_memory_type=mmap",
];

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub struct Postgres {
    major: Major,
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
    child: Option<Child>,
}

impl Postgres {
    /// [`Postgres::start_cluster`] with the plain [`Cluster`]: collation of the C library, no TLS.
    pub fn start(major: Major, name: &str, settings: &[&str]) -> Result<Postgres, DatabaseError> {
        Postgres::start_cluster(major, name, &Cluster::default(), settings)
    }

    /// Makes a new cluster whose administrator is `postgres` and starts its server.
    ///
    /// `name` appears in its folder; `settings` are further settings of the server (`wal_level=replica`), stronger than the usual ones.
    pub fn start_cluster(
        major: Major,
        name: &str,
        cluster: &Cluster,
        settings: &[&str],
    ) -> Result<Postgres, DatabaseError> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("reberth-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(io_error("making the server's folder"))?;
        cluster::give_to_server(&folder)?;
        let mut server = Postgres {
            major,
            port: free_port().map_err(io_error("finding a free port"))?,
            settings: SETTINGS
                .iter()
                .chain(settings)
                .map(|setting| (*setting).to_owned())
                .collect(),
            folder,
            child: None,
        };
        cluster.install(major, &server.data())?;
        if cluster.tls {
            certificate::make(&server.folder)?;
            server.settings.extend([
                "ssl=on".to_owned(),
                format!(
                    "ssl_cert_file={}",
                    server.folder.join("server.pem").display()
                ),
                format!(
                    "ssl_key_file={}",
                    server.folder.join("server.key").display()
                ),
            ]);
        }
        server.resume()?;
        Ok(server)
    }

    /// Starts the server process again after [`Postgres::kill`] or [`Postgres::shut_down`], on the same port and data.
    pub fn resume(&mut self) -> Result<(), DatabaseError> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .map_err(io_error("opening the server's log"))?;
        let mut command = cluster::command(&self.major.program("postgres")?)?;
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(&self.folder);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.child =
            Some(spawn_from_lasting_thread(command).map_err(io_error("starting the server"))?);
        self.wait_until_it_answers()
    }

    fn wait_until_it_answers(&mut self) -> Result<(), DatabaseError> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            let ended = self
                .child
                .as_mut()
                .is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
            if ended {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(8).collect();
        Err(DatabaseError::Failed {
            what: "starting the server",
            detail: tail.into_iter().rev().collect::<Vec<_>>().join("\n"),
        })
    }

    /// Runs statements as the administrator, each on its own, up to the first that fails, and returns the tab-separated answer.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, DatabaseError> {
        answer(self.client(database, &["--set=ON_ERROR_STOP=1"], sql)?)
    }

    /// Runs statements as [`Postgres::sql`] does, and goes on after those that the server refuses.
    pub fn sql_forced(&self, database: &str, sql: &str) -> Result<(), DatabaseError> {
        self.client(database, &[], sql).map(drop)
    }

    /// Runs statements as another role, by password over TCP as an application would.
    pub fn sql_as(&self, role: &str, database: &str, sql: &str) -> Result<String, DatabaseError> {
        let mut command = Command::new(client_program("psql")?);
        command
            .env("PGPASSWORD", PASSWORD)
            .args(["--host=127.0.0.1", "--set=ON_ERROR_STOP=1"])
            .arg(format!("--username={role}"));
        answer(self.run_client(command, database, sql)?)
    }

    fn client(&self, database: &str, more: &[&str], sql: &str) -> Result<Output, DatabaseError> {
        let mut command = Command::new(client_program("psql")?);
        command
            .arg(format!("--host={}", self.folder.display()))
            .arg("--username=postgres")
            .args(more);
        self.run_client(command, database, sql)
    }

    fn run_client(
        &self,
        mut command: Command,
        database: &str,
        sql: &str,
    ) -> Result<Output, DatabaseError> {
        const WHAT: &str = "running the server's client";
        let mut client = command
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--field-separator=\t", "--file=-"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--dbname={database}"))
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io_error(WHAT))?;
        let mut input = client.stdin.take();
        let sql = sql.to_owned();
        // Written beside the reading, so that neither pipe fills while the other is waited for. A client that cannot connect
        // reads nothing; what it says of that is its answer.
        let writer = std::thread::spawn(move || {
            if let Some(input) = &mut input {
                let _ = input.write_all(sql.as_bytes());
            }
        });
        let output = client.wait_with_output().map_err(io_error(WHAT));
        let _ = writer.join();
        output
    }

    /// Makes a role that may log in and owns a database of its name, and nothing else: neither REPLICATION nor SUPERUSER, CREATEROLE,
    /// CREATEDB or BYPASSRLS, which is what Heroku gives. Its password is [`PASSWORD`].
    pub fn restricted_owner(&self, database: &str, role: &str) -> Result<(), DatabaseError> {
        let sql = format!(
            "CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOREPLICATION NOCREATEROLE NOCREATEDB NOBYPASSRLS;
             CREATE DATABASE \"{database}\" OWNER \"{role}\" TEMPLATE template0;
             REVOKE CONNECT ON DATABASE \"{database}\" FROM PUBLIC;"
        );
        self.sql("postgres", &sql)?;
        // Before major 15 the schema of everybody's tables belongs to the administrator.
        let sql = format!("ALTER SCHEMA public OWNER TO \"{role}\"");
        self.sql(database, &sql).map(drop)
    }

    /// Which major it is.
    pub fn major(&self) -> Major {
        self.major
    }

    /// The server's process, for those who measure it; `None` while it is stopped.
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection address for an account, without TLS since the server speaks on loopback only.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/{database}?tls=off",
            self.port
        )
    }

    /// A connection address for the administrator, who needs no password on the server's own socket. For PostgreSQL's client programs.
    pub fn administrator(&self, database: &str) -> String {
        format!(
            "host={} port={} user=postgres dbname={database}",
            self.folder.display(),
            self.port
        )
    }

    /// The certificate authority (PEM) of a server that was started with TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// What the server wrote down: its standard error.
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Ends the server and every session of it at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(child) = self.child.take() {
            kill::all_at_once(child, &self.data());
        }
    }

    /// Ends the server in order, its sessions first.
    pub fn shut_down(&mut self) -> Result<(), DatabaseError> {
        if let Some(mut child) = self.child.take() {
            kill::signal("INT", &child);
            child
                .wait()
                .map_err(io_error("waiting for the server to end"))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A client program of PostgreSQL 18, which speaks with every major: `psql`, `pg_dump`, `pg_restore`.
pub fn client_program(name: &'static str) -> Result<PathBuf, DatabaseError> {
    unpacked("pgclient", name)
}

/// The folder of [`client_program`], to be searched first.
pub fn client_folder() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../build/servers/pgclient/bin"
    ))
}

fn answer(output: Output) -> Result<String, DatabaseError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(DatabaseError::Failed {
        what: "SQL",
        detail: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
