//! Which way a source can be followed: probed, not presumed.
//!
//! The order is that of least harm to the application: a slot writes nothing into its tables, triggers write in its transactions, and a window stops it. Who owns
//! some of the tables but may not capture all is told what is missing, and not led to the window.

use crate::error::ReplicateError;
use crate::postgres::scope::RELATIONS;
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

/// Chooses: a replication slot where this account may have one, else triggers that note keys, else a window without writes.
pub async fn choose(source: &mut Session) -> Result<Choice, ReplicateError> {
    let sql = "SELECT rolsuper OR rolreplication OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'rds_replication' AND pg_has_role(current_user, r.oid, 'MEMBER')), \
               current_setting('wal_level') FROM pg_roles WHERE rolname = current_user";
    let row: Option<(bool, String)> = source.row("asking what this account may do", sql).await?;
    let (may_replicate, wal_level) = row.unwrap_or_default();
    let owns_none = owns_no_table(source).await?;
    let user = source.address().user();
    let because = match (may_replicate, wal_level.as_str()) {
        (true, "logical") => {
            return Ok(Choice {
                method: Method::Logical,
                because: format!("{user} may have a replication slot, and wal_level is logical"),
            });
        }
        (true, level) => format!("wal_level is {level}, so the server decodes nothing"),
        (false, _) => format!("{user} has no right to replicate"),
    };
    Ok(match owns_none {
        true => Choice {
            method: Method::DumpWindow,
            because: format!("{because}, and owns none of the tables, so nothing tells of changes"),
        },
        false => Choice {
            method: Method::TriggerCapture,
            because,
        },
    })
}

/// What refuses work that needs a stream, where there is none.
pub fn nothing_follows() -> ReplicateError {
    ReplicateError::Blocked(vec![
        "nothing follows the source, whose account can have no replication slot and owns none of the tables there: move it in a window without writes (`replicate start`, then `finish`), or give the account the right to replicate with wal_level = logical, or use the tables' owner"
            .to_owned(),
    ])
}

/// Whether there are tables, and this account may alter none of them.
async fn owns_no_table(source: &mut Session) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT count(*) > 0 AND NOT coalesce(bool_or(pg_has_role(current_user, c.relowner, 'USAGE')), false) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {RELATIONS}"
    );
    let row: Option<(bool,)> = source.row("asking whose the tables are", sql).await?;
    Ok(row == Some((true,)))
}
