//! The front door: what stands between the application and its database. Steered by one line a command over TCP:
//! `status`, `hold`, `open source`, `open target`.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::error::CutoverError;

/// How long the door may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The control address of a front door.
#[derive(Clone, Debug)]
pub struct Edge {
    address: String,
}

/// Which way the door leads, and whether it lets anyone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeState {
    /// New connections wait.
    pub is_held: bool,
    /// `source` or `target`.
    pub leads_to: String,
}

impl Edge {
    /// The door that is steered at `host:port`.
    pub fn new(address: impl Into<String>) -> Edge {
        Edge {
            address: address.into(),
        }
    }

    /// Asks which way the door leads.
    pub async fn state(&self) -> Result<EdgeState, CutoverError> {
        let answer = self.command("status").await?;
        match answer.split_once(' ') {
            Some((word @ ("held" | "open"), to)) => Ok(EdgeState {
                is_held: word == "held",
                leads_to: to.to_owned(),
            }),
            _ => Err(self.error("status", answer)),
        }
    }

    /// Refuses a door that leads to the other side already.
    pub(crate) async fn require(&self, side: &str) -> Result<EdgeState, CutoverError> {
        let state = self.state().await?;
        if state.leads_to != side {
            return Err(self.error(
                "status",
                format!(
                    "it leads to the {}, and the writes are on the {side}",
                    state.leads_to
                ),
            ));
        }
        Ok(state)
    }

    /// Lets new connections wait at the door.
    pub async fn hold(&self) -> Result<(), CutoverError> {
        self.command("hold").await.map(drop)
    }

    /// Leads everyone to that side.
    pub async fn open(&self, side: &str) -> Result<(), CutoverError> {
        self.command(&format!("open {side}")).await?;
        let state = self.state().await?;
        if state.is_held || state.leads_to != side {
            return Err(self.error(&format!("open {side}"), format!("it says {state:?}")));
        }
        Ok(())
    }

    async fn command(&self, command: &str) -> Result<String, CutoverError> {
        let talk = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            stream.write_all(format!("{command}\n").as_bytes()).await?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).await?;
            Ok::<String, std::io::Error>(answer.trim().to_owned())
        };
        let answer = tokio::time::timeout(ANSWER_LIMIT, talk)
            .await
            .map_err(|_| self.error(command, "no answer in time".to_owned()))?;
        let answer = answer.map_err(|error| self.error(command, error.to_string()))?;
        match answer.strip_prefix("error ") {
            Some(reason) => Err(self.error(command, reason.to_owned())),
            None if answer.is_empty() => {
                Err(self.error(command, "it closed without an answer".to_owned()))
            }
            None => Ok(answer),
        }
    }

    fn error(&self, command: &str, reason: String) -> CutoverError {
        CutoverError::Edge {
            address: self.address.clone(),
            command: command.to_owned(),
            reason,
        }
    }
}
