//! The live databases to move, and the connections to both sides.

use serde::{Deserialize, Serialize};

use super::FencePolicy;

/// One live database to move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Name of the database on both servers.
    pub name: String,
    /// Name of the discovered cluster it lives on, as in `estate.json`.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Connections to the server it lives on now.
    pub source: SourceConnections,
    /// Connections to the server it moves to.
    pub target: TargetConnections,
    /// Accounts (`user@host`) that may keep writing to a fenced server, such as the server's own
    /// administrator. They are named in the evidence.
    #[serde(default)]
    pub exempt_accounts: Vec<String>,
    /// How the source is fenced at the cutover; MySQL and MariaDB only.
    #[serde(default, skip_serializing_if = "FencePolicy::is_default")]
    pub fence: FencePolicy,
    /// Where its own front door is steered (`host:port`), if it does not use the policy's.
    #[serde(default)]
    pub front_door: Option<String>,
    /// Copy workers that read the source at the same time.
    #[serde(default = "default_copy_workers")]
    pub copy_workers: usize,
}

fn default_copy_workers() -> usize {
    2
}

/// Four references to the source, each with exactly the rights it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceConnections {
    /// Reads rows and the log: SELECT, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW.
    pub reader: Reference,
    /// Locks the application's account and ends its sessions.
    pub fence: Reference,
    /// The application's own account: the canary.
    pub app: Reference,
    /// Writes the way back; exempt from the fence.
    pub reverse: Reference,
}

/// References to the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetConnections {
    /// Creates and writes the database, and reads its log for the way back.
    pub writer: Reference,
    /// Locks and unlocks the application's account and ends its sessions.
    pub fence: Reference,
    /// The application's own account.
    pub app: Reference,
}

/// The name of an environment variable that holds a secret, written `env:NAME`. A secret itself is refused.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    variable: String,
}

impl Reference {
    /// The environment variable's name.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

impl TryFrom<String> for Reference {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        // The text may be a secret written here by mistake, so it never enters the message.
        let variable = text.strip_prefix("env:").ok_or(
            "expected a reference such as env:NAME; secrets themselves do not belong in this file",
        )?;
        let good = !variable.is_empty()
            && variable
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !variable.starts_with(|c: char| c.is_ascii_digit());
        if !good {
            return Err("the name after env: may hold letters, digits and _ only".to_owned());
        }
        Ok(Reference {
            variable: variable.to_owned(),
        })
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        format!("env:{}", reference.variable)
    }
}

/// Whether every database has a name of its own and a bearable number of workers. The error is a text to find the line by, and the message.
pub(super) fn check(databases: &[DatabasePolicy]) -> Result<(), (String, String)> {
    let refuse = |needle: &str, message: String| Err((needle.to_owned(), message));
    for (index, database) in databases.iter().enumerate() {
        if database.name.is_empty()
            || database.name.contains(['`', '\0', '/', '\\'])
            || database.name.len() > 64
        {
            return refuse(
                &database.name,
                format!(
                    "databases[{index}].name {:?} is not a database name",
                    database.name
                ),
            );
        }
        if databases[..index]
            .iter()
            .any(|earlier| earlier.name == database.name)
        {
            return refuse(
                &database.name,
                format!(
                    "databases[{index}].name {:?} is listed twice",
                    database.name
                ),
            );
        }
        if !(1..=32).contains(&database.copy_workers) {
            return refuse(
                "copy_workers",
                format!("databases[{index}].copy_workers must be 1 to 32"),
            );
        }
    }
    Ok(())
}
