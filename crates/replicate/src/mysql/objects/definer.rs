//! Who a program runs as.
//!
//! A program keeps its definer if that account exists on the other side and our own may make programs for others; else it gets the account that the
//! caller names (the application's, at a cutover), else it is ours. Servers say whether an account exists only to those who may read their tables of
//! accounts, but they warn whoever makes a view for one that does not: so a view is made, and dropped again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::value::{quote_name, quote_text};

/// The server's note, or refusal, that a definer does not exist.
const NO_SUCH_USER: u16 = 1449;

/// An account as a program names it. A role of MariaDB has no host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// Name.
    pub user: String,
    /// From where; empty for a role.
    pub host: String,
}

impl Account {
    /// The account of an information_schema's `user@host`.
    pub fn from_words(words: &str) -> Option<Account> {
        if words.is_empty() {
            return None;
        }
        let (user, host) = words.rsplit_once('@').unwrap_or((words, ""));
        Some(Account {
            user: user.to_owned(),
            host: host.to_owned(),
        })
    }

    /// As SQL.
    pub fn quoted(&self) -> String {
        match self.host.as_str() {
            "" => quote_name(&self.user),
            host => format!("{}@{}", quote_name(&self.user), quote_name(host)),
        }
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.as_str() {
            "" => f.write_str(&self.user),
            host => write!(f, "{}@{host}", self.user),
        }
    }
}

/// Who becomes the definer of what on a server: asked once for each account.
#[derive(Debug, Default)]
pub struct Definers {
    instead: Option<Account>,
    known: BTreeMap<Account, Option<Account>>,
}

impl Definers {
    /// `instead`: who gets what belongs to accounts that do not exist there.
    pub fn new(instead: Option<Account>) -> Definers {
        Definers {
            instead,
            known: BTreeMap::new(),
        }
    }

    /// The definer there of what belongs to `wanted` here. `None`: the account that makes it.
    pub async fn resolve(
        &mut self,
        session: &mut Session,
        wanted: &Account,
    ) -> Result<Option<Account>, ReplicateError> {
        if let Some(known) = self.known.get(wanted) {
            return Ok(known.clone());
        }
        let mut resolved = None;
        for candidate in [Some(wanted), self.instead.as_ref()].into_iter().flatten() {
            if may_define(session, candidate).await? {
                resolved = Some(candidate.clone());
                break;
            }
        }
        self.known.insert(wanted.clone(), resolved.clone());
        Ok(resolved)
    }
}

/// Whether the account exists on that server and this session may make programs that run as it.
pub async fn may_define(session: &mut Session, account: &Account) -> Result<bool, ReplicateError> {
    // Of its own name, since ten streams may begin at once.
    let view = format!("reberth.definer_probe_{}", session.id());
    let made = session
        .run(
            "trying a definer",
            format!(
                "CREATE OR REPLACE DEFINER = {} SQL SECURITY DEFINER VIEW {view} AS SELECT 1 AS probe",
                account.quoted()
            ),
        )
        .await;
    match made {
        Ok(_) => {}
        Err(ReplicateError::Refused { source, .. }) if is_refusal(&source) => return Ok(false),
        Err(error) => return Err(error),
    }
    let warnings: Vec<(String, u16, String)> = session
        .rows("reading the server's warnings", "SHOW WARNINGS")
        .await?;
    session
        .run(
            "removing what tried a definer",
            format!("DROP VIEW IF EXISTS {view}"),
        )
        .await?;
    Ok(!warnings.iter().any(|(_, code, _)| *code == NO_SUCH_USER))
}

/// No right to name others (1227), or no such account (1449, 1396, 3891 and its kin on MySQL).
fn is_refusal(cause: &Cause) -> bool {
    matches!(cause.mysql_code(), Some(1227 | NO_SUCH_USER | 1396 | 3891))
}

/// The statement without the words about its definer, to be compared.
pub fn without(statement: &[u8]) -> Vec<u8> {
    with(statement, None)
}

/// The statement with another definer; `None` leaves it to whoever runs it.
pub fn with(statement: &[u8], definer: Option<&Account>) -> Vec<u8> {
    let clause = definer.map(|account| format!("DEFINER={} ", account.quoted()));
    let Some((start, end)) = clause_of(statement) else {
        return statement.to_vec();
    };
    let mut changed = statement[..start].to_vec();
    changed.extend(clause.unwrap_or_default().into_bytes());
    changed.extend_from_slice(statement[end..].trim_ascii_start());
    changed
}

/// Where `DEFINER=…` stands. The server writes it itself, before the program's own words, with names quoted.
fn clause_of(statement: &[u8]) -> Option<(usize, usize)> {
    let word = b"DEFINER=";
    let start = statement
        .windows(word.len())
        .position(|some| some == word)?;
    let is_head = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'=' | b'_');
    if !statement[..start].iter().all(is_head) {
        return None;
    }
    let mut end = name_end(statement, start + word.len())?;
    if statement.get(end) == Some(&b'@') {
        end = name_end(statement, end + 1)?;
    }
    Some((start, end))
}

/// The end of a name that begins there, quoted or not.
fn name_end(text: &[u8], start: usize) -> Option<usize> {
    let quote = *text.get(start)?;
    if !matches!(quote, b'`' | b'"' | b'\'') {
        let length = text[start..]
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || *byte == b'@')?;
        return Some(start + length);
    }
    let mut at = start + 1;
    loop {
        match (text.get(at)?, text.get(at + 1)) {
            (byte, Some(next)) if *byte == quote && *next == quote => at += 2,
            (byte, _) if *byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The account of a session as its server knows it.
pub async fn own(session: &mut Session) -> Result<Option<Account>, ReplicateError> {
    let words: Option<String> = session
        .row("asking for our own account", "SELECT CURRENT_USER()")
        .await?;
    Ok(words.and_then(|words| Account::from_words(&words)))
}

/// The condition, on a list of privileges, that they are the session's own; roles that it has set count too.
pub(super) fn own_grantee(account: &Account) -> String {
    let text = format!("'{}'@'{}'", account.user, account.host);
    quote_text(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_words_about_the_definer_change() {
        let app = Account::from_words("app@10.%");
        for (statement, kept, changed) in [
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=x'",
                "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=x'",
                "CREATE ALGORITHM=UNDEFINED DEFINER=`app`@`10.%` SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=x'",
            ),
            (
                "CREATE DEFINER=`a``b@ c`@`%` trigger t",
                "CREATE trigger t",
                "CREATE DEFINER=`app`@`10.%` trigger t",
            ),
            (
                "CREATE DEFINER=\"r\"@\"h\" PROCEDURE \"p\"() SELECT 1",
                "CREATE PROCEDURE \"p\"() SELECT 1",
                "CREATE DEFINER=`app`@`10.%` PROCEDURE \"p\"() SELECT 1",
            ),
            (
                "CREATE DEFINER=`role` FUNCTION f",
                "CREATE FUNCTION f",
                "CREATE DEFINER=`app`@`10.%` FUNCTION f",
            ),
            (
                "CREATE VIEW `v` AS SELECT 'DEFINER=x y'",
                "CREATE VIEW `v` AS SELECT 'DEFINER=x y'",
                "CREATE VIEW `v` AS SELECT 'DEFINER=x y'",
            ),
        ] {
            assert_eq!(without(statement.as_bytes()), kept.as_bytes());
            assert_eq!(with(statement.as_bytes(), app.as_ref()), changed.as_bytes());
        }
    }
}
