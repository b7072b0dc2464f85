//! A certificate authority for one server, and its certificate for 127.0.0.1.

use std::path::Path;
use std::process::Command;

use super::cluster::give_to_server;
use crate::database::{DatabaseError, program, run};

/// Writes `authority.pem`, `server.pem` and `server.key` into the server's folder.
pub(super) fn make(folder: &Path) -> Result<(), DatabaseError> {
    let openssl = program("openssl")?;
    let mut authority = Command::new(&openssl);
    authority
        .current_dir(folder)
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=authority"])
        .args(["-keyout", "authority.key", "-out", "authority.pem"]);
    run(authority, "making a certificate authority")?;
    let mut server = Command::new(&openssl);
    server
        .current_dir(folder)
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=server",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-CA", "authority.pem", "-CAkey", "authority.key"])
        .args(["-keyout", "server.key", "-out", "server.pem"]);
    run(server, "making a server's certificate")?;
    // The server wants its key to itself.
    give_to_server(&folder.join("server.key"))
}
