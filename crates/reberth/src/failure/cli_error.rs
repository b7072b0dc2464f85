//! What can go wrong at the edge itself, before or after a stage.

use std::path::{Path, PathBuf};

/// What can go wrong at the edge itself: arguments, the project folder, its files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The folder is not a project.
    #[error("{} is not a migration project: it has no reberth.yaml", folder.display())]
    NoProject {
        /// The folder looked at.
        folder: PathBuf,
    },
    /// Neither a project nor a pair of addresses.
    #[error("there is nothing to replicate: {} has no reberth.yaml, and REBERTH_SOURCE_URL and REBERTH_TARGET_URL are not set", folder.display())]
    NothingToReplicate {
        /// The folder looked at.
        folder: PathBuf,
    },
    /// Source and target are the same.
    #[error("source and target are the same database: {place}")]
    SamePlace {
        /// Database and host.
        place: String,
    },
    /// The stream is held, and nothing else was to be done.
    #[error("replication of {databases} is paused")]
    Paused {
        /// The databases.
        databases: String,
    },
    /// The address for metrics cannot be served.
    #[error("metrics cannot be served at {address}")]
    Metrics {
        /// Where.
        address: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// `reberth.yaml` cannot be understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong; names the field.
        message: String,
    },
    /// `init` found a project already.
    #[error("{} is there already and is not overwritten", path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
    /// No token for the source provider.
    #[error("the environment variable {variable} is not set")]
    NoToken {
        /// Its name.
        variable: &'static str,
    },
    /// An estate was written in which parts are missing that would not be read.
    #[error(
        "estate.json was written, and it is not whole: {paths} answer(s) of the provider stayed broken however often they were asked for"
    )]
    PartlyRead {
        /// How many.
        paths: u64,
    },
    /// A document that this command needs was not made yet.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The command that makes it.
        made_by: &'static str,
    },
    /// A document cannot be read as what it should be.
    #[error("{}{}: {message}", path.display(), place(*line, *column))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Line, from 1; 0 when not known.
        line: usize,
        /// Column, from 1; 0 when not known.
        column: usize,
        /// What is wrong.
        message: String,
        /// The command that makes the file anew.
        made_by: &'static str,
    },
    /// A file or folder cannot be read or written.
    #[error("{} could not be {doing}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written`, `made` or `removed`.
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The operating system refused something else.
    #[error("{what}")]
    System {
        /// What could not be done.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A step of the demo did not end well.
    #[error("`reberth {command}` ended with exit code {code}")]
    Step {
        /// The command.
        command: String,
        /// Its exit code.
        code: i32,
    },
    /// An argument that the parser cannot judge.
    #[error("{argument} {given:?} cannot be used: {why}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// What was given.
        given: String,
        /// Why not.
        why: String,
    },
}

fn place(line: usize, column: usize) -> String {
    if line == 0 {
        return String::new();
    }
    format!(":{line}:{column}")
}

impl CliError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            CliError::NoProject { .. } => "RB-CLI-001",
            CliError::Policy { .. } => "RB-CLI-002",
            CliError::AlreadyThere { .. } => "RB-CLI-003",
            CliError::NoToken { .. } => "RB-CLI-004",
            CliError::PartlyRead { .. } => "RB-CLI-017",
            CliError::Missing { .. } => "RB-CLI-005",
            CliError::Unreadable { .. } => "RB-CLI-006",
            CliError::File { .. } => "RB-CLI-007",
            CliError::System { .. } => "RB-CLI-009",
            CliError::Argument { .. } => "RB-CLI-010",
            CliError::Step { .. } => "RB-CLI-012",
            CliError::NothingToReplicate { .. } => "RB-CLI-013",
            CliError::SamePlace { .. } => "RB-CLI-014",
            CliError::Paused { .. } => "RB-CLI-015",
            CliError::Metrics { .. } => "RB-CLI-016",
        }
    }

    pub(super) fn hint(&self) -> String {
        match self {
            CliError::NoProject { .. } => {
                "run `reberth init DIR --source digitalocean --region REGION`, or name the folder with --project".to_owned()
            }
            CliError::Policy { path, .. } => {
                format!("correct that line of {}, then run the same command again", path.display())
            }
            CliError::NothingToReplicate { .. } => {
                "set both variables to mysql://user:password@host:port/database, or name a project folder with --project".to_owned()
            }
            CliError::SamePlace { .. } => {
                "correct REBERTH_TARGET_URL: a database is moved from one server to another".to_owned()
            }
            CliError::Paused { .. } => {
                "run `reberth replicate resume` to go on from the same place".to_owned()
            }
            CliError::Metrics { .. } => {
                "name another address with --metrics, such as 127.0.0.1:9188; the stream was not started".to_owned()
            }
            CliError::AlreadyThere { .. } => {
                "edit that file, or name another folder".to_owned()
            }
            CliError::NoToken { variable } => {
                format!("make a read-only token at the provider and run `export {variable}=...`; the token goes nowhere but to the API")
            }
            CliError::PartlyRead { .. } => {
                "run `reberth discover` again, which takes the good answers from this run; or go on with what is there: the missing parts are named under \"not visible\", and what depends on them is unknown".to_owned()
            }
            CliError::Missing { made_by, .. } => format!("run `{made_by}` first"),
            CliError::Unreadable { made_by, .. } => {
                format!("restore the file from version control, or make it anew with `{made_by}`")
            }
            CliError::File { .. } => {
                "check the path, the rights and the free space, then run the same command again; nothing is half written".to_owned()
            }
            CliError::System { .. } => "run the same command again".to_owned(),
            CliError::Argument { .. } => "`reberth help` shows what may be given".to_owned(),
            CliError::Step { .. } => "its own error stands above; a promise that was broken here is a defect of Reberth: please report it".to_owned(),
        }
    }

    /// A file that could not be `doing` (read, written, made, removed).
    pub(crate) fn file(path: &Path, doing: &'static str, source: std::io::Error) -> CliError {
        CliError::File {
            path: path.to_owned(),
            doing,
            source,
        }
    }
}
