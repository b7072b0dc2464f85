//! A PgBouncer in front of a PostgreSQL server, as providers put one there.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::database::{
    DatabaseError, START_LIMIT, free_port, io_error, spawn_from_lasting_thread, unpacked,
};
use crate::postgres::{PASSWORD, cluster};

/// A running pooler; ended and removed when dropped.
#[derive(Debug)]
pub struct PgBouncer {
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl PgBouncer {
    /// Pools transactions for one user of the server on that port, whose password is [`PASSWORD`]. `ignored` are settings of sessions that it takes and
    /// drops, as providers configure some.
    pub fn start(server_port: u16, user: &str, ignored: &str) -> Result<PgBouncer, DatabaseError> {
        let port = free_port().map_err(io_error("finding a free port"))?;
        let folder =
            std::env::temp_dir().join(format!("reberth-pgbouncer-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(io_error("making the pooler's folder"))?;
        let (users, settings) = (folder.join("users.txt"), folder.join("pgbouncer.ini"));
        let of_users = format!("\"{user}\" \"{PASSWORD}\"\n");
        let of_settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\nignore_startup_parameters = {ignored}\n",
            users.display()
        );
        for (file, text) in [(&users, of_users), (&settings, of_settings)] {
            std::fs::write(file, text).map_err(io_error("writing the pooler's settings"))?;
            cluster::give_to_server(file)?;
        }
        let mut command = cluster::command(&unpacked("pgbouncer", "pgbouncer")?)?;
        command.arg("--quiet").arg(&settings);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = spawn_from_lasting_thread(command).map_err(io_error("starting the pooler"))?;
        let pooler = PgBouncer {
            folder,
            port,
            child,
        };
        let deadline = Instant::now() + START_LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                return Err(DatabaseError::Failed {
                    what: "starting the pooler",
                    detail: "it does not listen".to_owned(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(pooler)
    }

    /// Port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What cannot be removed is left in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
