//! A connection of the application, to either family of servers.

use std::process::Stdio;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::learning::{DATABASE, PASSWORD};
use crate::postgres::client_program;

/// How long a door may be held.
const CONNECT_LIMIT: Duration = Duration::from_secs(35);
/// How long a transaction may take.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// The server that the application speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// MariaDB or MySQL, as the account `app`.
    MySql,
    /// PostgreSQL, as this role.
    Postgres(&'static str),
}

/// How a transaction ended.
pub(super) enum Ended {
    /// With the identity of the row made last.
    Acknowledged(u64),
    Refused,
    Unknown,
}

/// An open connection.
pub(super) enum Session {
    MySql(Conn),
    Postgres(Box<Psql>),
}

impl Session {
    pub(super) async fn open(speaks: &Speaks, port: u16) -> Option<Session> {
        let opening = async {
            match speaks {
                Speaks::MySql => {
                    let options = OptsBuilder::default()
                        .ip_or_hostname("127.0.0.1")
                        .tcp_port(port)
                        .user(Some("app"))
                        .pass(Some(PASSWORD))
                        .db_name(Some(DATABASE))
                        .prefer_socket(false)
                        .tcp_nodelay(true);
                    Conn::new(options).await.ok().map(Session::MySql)
                }
                Speaks::Postgres(role) => Psql::open(role, port)
                    .await
                    .map(|psql| Session::Postgres(Box::new(psql))),
            }
        };
        tokio::time::timeout(CONNECT_LIMIT, opening).await.ok()?
    }

    /// Sends statements as one transaction. Whatever is not acknowledged leaves the session unusable.
    pub(super) async fn send(&mut self, statements: &[String]) -> Ended {
        let work = async {
            match self {
                Session::MySql(conn) => send_to_mysql(conn, statements).await,
                Session::Postgres(psql) => psql.send(statements).await,
            }
        };
        tokio::time::timeout(WRITE_LIMIT, work)
            .await
            .unwrap_or(Ended::Unknown)
    }
}

async fn send_to_mysql(conn: &mut Conn, statements: &[String]) -> Ended {
    let work = async {
        if statements.len() > 1 {
            conn.query_drop("BEGIN").await?;
        }
        let mut id = 0;
        for statement in statements {
            conn.query_drop(statement).await?;
            id = conn.last_insert_id().unwrap_or(id);
        }
        if statements.len() > 1 {
            conn.query_drop("COMMIT").await?;
        }
        Ok::<u64, mysql_async::Error>(id)
    };
    match work.await {
        Ok(id) => Ended::Acknowledged(id),
        // The server's own refusal is an answer; the session may be in a transaction, so it is left.
        Err(mysql_async::Error::Server(error)) if ![1053, 1317, 1927].contains(&error.code) => {
            Ended::Refused
        }
        Err(_) => Ended::Unknown,
    }
}

/// PostgreSQL's own client, which takes statements on its standard input, and ends with its connection.
pub(super) struct Psql {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Psql {
    async fn open(role: &str, port: u16) -> Option<Psql> {
        let mut child = Command::new(client_program("psql").ok()?)
            .args([
                "--no-psqlrc",
                "--quiet",
                "--no-align",
                "--tuples-only",
                "--host=127.0.0.1",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--username={role}"))
            .arg(format!("--dbname={DATABASE}"))
            .env("PGPASSWORD", PASSWORD)
            .env("PGAPPNAME", "learning")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take()?, child.stdout.take()?);
        let mut psql = Psql {
            _child: child,
            input,
            output: BufReader::new(output).lines(),
        };
        // It says nothing before it is connected, and ends if it cannot be.
        match psql.ask("SELECT 1;\n").await? {
            (true, _) => Some(psql),
            _ => None,
        }
    }

    /// Sends a text of statements. Returns whether the last one succeeded, and the last line that the server gave; `None`: there was no answer.
    async fn ask(&mut self, text: &str) -> Option<(bool, Option<String>)> {
        let marked = format!("{text}\\echo reberth-answer :ERROR\n");
        self.input.write_all(marked.as_bytes()).await.ok()?;
        self.input.flush().await.ok()?;
        let mut last = None;
        loop {
            let line = self.output.next_line().await.ok()??;
            match line.strip_prefix("reberth-answer ") {
                Some(is_error) => return Some((is_error == "false", last)),
                None => last = Some(line),
            }
        }
    }

    async fn send(&mut self, statements: &[String]) -> Ended {
        let mut id = 0;
        if statements.len() > 1 && self.ask("BEGIN;\n").await.is_none() {
            return Ended::Refused;
        }
        for (number, statement) in statements.iter().enumerate() {
            let is_last = number + 1 == statements.len();
            match self.ask(&format!("{statement};\n")).await {
                Some((true, answer)) => {
                    id = answer.and_then(|line| line.parse().ok()).unwrap_or(id);
                }
                Some((false, _)) => return Ended::Refused,
                // Of a transaction that was not to be committed yet nothing stays.
                None if is_last && statements.len() == 1 => return Ended::Unknown,
                None => return Ended::Refused,
            }
        }
        if statements.len() > 1 {
            return match self.ask("COMMIT;\n").await {
                Some((true, _)) => Ended::Acknowledged(id),
                Some((false, _)) => Ended::Refused,
                None => Ended::Unknown,
            };
        }
        Ended::Acknowledged(id)
    }
}
