//! Which way a source can be followed: probed, not presumed.

use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::state::Method;

/// A method, and what was seen that decides for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The method.
    pub method: Method,
    /// Why, in a sentence.
    pub because: String,
}

/// Chooses: a replication slot where this account may have one, else triggers that note keys.
pub async fn choose(source: &mut Session) -> Result<Choice, ReplicateError> {
    let sql = "SELECT rolsuper OR rolreplication OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'rds_replication' AND pg_has_role(current_user, r.oid, 'MEMBER')), \
               current_setting('wal_level') FROM pg_roles WHERE rolname = current_user";
    let row: Option<(bool, String)> = source.row("asking what this account may do", sql).await?;
    let (may_replicate, wal_level) = row.unwrap_or_default();
    let user = source.address().user();
    Ok(match (may_replicate, wal_level.as_str()) {
        (true, "logical") => Choice {
            method: Method::Logical,
            because: format!("{user} may have a replication slot, and wal_level is logical"),
        },
        (true, level) => Choice {
            method: Method::TriggerCapture,
            because: format!("wal_level is {level}, so the server decodes nothing"),
        },
        (false, _) => Choice {
            method: Method::TriggerCapture,
            because: format!("{user} has no right to replicate"),
        },
    })
}
