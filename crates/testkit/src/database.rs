//! Real database servers on free loopback ports in temporary folders.
//!
//! A server never listens on a standard port, never runs as a service, and dies with the process that started it:
//! by `Drop`, and, should that never run, by a parent-death signal that `setpriv` arms.

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

mod dialect;
mod product;

pub use product::Product;
use product::user_option;
pub(crate) use product::{SERVERS, built_at, program, run, unpacked};

/// How long a server may take to answer after its start.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(60);

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A program of the server package is missing.
    #[error("{program} is not installed; run `make setup`, which installs it")]
    Missing {
        /// The program.
        program: &'static str,
    },
    /// A program failed.
    #[error("{what} failed: {detail}")]
    Failed {
        /// What was being done.
        what: &'static str,
        /// What the program said last.
        detail: String,
    },
    /// The file system or the process table said no.
    #[error("{what}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

pub(crate) fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> DatabaseError {
    move |source| DatabaseError::Io { what, source }
}

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub struct Server {
    product: Product,
    folder: PathBuf,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// [`Server::start_as`] with the MariaDB of this machine.
    pub fn start(name: &str, options: &[&str]) -> Result<Server, DatabaseError> {
        Server::start_as(Product::MariaDb, name, options)
    }

    /// Makes a new server with the binary log on in row format, as a managed provider runs it, and starts it.
    ///
    /// `name` appears in its folder; `options` are further server options (`--max-connections=50`).
    pub fn start_as(
        product: Product,
        name: &str,
        options: &[&str],
    ) -> Result<Server, DatabaseError> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("reberth-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(io_error("making the server's folder"))?;
        let number_option = format!("--server-id={}", 100 + number);
        let all = product.options().iter().chain(options);
        let mut server = Server {
            product,
            folder,
            port: free_port().map_err(io_error("finding a free port"))?,
            options: std::iter::once(number_option)
                .chain(all.map(|option| option.to_string()))
                .collect(),
            child: None,
        };
        product.install(&server.data())?;
        server.resume()?;
        Ok(server)
    }

    /// Starts the server process again after [`Server::kill`] or [`Server::shut_down`], on the same port and data.
    pub fn resume(&mut self) -> Result<(), DatabaseError> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"))
            .map_err(io_error("opening the server's log"))?;
        // An empty file of settings instead of none at all: without one, MySQL does not read those that it was told to persist either.
        let settings = self.folder.join("settings.cnf");
        std::fs::write(&settings, "").map_err(io_error("writing the server's settings"))?;
        let mut command = Command::new(program("setpriv")?);
        command
            // A server that starts removes the temporary tables it finds in its folder for them, those of its neighbours too.
            .env("TMPDIR", &self.folder)
            .args(["--pdeathsig", "SIGKILL"])
            .arg(self.product.server()?)
            .arg(format!("--defaults-file={}", settings.display()))
            .args(self.product.base_option())
            .arg(format!("--datadir={}", self.data().display()))
            .arg(format!("--socket={}", self.socket().display()))
            .arg(format!(
                "--pid-file={}",
                self.folder.join("server.pid").display()
            ))
            .arg(format!("--port={}", self.port))
            .args(&self.options)
            .args(user_option())
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
            if self.sql("SELECT 1").is_ok() {
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
        let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(8).collect();
        Err(DatabaseError::Failed {
            what: "starting the server",
            detail: tail.into_iter().rev().collect::<Vec<_>>().join("\n"),
        })
    }

    /// Runs SQL as the server's administrator through its socket and returns the tab-separated answer without headings.
    ///
    /// It is written as MariaDB understands it, with `seq_1_to_N` and all, and put into the server's own words.
    pub fn sql(&self, sql: &str) -> Result<String, DatabaseError> {
        let output = self.client(&["--execute", &dialect::translate(self.product, sql)])?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(DatabaseError::Failed {
            what: "SQL",
            detail: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs SQL as [`Server::sql`] does, and goes on after statements that the server refuses.
    pub fn sql_forced(&self, sql: &str) -> Result<(), DatabaseError> {
        let sql = dialect::translate(self.product, sql);
        self.client(&["--force", "--execute", &sql]).map(drop)
    }

    fn client(&self, arguments: &[&str]) -> Result<std::process::Output, DatabaseError> {
        Command::new(self.product.client()?)
            .arg("--no-defaults")
            .arg(format!("--socket={}", self.socket().display()))
            .args([
                "--user=root",
                "--batch",
                "--skip-column-names",
                "--default-character-set=utf8mb4",
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(io_error("running the server's client"))
    }

    /// Which server it is.
    pub fn product(&self) -> Product {
        self.product
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
            "mysql://{user}:{password}@127.0.0.1:{}/{database}?tls=off",
            self.port
        )
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when the process is gone already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends the server in order.
    pub fn shut_down(&mut self) -> Result<(), DatabaseError> {
        self.sql("SHUTDOWN")?;
        if let Some(mut child) = self.child.take() {
            child
                .wait()
                .map_err(io_error("waiting for the server to end"))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The parent-death signal fires when the *thread* that started the child ends, so children are started by one thread
/// that lasts as long as the process.
pub(crate) fn spawn_from_lasting_thread(command: Command) -> io::Result<Child> {
    type Order = (Command, mpsc::Sender<io::Result<Child>>);
    static STARTER: std::sync::OnceLock<mpsc::Sender<Order>> = std::sync::OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, inbox) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                // A caller that no longer listens has given up on the child.
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let (answer, child) = mpsc::channel();
    starter
        .send((command, answer))
        .map_err(|_| io::Error::other("the thread that starts servers has ended"))?;
    child
        .recv()
        .map_err(|_| io::Error::other("the thread that starts servers has ended"))?
}
