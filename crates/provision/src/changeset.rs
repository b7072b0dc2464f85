//! The changes of one root, as a person reads them. A secret value never enters a changeset.

mod difference;
mod outputs;

use serde::{Deserialize, Serialize};

use crate::plan_document::{PlanDocument, ResourceChange};
use crate::risk::{Risk, risk_of};

pub use difference::AttributeChange;

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It goes away.
    Destroy,
    /// It goes away and a new one comes.
    Replace,
    /// It is changed in place.
    Change,
    /// It is made.
    Create,
    /// An existing object is taken over.
    Import,
    /// It gets another address; nothing happens to the object.
    Move,
    /// Terraform no longer knows it; the object stays.
    Forget,
}

impl Verb {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Destroy => "destroy",
            Self::Replace => "replace",
            Self::Change => "change",
            Self::Create => "create",
            Self::Import => "import",
            Self::Move => "move",
            Self::Forget => "forget",
        }
    }

    /// `None` for a resource that stays as it is or is only read.
    fn of(resource: &ResourceChange) -> Option<Self> {
        let change = &resource.change;
        if !resource.is_managed() {
            return None;
        }
        Some(match (change.has("create"), change.has("delete")) {
            (true, true) => Self::Replace,
            (false, true) => Self::Destroy,
            (true, false) => Self::Create,
            _ if change.has("update") => Self::Change,
            _ if change.has("forget") => Self::Forget,
            _ if change.importing.is_some() => Self::Import,
            _ if resource.previous_address.is_some() => Self::Move,
            _ => return None,
        })
    }
}

/// What happens to one resource, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its address.
    pub address: String,
    /// Its type.
    pub kind: String,
    /// What happens.
    pub verb: Verb,
    /// Why, where Terraform says so.
    pub why: Option<String>,
    /// The attributes that differ; empty for what is made or goes away as a whole.
    pub attributes: Vec<AttributeChange>,
    /// What may go wrong for people.
    pub risk: Option<Risk>,
}

/// The changes of one root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changeset {
    /// What happens, the most dangerous first.
    pub changes: Vec<Change>,
    /// Outputs whose values change: roots behind may read them.
    pub outputs: Vec<String>,
    /// Those of them that only lose values: what is left of them is as it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs_that_lose: Vec<String>,
}

impl Changeset {
    /// The changes of a plan.
    pub fn of(plan: &PlanDocument) -> Self {
        let mut changes: Vec<Change> = plan.resource_changes.iter().filter_map(change).collect();
        changes.sort_by(|a, b| (a.verb, &a.address).cmp(&(b.verb, &b.address)));
        Self {
            changes,
            outputs: outputs::changed(plan),
            outputs_that_lose: outputs::that_lose(plan),
        }
    }

    /// What was changed at the provider, as a plan found it; the same form, read backwards: from what was applied to what is there.
    pub fn drift_of(plan: &PlanDocument) -> Self {
        let mut changes: Vec<Change> = plan.resource_drift.iter().filter_map(change).collect();
        for change in &mut changes {
            change.risk = None;
        }
        changes.sort_by(|a, b| (a.verb, &a.address).cmp(&(b.verb, &b.address)));
        Self {
            changes,
            outputs: outputs::changed(plan),
            outputs_that_lose: outputs::that_lose(plan),
        }
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.outputs.is_empty()
    }

    /// Whether it takes things out and does nothing else. Roots behind may use them until they are applied themselves, and AWS deletes nothing that is
    /// in use; so such a root is applied after them. An output that is new or gets another value is more than that: roots behind may need it first.
    pub fn takes_out_only(&self) -> bool {
        let takes_out = |change: &Change| change.verb == Verb::Destroy;
        let is_harmless = |change: &Change| matches!(change.verb, Verb::Move | Verb::Forget);
        let mut changes = self.changes.iter();
        let mut outputs = self.outputs.iter();
        self.changes.iter().any(takes_out)
            && changes.all(|own| takes_out(own) || is_harmless(own))
            && outputs.all(|own| self.outputs_that_lose.contains(own))
    }

