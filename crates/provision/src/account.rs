//! What an apply did, as its log tells it.

use crate::error::ProvisionError;
use crate::lock::LockHolder;
use crate::message::{Diagnostic, Message};

/// An apply by its log. The log is all that is left of an apply whose process died, and says as much as its exit code of one that did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Resources that are done, and in the state.
    pub(crate) done: usize,
    /// Resources that were begun and neither done nor failed.
    pub(crate) at_work: Vec<String>,
    /// Resources that failed.
    pub(crate) failed: usize,
    /// Errors that were told.
    pub(crate) errors: Vec<Diagnostic>,
    /// Whether it came to its end.
    pub(crate) is_complete: bool,
}

impl Account {
    /// Reads a log.
    pub(crate) fn of(log: &str) -> Self {
        let mut account = Self::default();
        for message in Message::read_all(log) {
            account.take_in(message);
        }
        account
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Began { address, .. } => self.at_work.push(address),
            Message::Finished { address, .. } => {
                self.done += 1;
                self.forget(&address);
            }
            Message::Failed { address, .. } => {
                self.failed += 1;
                self.forget(&address);
            }
            Message::Diagnostic(diagnostic) if diagnostic.is_error() => {
                self.errors.push(diagnostic);
            }
            Message::Summary { operation } if operation == "apply" => self.is_complete = true,
            _ => {}
        }
    }

    /// A replacement begins and ends under one address twice: only the last beginning is taken off.
    fn forget(&mut self, address: &str) {
        if let Some(place) = self.at_work.iter().rposition(|begun| begun == address) {
            self.at_work.remove(place);
        }
    }

    /// Whether everything was done.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.is_complete && self.errors.is_empty()
    }

    /// Whether nothing was touched, so that the same plan may be applied once more: Terraform itself refuses it on another state.
    pub(crate) fn has_touched_nothing(&self) -> bool {
        self.done == 0 && self.failed == 0 && self.at_work.is_empty() && !self.is_complete
    }

    /// The lock in the way, if that is why it failed.
    pub(crate) fn lock(&self) -> Option<LockHolder> {
        let read = |error: &Diagnostic| LockHolder::parse(&error.summary, &error.detail);
        self.errors.iter().find_map(read)
    }

    /// Whether Terraform itself found, under its lock, that the state is not the one that was planned on.
    pub(crate) fn is_stale(&self) -> bool {
        let is_stale = |error: &Diagnostic| error.summary.contains("plan is stale");
        self.errors.iter().any(is_stale)
    }

    /// Why it did not succeed.
    pub(crate) fn failure(&self, root: &str, planned: usize) -> ProvisionError {
        let root = root.to_owned();
        match self.errors.first() {
            first if self.has_touched_nothing() => ProvisionError::NotBegun {
                root,
                said: first.map_or_else(
                    || "Terraform ended without a word".to_owned(),
                    Diagnostic::headline,
                ),
            },
            None => ProvisionError::Died {
                root,
                at_work: match self.at_work.is_empty() {
                    true => "nothing that it had said".to_owned(),
                    false => self.at_work.join(", "),
                },
            },
            Some(first) => ProvisionError::Partial {
                root,
                done: self.done,
                planned,
                failed: match self.errors.len() {
                    1 => first.headline(),
                    count => format!("{} and {} more", first.headline(), count - 1),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(kind: &str, address: &str) -> String {
        format!(
            r#"{{"type":"{kind}","hook":{{"resource":{{"addr":"{address}"}},"action":"create"}}}}"#
        )
    }

    const ERROR: &str = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"refused","detail":""}}"#;
    const END: &str = r#"{"type":"change_summary","changes":{"operation":"apply"}}"#;

    #[test]
    fn a_log_tells_how_far_an_apply_came() {
        let (begin, done) = (hook("apply_start", "a"), hook("apply_complete", "a"));
        let failed = hook("apply_errored", "b");
        let cases = [
            ("", "touched nothing"),
            (ERROR, "touched nothing"),
            (&format!("{begin}\n{done}\n{END}"), "done"),
            (&format!("{begin}\n"), "RB-PRO-016"),
            (&format!("{begin}\n{{\"type\":\"apply_com"), "RB-PRO-016"),
            (&format!("{begin}\n{done}\n{failed}\n{ERROR}"), "RB-PRO-013"),
            (&format!("{begin}\n{done}\n{ERROR}\n{END}"), "RB-PRO-013"),
        ];
        for (log, expected) in cases {
            let account = Account::of(log);
            let found = match () {
                () if account.has_succeeded() => "done",
                () if account.has_touched_nothing() => "touched nothing",
                () => account.failure("r", 3).code(),
            };
            assert_eq!(found, expected, "{log}");
        }
    }

    #[test]
    fn a_replacement_that_died_in_its_second_half_is_still_at_work() {
        let log = [
            hook("apply_start", "a"),
            hook("apply_complete", "a"),
            hook("apply_start", "a"),
        ];
        assert_eq!(Account::of(&log.join("\n")).at_work, ["a"]);
    }
}
