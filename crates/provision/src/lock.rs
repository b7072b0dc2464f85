//! Who holds the lock of a state, as Terraform tells it.

use std::fmt;

use serde::Serialize;

/// The holder of a lock, as it wrote itself down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockHolder {
    /// The id by which a person unlocks.
    pub id: String,
    /// `user@host`.
    pub who: String,
    /// What it is doing, for example `OperationTypeApply`.
    pub operation: String,
    /// Since when, as Terraform writes it.
    pub created: String,
}

impl LockHolder {
    /// Reads the holder out of the detail of Terraform's message that the lock is taken. `None` when it is about something else.
    pub(crate) fn parse(summary: &str, detail: &str) -> Option<Self> {
        if !summary.contains("acquiring the state lock") {
            return None;
        }
        let field = |name: &str| {
            let lines = detail.lines().map(str::trim);
            let mut values = lines.filter_map(|line| line.strip_prefix(name));
            values.next().unwrap_or_default().trim().to_owned()
        };
        Some(Self {
            id: field("ID:"),
            who: field("Who:"),
            operation: field("Operation:"),
            created: field("Created:"),
        })
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &str| match text {
            "" => "unknown".to_owned(),
            text => text.to_owned(),
        };
        write!(
            formatter,
            "by {} for {} since {}, lock {}",
            known(&self.who),
            known(&self.operation),
            known(&self.created),
            known(&self.id)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_the_words_of_terraform() {
        let detail = "Error message: operation error S3: PutObject, https response error StatusCode: 412, api error PreconditionFailed\n\
                      Lock Info:\n  ID:        c8e76ebc-ed33\n  Path:      state/prod/x.tfstate\n  Operation: OperationTypeApply\n  \
                      Who:       ana@runner\n  Version:   1.15.5\n  Created:   2026-11-22 09:27:59 +0000 UTC\n  Info:      \n\n";
        let holder = LockHolder::parse("Error acquiring the state lock", detail).unwrap();
        let expected = LockHolder {
            id: "c8e76ebc-ed33".to_owned(),
            who: "ana@runner".to_owned(),
            operation: "OperationTypeApply".to_owned(),
            created: "2026-11-22 09:27:59 +0000 UTC".to_owned(),
        };
        assert_eq!(holder, expected);
    }

    #[test]
    fn a_lock_without_details_is_still_a_lock_and_another_error_is_none() {
        let holder = LockHolder::parse("Error acquiring the state lock", "").unwrap();
        assert!(holder.to_string().contains("lock unknown"), "{holder}");
        assert_eq!(LockHolder::parse("Saved plan is stale", "ID: 7"), None);
    }
}