    /// Whether roots behind it cannot be planned truthfully before it is applied: outputs change that they may read.
    pub fn holds_up(&self) -> bool {
        !self.outputs.is_empty() && !self.takes_out_only()
    }

    /// How many there are of each kind, in words: `2 to create, 1 to change`.
    pub fn summary(&self) -> String {
        let verbs = [
            Verb::Create,
            Verb::Change,
            Verb::Replace,
            Verb::Destroy,
            Verb::Import,
            Verb::Move,
            Verb::Forget,
        ];
        let count = |verb: Verb| self.changes.iter().filter(|c| c.verb == verb).count();
        let counted = verbs.map(|verb| (count(verb), verb.word()));
        let parts: Vec<String> = counted
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} to {word}"))
            .collect();
        match (parts.is_empty(), self.outputs.len()) {
            (false, _) => parts.join(", "),
            (true, 0) => "no changes".to_owned(),
            (true, outputs) => format!("{outputs} output(s) to write"),
        }
    }
}

fn change(resource: &ResourceChange) -> Option<Change> {
    let verb = Verb::of(resource)?;
    let attributes = match verb {
        Verb::Change | Verb::Replace => difference::attributes(&resource.change),
        _ => Vec::new(),
    };
    Some(Change {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        verb,
        why: why(resource),
        risk: risk_of(resource, verb),
        attributes,
    })
}

/// Terraform's word for why, as a sentence.
fn why(resource: &ResourceChange) -> Option<String> {
    if let Some(previous) = &resource.previous_address {
        return Some(format!("was {previous}"));
    }
    let text = match resource.action_reason.as_deref()? {
        "replace_because_cannot_update" => "an attribute cannot be changed in place",
        "replace_because_tainted" => "its creation failed half way, or it was marked",
        "replace_by_request" => "asked for by hand",
        "replace_by_triggers" => "a resource that it follows changes",
        "delete_because_no_resource_config" => "it is no longer in the files",
        "delete_because_no_module" => "its module is no longer in the files",
        "delete_because_wrong_repetition" | "delete_because_count_index" => {
            "it is no longer counted"
        }
        "delete_because_each_key" => "its key is no longer in the files",
        "delete_because_no_move_target" => "it was moved to where nothing is",
        other => other,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changeset(verbs: &[Verb], outputs: &[&str]) -> Changeset {
        let changes = verbs.iter().map(|verb| Change {
            address: "aws_security_group.this".to_owned(),
            kind: "aws_security_group".to_owned(),
            verb: *verb,
            why: None,
            attributes: Vec::new(),
            risk: None,
        });
        let outputs: Vec<String> = outputs.iter().map(|own| (*own).to_owned()).collect();
        Changeset {
            changes: changes.collect(),
            outputs_that_lose: outputs.clone(),
            outputs,
        }
    }

    #[test]
    fn what_only_takes_out_holds_up_nobody() {
        for (verbs, takes_out_only, holds_up) in [
            (&[Verb::Destroy][..], true, false),
            (&[Verb::Destroy, Verb::Move, Verb::Forget], true, false),
            // What is made may be needed by roots behind, and what is changed may be read by them.
            (&[Verb::Destroy, Verb::Create], false, true),
            (&[Verb::Destroy, Verb::Change], false, true),
            (&[Verb::Replace], false, true),
            (&[Verb::Move], false, true),
            (&[], false, true),
        ] {
            let own = changeset(verbs, &["ids"]);
            assert_eq!(own.takes_out_only(), takes_out_only, "{verbs:?}");
            assert_eq!(own.holds_up(), holds_up, "{verbs:?}");
            let mut gives = own;
            gives.outputs.push("cidr".to_owned());
            assert!(!gives.takes_out_only() && gives.holds_up(), "{verbs:?}");
        }
        assert!(!changeset(&[Verb::Create], &[]).holds_up());
        assert!(changeset(&[Verb::Destroy], &[]).takes_out_only());
    }
}
