//! The clusters that tests run: which majors there are, how a data folder is made, and as whom the programs run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::database::{DatabaseError, SERVERS, built_at, io_error, program, run, unpacked};

/// The user for whom the programs run where we are root: the one that owns nothing.
const NOBODY: u32 = 65534;

/// A major of PostgreSQL, from `tools/postgres-servers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Major {
    V13,
    V14,
    V15,
    V16,
    V17,
    V18,
}

impl Major {
    /// All, oldest first.
    pub const ALL: [Major; 6] = [
        Major::V13,
        Major::V14,
        Major::V15,
        Major::V16,
        Major::V17,
        Major::V18,
    ];

    /// The number that people call it by.
    pub fn number(self) -> u32 {
        13 + self as u32
    }

    pub(super) fn program(self, name: &'static str) -> Result<PathBuf, DatabaseError> {
        unpacked(&format!("postgres{}", self.number()), name)
    }
}

/// Whose rules of sorting a cluster's databases follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// The C library's `C.UTF-8`.
    #[default]
    Library,
    /// Those of ICU for a language tag such as `en-US`; from major 15 on.
    Icu(&'static str),
}

/// How a cluster is made.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Whose rules of sorting its databases follow.
    pub locale: Locale,
    /// Whether it offers TLS, with a certificate for 127.0.0.1 by [`super::Postgres::authority`].
    pub tls: bool,
}

impl Cluster {
    /// Makes a data folder, once for a build folder; it is copied from then on.
    pub(super) fn install(&self, major: Major, data: &Path) -> Result<(), DatabaseError> {
        let template = self.template(major)?;
        if !template.is_dir() {
            self.make_template(major, &template)?;
        }
        let mut copy = Command::new("cp");
        copy.args(["--archive", "--sparse=always", "--reflink=auto"])
            .args([&template, data]);
        run(copy, "copying a server's data folder")
    }

    fn template(&self, major: Major) -> Result<PathBuf, DatabaseError> {
        let built_at_s = built_at(&major.program("postgres")?)?;
        let locale = match self.locale {
            Locale::Library => "libc",
            Locale::Icu(tag) => tag,
        };
        Ok(Path::new(SERVERS).join(format!("template-{major:?}-{locale}-{built_at_s}")))
    }

    fn make_template(&self, major: Major, template: &Path) -> Result<(), DatabaseError> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let workshop = template.with_extension(format!("{}-{number}", std::process::id()));
        // What a process of the same number left unfinished.
        let _ = std::fs::remove_dir_all(&workshop);
        std::fs::create_dir(&workshop).map_err(io_error("making a folder to install in"))?;
        give_to_server(&workshop)?;
        let fresh = workshop.join("data");
        let mut command = command(&major.program("initdb")?)?;
        command
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .arg("--data-checksums")
            .arg("--pgdata")
            .arg(&fresh);
        if let Locale::Icu(tag) = self.locale {
            command.args(["--locale-provider=icu", &format!("--icu-locale={tag}")]);
        }
        run(command, "making a server's data folder")?;
        // It fails where another process was faster, whose folder is as good.
        let _ = std::fs::rename(&fresh, template);
        let _ = std::fs::remove_dir_all(&workshop);
        Ok(())
    }
}

/// A program of the server, which ends when we do: by an immediate shutdown, which leaves no shared memory behind.
pub(crate) fn command(server_program: &Path) -> Result<Command, DatabaseError> {
    let mut command = Command::new(program("setpriv")?);
    command.args(["--pdeathsig", "SIGQUIT"]);
    if is_root() {
        command
            .args([
                format!("--reuid={NOBODY}"),
                format!("--regid={NOBODY}"),
                "--clear-groups".to_owned(),
            ])
            .args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]);
    }
    command.arg(server_program);
    // Of our own locale nothing must reach a test.
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    Ok(command)
}

/// Makes a file or folder the server's own.
pub(crate) fn give_to_server(path: &Path) -> Result<(), DatabaseError> {
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY))
            .map_err(io_error("giving a file to the server's user"))?;
    }
    Ok(())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
