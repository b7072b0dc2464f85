//! An object store (moto) that checks signatures.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use crate::terraform::{python, start};

/// A running S3 server. It takes everything as it comes until [`ObjectStore::lock`]. It ends when it is dropped.
#[derive(Debug)]
pub struct ObjectStore {
    port: u16,
    child: Child,
}

impl ObjectStore {
    /// Starts one without buckets.
    pub fn start() -> io::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(python("moto_server")?);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = start(command, "moto", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        Ok(Self { port, child })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends one request of S3 and gives back the answer's body.
    pub fn send(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        self.request(method, path, "", body)
    }

    /// Makes a key that may do what `actions` name, such as `s3:List*`, and from now on answers nothing without a right signature. Gives back the key's
    /// id and its secret.
    pub fn lock(&self, actions: &[&str]) -> io::Result<(String, String)> {
        let actions = actions.join("%22,%22");
        let policy = format!(
            "%7B%22Version%22:%222012-10-17%22,%22Statement%22:[%7B%22Effect%22:%22Allow%22,%22Action%22:[%22{actions}%22],%22Resource%22:%22*%22%7D]%7D"
        );
        self.accounts("Action=CreateUser&UserName=reader")?;
        self.accounts(&format!(
            "Action=PutUserPolicy&UserName=reader&PolicyName=reads&PolicyDocument={policy}"
        ))?;
        let key = self.accounts("Action=CreateAccessKey&UserName=reader")?;
        let between = |name: &str| {
            let (_, rest) = key.split_once(&format!("<{name}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        let pair = between("AccessKeyId").zip(between("SecretAccessKey"));
        self.send("POST", "/moto-api/reset-auth", "0")?;
        pair.ok_or_else(|| io::Error::other(format!("no key in {key}")))
    }

    fn accounts(&self, form: &str) -> io::Result<String> {
        let headers = "Authorization: AWS4-HMAC-SHA256 Credential=x/20300101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x\r\n\
                       Content-Type: application/x-www-form-urlencoded\r\n";
        self.request("POST", "/", headers, &format!("{form}&Version=2010-05-08"))
    }

    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.starts_with("HTTP/1.1 20") {
            true => Ok(answer),
            false => Err(io::Error::other(answer)),
        }
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
