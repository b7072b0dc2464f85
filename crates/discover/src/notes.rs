//! What could not be read or understood.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reberth_model::estate::{NotVisible, Unmapped};

use crate::client::Answer;
use crate::item::{Identified, Item};
use crate::scrubbed::without_secrets;

/// What the name of a part begins with that is a command with a secret.
const COMMAND_OF: &str = "command of ";

/// Whether a part that is not visible is the secret in a command, and nothing that the token may not see.
pub fn is_command(part: &NotVisible) -> bool {
    part.what.starts_with(COMMAND_OF)
}

/// What could not be read or understood, each once.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) not_visible: BTreeSet<NotVisible>,
    pub(crate) unmapped: BTreeSet<Unmapped>,
}

/// Where several readers at once write their notes.
#[derive(Default)]
pub(crate) struct Notebook(Mutex<Notes>);

impl Notebook {
    /// Notes that the token may not see `what`.
    pub(crate) fn not_visible(&self, what: &str, reason: String) {
        let what = what.to_owned();
        self.lock().not_visible.insert(NotVisible { what, reason });
    }

    /// The command of `owner` without its secrets. One that had some is noted, since it does not run as it stands.
    pub(crate) fn command(&self, owner: &str, command: &str) -> String {
        let kept = without_secrets(command);
        if kept != command {
            let reason = "a secret is written in it and is left out: move it into a setting";
            self.not_visible(&format!("{COMMAND_OF}{owner}"), reason.to_owned());
        }
        kept
    }

    /// Notes an item at `what` that is not understood.
    pub(crate) fn unmapped(&self, what: &str, mut id: String) {
        if id.is_empty() {
            id.push_str("without an identifier");
        }
        let what = what.to_owned();
        self.lock().unmapped.insert(Unmapped { what, id });
    }

    /// What was found; otherwise the provider's reason is noted.
    pub(crate) fn found<T>(&self, what: &str, answer: Answer<T>) -> Option<T> {
        match answer {
            Answer::Found(found) => Some(found),
            Answer::Refused(reason) | Answer::Absent(reason) | Answer::Broken(reason) => {
                self.not_visible(what, reason);
                None
            }
        }
    }

    /// The items that are understood; the others are noted.
    pub(crate) fn known<T>(&self, what: &str, items: Vec<Item<T>>) -> Vec<T> {
        let mut known = Vec::new();
        for item in items {
            match item {
                Item::Known(item) => known.push(item),
                Item::Unreadable(stub) => self.unmapped(what, stub.id()),
            }
        }
        known
    }

    pub(crate) fn into_notes(self) -> Notes {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
