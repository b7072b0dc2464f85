//! The one error type of the edge: every stage's error becomes a [`Failure`], and is printed once.

mod cli_error;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use reberth_assess::AssessError;
use reberth_design::DesignError;
use reberth_discover::DiscoverError;
use reberth_generate::GenerateError;
use reberth_journal::JournalError;
use reberth_provision::ProvisionError;
use reberth_replicate::ReplicateError;
use serde_json::{Value, json};

use crate::exit::Exit;

pub(crate) use cli_error::CliError;

/// Between the text of an error and its hint, where a stage's error carries its own.
const HINT_MARK: &str = "\n\nhint: ";

/// A command that failed, with all that the operator needs to go on.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Cow<'static, str>,
    error: Box<dyn Error + Send + Sync>,
    hint: String,
}

impl Failure {
    /// Wraps an error of a stage. `code` has a page in `docs/errors/`; `hint` says what to do now.
    pub(crate) fn new(
        code: &'static str,
        error: impl Error + Send + Sync + 'static,
        hint: impl Into<String>,
    ) -> Failure {
        Failure {
            code: Cow::Borrowed(code),
            error: Box::new(error),
            hint: hint.into(),
        }
    }

    /// A failure of a step, as the journal has it.
    pub(crate) fn recorded(
        code: &str,
        error: impl Error + Send + Sync + 'static,
        hint: impl Into<String>,
    ) -> Failure {
        Failure {
            code: Cow::Owned(code.to_owned()),
            error: Box::new(error),
            hint: hint.into(),
        }
    }

    /// The operating system refused something that has no better name.
    pub(crate) fn io(what: &str, source: std::io::Error) -> Failure {
        CliError::System {
            what: what.to_owned(),
            source,
        }
        .into()
    }

    /// The exit code that goes with it.
    pub(crate) fn exit(&self) -> Exit {
        match self.error.downcast_ref() {
            Some(CliError::Paused { .. }) => Exit::Waiting,
            _ => Exit::Failed,
        }
    }

    /// The code of the error's page.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether a document is simply not there yet.
    pub(crate) fn is_missing_document(&self) -> bool {
        matches!(self.error.downcast_ref(), Some(CliError::Missing { .. }))
    }

    /// Whether the folder is no project.
    pub(crate) fn is_no_project(&self) -> bool {
        matches!(self.error.downcast_ref(), Some(CliError::NoProject { .. }))
    }

    /// What failed and why, without the hint.
    pub(crate) fn message(&self) -> String {
        self.split().0
    }

    /// What to do now.
    fn hint(&self) -> String {
        self.split().1
    }

    fn split(&self) -> (String, String) {
        let text = self.error.to_string();
        match text.split_once(HINT_MARK) {
            Some((message, hint)) => (message.to_owned(), hint.to_owned()),
            None => (text, self.hint.clone()),
        }
    }

    /// Each cause once. A cause that says nothing new is left out: libraries like to repeat their own causes.
    fn causes(&self) -> Vec<String> {
        let mut said = self.message();
        let mut causes = Vec::new();
        let mut next = self.error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !said.contains(&text) {
                said.push_str(&text);
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }

    /// The failure as one JSON object.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "error": {
                "code": self.code,
                "message": self.message(),
                "causes": self.causes(),
                "hint": self.hint(),
                "page": format!("docs/errors/{}.md", self.code),
            }
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error[{}]: {}", self.code, self.message())?;
        for cause in self.causes() {
            write!(formatter, "\n  because: {cause}")?;
        }
        let hint = self.hint();
        if hint.is_empty() {
            return Ok(());
        }
        write!(formatter, "{HINT_MARK}{hint}")
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Failure {
        let (code, hint) = (error.code(), error.hint());
        Failure::new(code, error, hint)
    }
}

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Failure {
        let (code, hint) = (error.code(), error.hint());
        Failure::new(code, error, hint)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        let (code, hint) = (error.code(), error.hint());
        Failure::new(code, error, hint)
    }
}

impl From<ProvisionError> for Failure {
    fn from(error: ProvisionError) -> Failure {
        let (code, hint) = (error.code(), error.hint());
        Failure::new(code, error, hint)
    }
}

impl From<ReplicateError> for Failure {
    fn from(error: ReplicateError) -> Failure {
        let (code, hint) = (error.code(), error.hint());
        Failure::new(code, error, hint)
    }
}

impl From<AssessError> for Failure {
    fn from(error: AssessError) -> Failure {
        let hint = "correct the input that the message names; nothing was written";
        Failure::new(error.code(), error, hint)
    }
}

/// The errors of these two stages carry their hints in their texts, where they know the names.
impl From<DesignError> for Failure {
    fn from(error: DesignError) -> Failure {
        Failure::new(error.code(), error, "")
    }
}

impl From<GenerateError> for Failure {
    fn from(error: GenerateError) -> Failure {
        Failure::new(error.code(), error, "")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_failure_is_told_once_with_its_causes_and_its_hint() {
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let failure: Failure = CliError::file(Path::new("p/estate.json"), "written", source).into();
        assert_eq!(
            failure.to_string(),
            "error[RB-CLI-007]: p/estate.json could not be written\n  because: permission denied\n\nhint: check the path, \
             the rights and the free space, then run the same command again; nothing is half written"
        );
    }

    #[test]
    fn the_hint_that_a_stage_puts_into_its_text_is_taken_out_of_it() {
        let failure: Failure = GenerateError::Edited.into();
        let json = failure.to_json();
        let field = |name: &str| json["error"][name].as_str().unwrap().to_owned();
        assert!(!field("message").contains("hint"), "{json}");
        assert!(
            field("hint").starts_with("put the wish into reberth.yaml"),
            "{json}"
        );
    }
}
