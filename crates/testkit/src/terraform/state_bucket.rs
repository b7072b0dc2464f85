//! An S3 for states, with lock files.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use super::{python, start};

/// A running S3 server (moto) with one bucket. It ends when it is dropped.
#[derive(Debug)]
pub struct StateBucket {
    port: u16,
    name: String,
    child: Child,
}

impl StateBucket {
    /// Starts one with the bucket.
    pub fn start(name: &str) -> io::Result<Self> {
        let bucket = Self::without(name)?;
        bucket.make()?;
        Ok(bucket)
    }

    /// Starts one where the bucket is still to be made.
    pub fn without(name: &str) -> io::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(python("moto_server")?);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = start(command, "moto", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        Ok(Self {
            port,
            name: name.to_owned(),
            child,
        })
    }

    /// Makes the bucket.
    pub fn make(&self) -> io::Result<()> {
        let body = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                    <LocationConstraint>ap-south-1</LocationConstraint></CreateBucketConfiguration>";
        self.request("PUT", &format!("/{}", self.name), body)
            .map(|_| ())
    }

    /// What a process needs to take it for S3.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            (
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.port),
            ),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CA_BUNDLE", String::new()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The backend block of a root whose state is kept here under a key.
    pub fn backend(&self, key: &str) -> String {
        format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket         = \"{}\"\n    key            = \"{key}\"\n    \
             region         = \"ap-south-1\"\n    use_lockfile   = true\n    use_path_style = true\n  }}\n}}\n",
            self.name
        )
    }

    /// Keys of the objects in the bucket.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let listed = self.request("GET", &format!("/{}?list-type=2", self.name), "")?;
        let keys = listed.split("<Key>").skip(1);
        let keys = keys.filter_map(|rest| rest.split("</Key>").next());
        Ok(keys.map(str::to_owned).collect())
    }

    fn request(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.starts_with("HTTP/1.1 200") {
            true => Ok(answer),
            false => Err(io::Error::other(answer)),
        }
    }
}

impl Drop for StateBucket {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
