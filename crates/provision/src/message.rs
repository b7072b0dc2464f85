//! The lines that `init`, `plan` and `apply` write with `-json`: the one place that reads them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line that means something to the runner. All others are passed over: the format says that new ones may come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "message")]
pub enum Message {
    /// Terraform turned to a resource.
    Began {
        /// Its address.
        address: String,
        /// `create`, `update`, `delete` ...
        action: String,
    },
    /// It is still at it.
    Working {
        /// Its address.
        address: String,
        /// For how long, in seconds.
        elapsed_s: u64,
    },
    /// The resource is as planned, and in the state.
    Finished {
        /// Its address.
        address: String,
        /// `create`, `update`, `delete` ...
        action: String,
        /// How long it took, in seconds.
        elapsed_s: u64,
    },
    /// The resource failed.
    Failed {
        /// Its address.
        address: String,
        /// `create`, `update`, `delete` ...
        action: String,
    },
    /// Something to tell.
    Diagnostic(Diagnostic),
    /// A change that `plan` would make.
    Planned {
        /// The resource's address.
        address: String,
    },
    /// The command came to its end.
    Summary {
        /// `plan` or `apply`.
        operation: String,
    },
}

/// An error or warning of Terraform or of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// In a few words.
    pub summary: String,
    /// In sentences.
    #[serde(default)]
    pub detail: String,
    /// The resource it is about.
    #[serde(default)]
    pub address: Option<String>,
}

impl Diagnostic {
    /// Whether the command fails for it.
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Its first line, with the resource. What a provider says in detail may repeat values, so it stays out of the journal.
    pub fn headline(&self) -> String {
        let summary = self.summary.lines().next().unwrap_or_default();
        match &self.address {
            Some(address) => format!("{address}: {summary}"),
            None => summary.to_owned(),
        }
    }
}

impl Message {
    /// Reads one line; `None` for one that is no JSON or means nothing here.
    pub fn read(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let hook = &line["hook"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let address = text(&hook["resource"]["addr"]);
        let action = text(&hook["action"]);
        let elapsed_s = hook["elapsed_seconds"].as_u64().unwrap_or_default();
        Some(match line["type"].as_str()? {
            "apply_start" => Self::Began { address, action },
            "apply_progress" => Self::Working { address, elapsed_s },
            "apply_complete" => Self::Finished {
                address,
                action,
                elapsed_s,
            },
            "apply_errored" => Self::Failed { address, action },
            "diagnostic" => Self::Diagnostic(Diagnostic::deserialize(&line["diagnostic"]).ok()?),
            "planned_change" => Self::Planned {
                address: text(&line["change"]["resource"]["addr"]),
            },
            "change_summary" => Self::Summary {
                operation: text(&line["changes"]["operation"]),
            },
            _ => return None,
        })
    }

    /// All that mean something in a text.
    pub fn read_all(text: &str) -> Vec<Self> {
        text.lines().filter_map(Self::read).collect()
    }
}

/// How many changes a plan would make.
pub(crate) fn planned(messages: &[Message]) -> usize {
    let is_planned = |message: &&Message| matches!(message, Message::Planned { .. });
    messages.iter().filter(is_planned).count()
}

/// The errors among messages.
pub(crate) fn errors(messages: &[Message]) -> Vec<&Diagnostic> {
    let diagnostics = messages.iter().filter_map(|message| match message {
        Message::Diagnostic(diagnostic) => Some(diagnostic),
        _ => None,
    });
    diagnostics.filter(|found| found.is_error()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_terraform_are_read_and_others_passed_over() {
        let text = concat!(
            r#"{"type":"version","terraform":"1.15.5"}"#,
            "\n",
            r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.this[\"a\"]"},"action":"create"}}"#,
            "\n",
            r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.this[\"a\"]"},"action":"create","elapsed_seconds":3}}"#,
            "\npanic: runtime error\n",
            r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"a\nb","address":"aws_vpc.x"}}"#,
            "\n",
            r#"{"type":"change_summary","changes":{"operation":"apply"}}"#,
            "\n",
            r#"{"type":"apply_"#,
        );
        let messages = Message::read_all(text);
        assert_eq!(messages.len(), 4, "{messages:?}");
        assert_eq!(errors(&messages)[0].headline(), "aws_vpc.x: no");
        let summary = Message::Summary {
            operation: "apply".to_owned(),
        };
        assert_eq!(messages[3], summary);
    }
}
