//! The migration project on disk: where its documents are, and how they are read.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use reberth_journal::Journal;
use reberth_model::assessment::Assessment;
use reberth_model::design::Design;
use reberth_model::document::{SCHEMA, sha256_hex};
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;
use serde::de::DeserializeOwned;

use crate::failure::{CliError, Failure};

/// A project's folder.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    folder: PathBuf,
}

/// A document with the hash of the bytes it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded<T> {
    /// The document.
    pub(crate) document: T,
    /// The file's bytes.
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub(crate) sha256: String,
}

impl Project {
    /// The project in `folder`, which need not exist yet.
    pub(crate) fn new(folder: &Path) -> Project {
        Project {
            folder: folder.to_owned(),
        }
    }

    /// A path inside the project.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.join(inside)
    }

    /// `reberth.yaml`.
    pub(crate) fn policy_path(&self) -> PathBuf {
        self.path("reberth.yaml")
    }

    /// `estate.json`.
    pub(crate) fn estate_path(&self) -> PathBuf {
        self.path("estate.json")
    }

    /// `assessment.json`.
    pub(crate) fn assessment_path(&self) -> PathBuf {
        self.path("assessment.json")
    }

    /// `design.json`.
    pub(crate) fn design_path(&self) -> PathBuf {
        self.path("design.json")
    }

    /// The journal's file, in a folder that is not for version control.
    pub(crate) fn journal_path(&self) -> PathBuf {
        self.path(".reberth/journal.db")
    }

    /// The policy. Every command begins with it: without it the folder is no project.
    pub(crate) fn policy(&self) -> Result<Loaded<Policy>, Failure> {
        let path = self.policy_path();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folder = self.folder.clone();
                return Err(CliError::NoProject { folder }.into());
            }
            read => read.map_err(|error| CliError::file(&path, "read", error))?,
        };
        let refused = |line, column, message| CliError::Policy {
            path: path.clone(),
            line,
            column,
            message,
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            refused(
                line_of(&bytes[..error.valid_up_to()]),
                1,
                "this line is not UTF-8".to_owned(),
            )
        })?;
        let document = Policy::parse(text)
            .map_err(|error| refused(error.line.max(1), error.column.max(1), error.message))?;
        Ok(loaded(document, bytes))
    }

    /// The estate that `discover` wrote.
    pub(crate) fn estate(&self) -> Result<Loaded<Estate>, Failure> {
        document(&self.estate_path(), "reberth discover")
    }

    /// The hash by which a design names the assessment it follows: of what it says of the source.
    pub(crate) fn source_sha256(&self, assessment: &Assessment) -> Result<String, Failure> {
        assessment
            .source_sha256()
            .map_err(|error| CliError::file(&self.assessment_path(), "hashed", error.into()).into())
    }

    /// The assessment that `assess` wrote.
    pub(crate) fn assessment(&self) -> Result<Loaded<Assessment>, Failure> {
        document(&self.assessment_path(), "reberth assess")
    }

    /// The design that `design` wrote. Its hash is not checked here.
    pub(crate) fn design(&self) -> Result<Loaded<Design>, Failure> {
        document(&self.design_path(), "reberth design")
    }

    /// The journal, for writing. It is made when it is missing.
    pub(crate) fn journal(&self) -> Result<Journal, Failure> {
        let path = self.journal_path();
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|error| CliError::file(folder, "made", error))?;
        Ok(Journal::open(&path)?)
    }

    /// The journal, for reading beside a writer. `None` when nothing was ever recorded.
    pub(crate) fn journal_to_read(&self) -> Result<Option<Journal>, Failure> {
        let path = self.journal_path();
        let exists = path
            .try_exists()
            .map_err(|error| CliError::file(&path, "read", error))?;
        Ok(if exists {
            Some(Journal::open_read_only(&path)?)
        } else {
            None
        })
    }
}

/// A document that may not exist yet.
pub(crate) fn optional<T>(read: Result<Loaded<T>, Failure>) -> Result<Option<Loaded<T>>, Failure> {
    match read {
        Err(failure) if failure.is_missing_document() => Ok(None),
        read => read.map(Some),
    }
}

/// Reads a JSON document that the command `made_by` writes.
pub(crate) fn document<T: DeserializeOwned>(
    path: &Path,
    made_by: &'static str,
) -> Result<Loaded<T>, Failure> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let path = path.to_owned();
            return Err(CliError::Missing { path, made_by }.into());
        }
        read => read.map_err(|error| CliError::file(path, "read", error))?,
    };
    let refused = |error: serde_json::Error| CliError::Unreadable {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        message: without_place(&error),
        made_by,
    };
    check_schema(path, &bytes, made_by)?;
    let document = serde_json::from_slice(&bytes).map_err(refused)?;
    Ok(loaded(document, bytes))
}

/// A newer format would fail at its first new field; it is better to say that it is newer. What is not even JSON is
/// left to the reading of the document, which knows the place.
fn check_schema(path: &Path, bytes: &[u8], made_by: &'static str) -> Result<(), CliError> {
    #[derive(serde::Deserialize)]
    struct Format {
        schema: u32,
    }
    match serde_json::from_slice::<Format>(bytes) {
        Ok(Format { schema }) if schema != SCHEMA => Err(CliError::Unreadable {
            path: path.to_owned(),
            line: 0,
            column: 0,
            message: format!("field `schema` is {schema}, and this build reads {SCHEMA}"),
            made_by,
        }),
        _ => Ok(()),
    }
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place)
        .map_or(text.clone(), str::to_owned)
}

fn loaded<T>(document: T, bytes: Vec<u8>) -> Loaded<T> {
    let sha256 = sha256_hex(&bytes);
    Loaded {
        document,
        bytes,
        sha256,
    }
}

fn line_of(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
