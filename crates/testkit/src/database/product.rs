//! The servers that tests run: where their programs are, how a data folder is made, and the options they start with.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use super::{DatabaseError, io_error};

/// What `tools/servers` unpacks, and what is made once and then copied, relative to this crate.
pub(crate) const SERVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/servers");

/// A server that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The MariaDB of this machine's own packages.
    MariaDb,
    /// MariaDB 11, from `tools/servers`.
    MariaDb11,
    /// Oracle MySQL 9, from `tools/servers`.
    MySql,
}

impl Product {
    /// The program that serves.
    pub(super) fn server(self) -> Result<PathBuf, DatabaseError> {
        match self {
            Product::MariaDb => program("mariadbd"),
            Product::MariaDb11 => unpacked("mariadb11", "mariadbd"),
            Product::MySql => unpacked("mysql", "mysqld"),
        }
    }

    /// The program that runs SQL.
    pub(super) fn client(self) -> Result<PathBuf, DatabaseError> {
        match self {
            Product::MariaDb => program("mariadb"),
            Product::MariaDb11 => unpacked("mariadb11", "mariadb"),
            Product::MySql => unpacked("mysql", "mysql"),
        }
    }

    /// A program beside the server, such as its own `mysqldump`; where `tools/servers` unpacked none, this machine's.
    pub fn tool(self, name: &'static str) -> Result<PathBuf, DatabaseError> {
        let folder = match self {
            Product::MariaDb => return program(name),
            Product::MariaDb11 => "mariadb11",
            Product::MySql => "mysql",
        };
        unpacked(folder, name).or_else(|_| program(name))
    }

    /// Where the server finds its messages and character sets, if not where it was built to look.
    pub(super) fn base_option(self) -> Option<String> {
        match self {
            Product::MariaDb => None,
            Product::MariaDb11 => Some(format!("--basedir={SERVERS}/mariadb11/usr")),
            Product::MySql => Some(format!("--basedir={SERVERS}/mysql/usr")),
        }
    }

    /// Options of a server as a managed provider runs it: the binary log on in row format.
    pub(super) fn options(self) -> &'static [&'static str] {
        match self {
            Product::MariaDb | Product::MariaDb11 => &[
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--log-bin=binlog",
                "--binlog-format=ROW",
                "--binlog-row-image=FULL",
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_unicode_ci",
                "--innodb-buffer-pool-size=256M",
                "--innodb-log-file-size=128M",
                "--innodb-flush-log-at-trx-commit=1",
                "--sync-binlog=1",
                "--performance-schema=OFF",
                "--max-allowed-packet=64M",
                "--lock-wait-timeout=120",
            ],
            Product::MySql => &[
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--mysqlx=OFF",
                "--secure-file-priv=NULL",
                "--log-bin=binlog",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
                "--innodb-buffer-pool-size=256M",
                "--innodb-redo-log-capacity=256M",
                "--innodb-flush-log-at-trx-commit=1",
                "--sync-binlog=1",
                "--max-allowed-packet=64M",
                "--lock-wait-timeout=120",
                // Tests count to a few hundred thousand by recursion.
                "--cte-max-recursion-depth=4000000",
            ],
        }
    }

    /// Makes a data folder with an administrator `root` who needs no password.
    ///
    /// Making one takes seconds, so it is made once for a build folder and copied from then on.
    pub(super) fn install(self, data: &Path) -> Result<(), DatabaseError> {
        let Some(template) = self.template()? else {
            return self.install_anew(data);
        };
        if !template.is_dir() {
            let workshop = template.with_extension(format!("{}", std::process::id()));
            // What a process of the same number left unfinished.
            let _ = std::fs::remove_dir_all(&workshop);
            std::fs::create_dir(&workshop).map_err(io_error("making a folder to install in"))?;
            let fresh = workshop.join("data");
            self.install_anew(&fresh)?;
            // The server's own name would be the same in every copy.
            let _ = std::fs::remove_file(fresh.join("auto.cnf"));
            // It fails where another process was faster, whose folder is as good.
            let _ = std::fs::rename(&fresh, &template);
            let _ = std::fs::remove_dir_all(&workshop);
        }
        let mut copy = Command::new("cp");
        copy.args(["--archive", "--sparse=always", "--reflink=auto"])
            .args([&template, data]);
        run(copy, "copying a server's data folder")
    }

    /// Where this product's template is: none without a build folder, as when the demo runs elsewhere.
    fn template(self) -> Result<Option<PathBuf>, DatabaseError> {
        let folder = Path::new(SERVERS);
        if !folder.is_dir() {
            return Ok(None);
        }
        let server = self.server()?;
        let built_at_s = built_at(&server)?;
        Ok(Some(folder.join(format!("template-{self:?}-{built_at_s}"))))
    }

    fn install_anew(self, data: &Path) -> Result<(), DatabaseError> {
        if self == Product::MySql {
            let mut command = Command::new(self.server()?);
            command
                .args(["--no-defaults", "--initialize-insecure"])
                .args(["--innodb-redo-log-capacity=8M"]);
            return self.run_installer(command, data);
        }
        let mut command = match self {
            Product::MariaDb11 => {
                Command::new(format!("{SERVERS}/mariadb11/usr/bin/mariadb-install-db"))
            }
            _ => Command::new(program("mariadb-install-db")?),
        };
        command.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
            "--innodb-log-file-size=32M",
        ]);
        self.run_installer(command, data)
    }

    fn run_installer(self, mut command: Command, data: &Path) -> Result<(), DatabaseError> {
        let around = data.parent().unwrap_or(data);
        // A server that starts removes the temporary tables it finds in its folder for them: each installs in a folder of its own.
        command
            .args(self.base_option())
            .arg(format!("--datadir={}", data.display()))
            .args(user_option())
            .env("TMPDIR", around);
        run(command, "making a server's data folder")
    }
}

pub(crate) fn run(mut command: Command, what: &'static str) -> Result<(), DatabaseError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(io_error(what))?;
    if output.status.success() {
        return Ok(());
    }
    Err(DatabaseError::Failed {
        what,
        detail: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The server refuses to run as root unless told so, and needs no telling otherwise.
pub(super) fn user_option() -> Option<&'static str> {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    is_root.then_some("--user=root")
}

/// When a program was built, in seconds since 1970: what was made with it is known by it.
pub(crate) fn built_at(program: &Path) -> Result<u64, DatabaseError> {
    let built = std::fs::metadata(program).and_then(|about| about.modified());
    let built = built.map_err(io_error("looking at the server's program"))?;
    Ok(built
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_secs()))
}

/// A program of this machine.
pub(crate) fn program(name: &'static str) -> Result<PathBuf, DatabaseError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/bin")])
        .map(|folder| folder.join(name))
        .find(|candidate: &PathBuf| Path::is_file(candidate))
        .ok_or(DatabaseError::Missing { program: name })
}

/// A program that `tools/servers` or `tools/postgres-servers` unpacked.
pub(crate) fn unpacked(server: &str, name: &'static str) -> Result<PathBuf, DatabaseError> {
    let path = Path::new(SERVERS).join(server).join("bin").join(name);
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DatabaseError::Missing { program: name })
        }
        Err(source) => Err(DatabaseError::Io {
            what: "looking for a server's program",
            source,
        }),
    }
}
