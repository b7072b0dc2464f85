//! What the accounts of an organization need and no data can tell.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest e-mail address that AWS takes for an account.
const EMAIL_LENGTH_MAX: usize = 64;
/// Longest name of an account here: names of resources are made of it.
const ACCOUNT_LENGTH_MAX: usize = 24;

/// What the accounts of an organization need, where the decision `accounts.layout` is `organization`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationPolicy {
    /// Address of each account's root user: of `log-archive`, `security`, and of one account for each environment, by the environment's name. No two
    /// accounts of AWS may have the same one.
    pub account_emails: BTreeMap<String, String>,
    /// Regions that may be used beside the target's own, that of the copies of backups, and `us-east-1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_regions: Vec<String>,
}

/// Whether AWS takes every name and address. The error is a text to find the line by, and the message.
pub(super) fn check(organization: &OrganizationPolicy) -> Result<(), (String, String)> {
    let mut seen = BTreeSet::new();
    for (account, email) in &organization.account_emails {
        let fault = if !is_account(account) {
            Some("an account has 1 to 24 of a-z, 0-9 and -, starting with a letter")
        } else if !is_email(email) {
            Some(
                "this is no e-mail address that AWS takes: at most 64 characters, one @, no blanks",
            )
        } else if !seen.insert(email.to_ascii_lowercase()) {
            Some(
                "another account has this address; each needs its own, for example aws+NAME@your.domain",
            )
        } else {
            None
        };
        if let Some(fault) = fault {
            let message = format!("target.organization.account_emails: {account}: {fault}");
            return Err((account.clone(), message));
        }
    }
    Ok(())
}

fn is_account(name: &str) -> bool {
    (1..=ACCOUNT_LENGTH_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_email(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    matches!(parts.as_slice(), [user, host] if !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
        && text.len() <= EMAIL_LENGTH_MAX
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "@.+-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_aws_refuses_are_refused_here() {
        for (emails, expected) in [
            (&[("security", "aws+security@school.example")][..], None),
            (&[("security", "aws@school")], Some("no e-mail")),
            (&[("security", "a b@school.example")], Some("no e-mail")),
            (&[("Security", "a@school.example")], Some("1 to 24")),
            (
                &[
                    ("prod", "a@school.example"),
                    ("security", "A@school.example"),
                ],
                Some("another account"),
            ),
        ] {
            let organization = OrganizationPolicy {
                account_emails: emails
                    .iter()
                    .map(|(name, email)| ((*name).to_owned(), (*email).to_owned()))
                    .collect(),
                further_regions: Vec::new(),
            };
            let found = check(&organization).err().map(|(_, message)| message);
            match (&found, expected) {
                (None, None) => {}
                (Some(message), Some(part)) => assert!(message.contains(part), "{message}"),
                other => panic!("{emails:?}: {other:?}"),
            }
        }
    }
}
