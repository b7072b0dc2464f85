//! A real OpenSSH server on a free loopback port, with an account and keys of its own.
//!
//! The server is unpacked by `tools/setup` and started as the account that runs the test, or as nobody when that is root, so
//! that it needs no account of the system's: libnss_wrapper gives it one. It lets in one key, and nothing of the machine's own
//! SSH is touched.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/openssh");
/// The account that may come in.
pub const USER: &str = "visitor";
const NOBODY: u32 = 65_534;
const START_MAX: Duration = Duration::from_secs(20);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running server; dropping it ends it and removes its folder.
pub struct SshServer {
    folder: PathBuf,
    port: u16,
    server: Child,
}

impl SshServer {
    /// Starts a server.
    pub fn start() -> io::Result<SshServer> {
        let program = Path::new(UNPACKED).join("usr/sbin/sshd");
        if !program.is_file() {
            let text = format!("{} is missing: run `tools/setup test`", program.display());
            return Err(io::Error::new(ErrorKind::NotFound, text));
        }
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder =
            std::env::temp_dir().join(format!("reberth-sshd-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        for key in ["host", "visitor", "stranger"] {
            make_key(&folder.join(key))?;
        }
        // The port is free until the server takes it; who comes between makes the start fail.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = spawn(&program, &folder, port)?;
        let mut started = SshServer {
            folder,
            port,
            server,
        };
        started.wait()?;
        Ok(started)
    }

    /// A client's configuration under which each of `addresses` is this server, known by its key; `key` is `visitor`, who is let in, or
    /// `stranger`, who is not.
    pub fn client_config(&self, addresses: &[&str], key: &str) -> io::Result<PathBuf> {
        let path = self
            .folder
            .join(format!("config-{key}-{}", addresses.len()));
        let known = self.folder.join("known_hosts");
        let public = fs::read_to_string(self.folder.join("host.pub"))?;
        fs::write(&known, format!("the-server {public}"))?;
        let (folder, known, port) = (self.folder.display(), known.display(), self.port);
        let names = addresses.join(" ");
        let text = format!(
            "Host {names}\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias the-server\n  UserKnownHostsFile {known}\n  IdentityFile {folder}/{key}\n  IdentitiesOnly yes\n"
        );
        fs::write(&path, text)?;
        Ok(path)
    }

    /// The home of the account that comes in.
    pub fn home(&self) -> &Path {
        &self.folder
    }

    fn wait(&mut self) -> io::Result<()> {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if self.server.try_wait()?.is_some() || since.elapsed() > START_MAX {
                let log = fs::read_to_string(self.folder.join("log"))?;
                return Err(io::Error::other(format!(
                    "the SSH server does not answer: {log}"
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        // It may have ended by itself; the folder is in nobody's way.
        self.server.kill().ok();
        self.server.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn make_key(path: &Path) -> io::Result<()> {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status()?;
    match made.success() {
        true => Ok(()),
        false => Err(io::Error::other("ssh-keygen made no key")),
    }
}

fn spawn(program: &Path, folder: &Path, port: u16) -> io::Result<Child> {
    let own = fs::metadata(folder)?.uid();
    let user = if own == 0 { NOBODY } else { own };
    let (text, home) = (folder.display(), folder.display());
    fs::copy(folder.join("visitor.pub"), folder.join("allowed"))?;
    fs::write(
        folder.join("sshd_config"),
        format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {text}/host\nAuthorizedKeysFile {text}/allowed\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
        ),
    )?;
    fs::write(
        folder.join("passwd"),
        format!("{USER}:x:{user}:{user}::{home}:/bin/sh\n"),
    )?;
    fs::write(folder.join("group"), format!("{USER}:x:{user}:\n"))?;
    let log = fs::File::create(folder.join("log"))?;
    let mut command = if own == 0 {
        for path in [folder.to_owned(), folder.join("host")] {
            chown(path, Some(user), Some(user))?;
        }
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={user}")]);
        command.arg("--clear-groups").arg(program);
        command
    } else {
        Command::new(program)
    };
    let libraries = libraries()?;
    command
        .args(["-D", "-e", "-f"])
        .arg(folder.join("sshd_config"))
        .env("LD_LIBRARY_PATH", &libraries)
        .env("LD_PRELOAD", libraries.join("libnss_wrapper.so"))
        .env("NSS_WRAPPER_PASSWD", folder.join("passwd"))
        .env("NSS_WRAPPER_GROUP", folder.join("group"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
}

/// Where the unpacked libraries lie, whatever the machine's kind.
fn libraries() -> io::Result<PathBuf> {
    for entry in fs::read_dir(Path::new(UNPACKED).join("usr/lib"))? {
        let path = entry?.path();
        if path.join("libnss_wrapper.so").is_file() {
            return Ok(path);
        }
    }
    Err(io::Error::new(
        ErrorKind::NotFound,
        "libnss_wrapper.so is missing: run `tools/setup test`",
    ))
}
