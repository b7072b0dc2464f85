//! Who can write: by a right on everything, on a pattern of schemas, on a table, on a column, on a routine, by a role, by a role of a role, in the
//! place of another account (`GRANT PROXY`: its lock does not stop that), or because everybody can.

use std::collections::BTreeSet;

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour};
use reberth_replicate::mysql::value::quote_text;

use super::global_right::GlobalRights;
use super::{Account, rights};
use crate::error::CutoverError;

/// Rights that change rows or tables, or run what does so with its definer's rights.
const WRITING: &[&str] = &[
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "ALTER",
    "INDEX",
    "TRIGGER",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EXECUTE",
    "EVENT",
    "DELETE HISTORY",
];
/// MariaDB's role of everybody.
const EVERYBODY: (&str, &str) = ("PUBLIC", "");

/// An account that can write, if it can log in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Writer {
    pub(crate) account: Account,
    pub(crate) is_locked: bool,
    /// Only who has MySQL's `SYSTEM_USER` may lock or unlock it, and this session has not.
    pub(crate) is_out_of_reach: bool,
    /// It writes to a server that is `read_only`, too.
    pub(crate) is_beyond_read_only: bool,
}

/// The accounts of a server.
pub(super) struct Roster {
    pub(super) writers: Vec<Writer>,
    /// The name of every account, so that a session of one that was dropped is known as such.
    pub(super) users: BTreeSet<String>,
    /// Accounts, able to write to the database or not, that `read_only` does not stop: what runs with their rights writes on.
    pub(super) beyond_read_only: BTreeSet<String>,
}

/// Name and host of an account or a role.
pub(super) type Name = (String, String);
/// Who was given which role, or may stand in whose place.
pub(super) type Edge = (String, String, String, String);
/// Name, host, whether it is locked, whether it is a role, when its password was changed.
type Listed = (String, String, bool, bool, Option<String>);

/// Lists the accounts, and which of them can write to the database.
pub(super) async fn read(session: &mut Session, database: &str) -> Result<Roster, CutoverError> {
    let version = server::version(session).await?;
    let users = listed(session, version.flavour).await?;
    let roles = edges(session, version.flavour).await?;
    let global = GlobalRights::read(session, version.flavour).await?;
    let mut granted = granted(session, database).await?;
    granted.extend(global.holders_of(WRITING));
    let holders = holders(&granted, &users, &roles);
    let protected = protected(session, &global, &users, &roles).await?;
    let beyond = global.holders_of(rights::beyond_read_only(&version));
    let beyond = self::holders(&beyond, &users, &roles);
    let of_everybody = of_everybody(session, version.flavour).await?;
    let by_everybody = of_everybody.iter().any(|role| holders.contains(role));
    // A server that resolves no names ignores accounts with a name for a host: these can neither log in nor be locked.
    let in_force: BTreeSet<String> = session
        .rows(
            "listing accounts in force",
            "SELECT DISTINCT GRANTEE FROM information_schema.USER_PRIVILEGES",
        )
        .await?
        .into_iter()
        .collect();
    let mut writers: Vec<Writer> = users
        .iter()
        .filter(|(user, host, _, is_role, _)| {
            !is_role
                && in_force.contains(&grantee(user, host))
                && (by_everybody || holders.contains(&(user.clone(), host.clone())))
        })
        .map(|(user, host, is_locked, _, password_changed)| {
            let name = (user.clone(), host.clone());
            Writer {
                is_locked: *is_locked,
                is_out_of_reach: protected.contains(&name),
                is_beyond_read_only: beyond.contains(&name)
                    || of_everybody.iter().any(|role| beyond.contains(role)),
                account: Account {
                    user: name.0,
                    host: name.1,
                    password_changed: password_changed.clone(),
                },
            }
        })
        .collect();
    writers.sort();
    Ok(Roster {
        writers,
        users: users.into_iter().map(|(user, ..)| user).collect(),
        beyond_read_only: beyond
            .into_iter()
            .map(|(user, host)| format!("{user}@{host}"))
            .collect(),
    })
}

/// All accounts and roles. When a password was changed is not told of who logs in without one, nor while the one before is valid beside it.
async fn listed(session: &mut Session, flavour: Flavour) -> Result<Vec<Listed>, CutoverError> {
    let sql = match flavour {
        Flavour::MariaDb => {
            "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.account_locked'), 'false') IN ('1', 'true'), COALESCE(JSON_VALUE(Priv, '$.is_role'), 'false') IN ('1', 'true'), \
             JSON_VALUE(Priv, '$.password_last_changed') FROM mysql.global_priv"
        }
        Flavour::MySql => {
            "SELECT User, Host, account_locked = 'Y', FALSE, IF(authentication_string = '' OR COALESCE(JSON_CONTAINS_PATH(User_attributes, _utf8mb4'one', _utf8mb4'$.additional_password'), FALSE), NULL, \
             CAST(UNIX_TIMESTAMP(password_last_changed) AS CHAR)) FROM mysql.user"
        }
    };
    Ok(session.rows("listing accounts", sql).await?)
}

/// Who was given which role, or may stand in whose place.
pub(super) async fn edges(
    session: &mut Session,
    flavour: Flavour,
) -> Result<Vec<Edge>, CutoverError> {
    let sql = match flavour {
        Flavour::MariaDb => {
            "SELECT User, Host, Role, '' FROM mysql.roles_mapping UNION SELECT User, Host, Proxied_user, Proxied_host FROM mysql.proxies_priv"
        }
        Flavour::MySql => {
            "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges UNION SELECT User, Host, Proxied_user, Proxied_host FROM mysql.proxies_priv"
        }
    };
    Ok(session.rows("listing roles", sql).await?)
}

/// Roles that everybody has.
pub(super) async fn of_everybody(
    session: &mut Session,
    flavour: Flavour,
) -> Result<Vec<Name>, CutoverError> {
    if flavour == Flavour::MariaDb {
        return Ok(vec![(EVERYBODY.0.to_owned(), EVERYBODY.1.to_owned())]);
    }
    let mandatory: Option<String> = session
        .row(
            "asking for the roles of everybody",
            "SELECT @@global.mandatory_roles",
        )
        .await?;
    Ok(role_names(&mandatory.unwrap_or_default()))
}

/// Who holds what was granted: directly, by a role, or in the place of another.
fn holders(granted: &BTreeSet<String>, users: &[Listed], roles: &[Edge]) -> BTreeSet<Name> {
    let mut holders = direct(granted, users);
    if !holders.is_empty() {
        // Who may stand in for nobody in particular may stand in for any of them.
        holders.insert((String::new(), String::new()));
    }
    with_roles(holders, roles)
}

/// Who holds it directly.
fn direct(granted: &BTreeSet<String>, users: &[Listed]) -> BTreeSet<Name> {
    users
        .iter()
        .filter(|(user, host, ..)| granted.contains(&grantee(user, host)))
        .map(|(user, host, ..)| (user.clone(), host.clone()))
        .collect()
}

/// Accounts that only a holder of MySQL's `SYSTEM_USER` may lock, none if this session is one.
async fn protected(
    session: &mut Session,
    global: &GlobalRights,
    users: &[Listed],
    roles: &[Edge],
) -> Result<BTreeSet<Name>, CutoverError> {
    let granted = global.holders_of(&["SYSTEM_USER"]);
    let protected = with_roles(direct(&granted, users), roles);
    let own: Option<String> = session
        .row("asking for our own account", "SELECT CURRENT_USER()")
        .await?;
    let own = own.unwrap_or_default();
    let is_own = |(user, host): &Name| format!("{user}@{host}") == own;
    Ok(match protected.iter().any(is_own) {
        true => BTreeSet::new(),
        false => protected,
    })
}

/// Grantees with a writing right of their own on the database or something in it, as `'user'@'host'`.
async fn granted(session: &mut Session, database: &str) -> Result<BTreeSet<String>, CutoverError> {
    let database = quote_text(database);
    let writing: Vec<String> = WRITING.iter().map(|right| quote_text(right)).collect();
    let writing = writing.join(", ");
    let by_rights = format!(
        "SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({writing}) AND {database} LIKE TABLE_SCHEMA \
         UNION SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({writing}) AND TABLE_SCHEMA = {database} \
         UNION SELECT GRANTEE FROM information_schema.COLUMN_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({writing}) AND TABLE_SCHEMA = {database}"
    );
    let mut granted: BTreeSet<String> = session
        .rows("listing who can write", by_rights)
        .await?
        .into_iter()
        .collect();
    let by_routine = format!(
        "SELECT CONCAT('''', User, '''@''', Host, '''') FROM mysql.procs_priv WHERE Db = {database} AND FIND_IN_SET('Execute', Proc_priv)"
    );
    granted.extend(
        session
            .rows::<String>("listing who can run routines", by_routine)
            .await?,
    );
    Ok(granted)
}

/// Names of roles in a list such as `` `reading`@`%`,writing ``.
pub(super) fn role_names(list: &str) -> Vec<Name> {
    let bare = |text: &str| text.trim().trim_matches(['`', '\'', '"']).to_owned();
    let roles = list.split(',').filter(|role| !role.trim().is_empty());
    roles
        .map(|role| match role.rsplit_once('@') {
            Some((name, host)) => (bare(name), bare(host)),
            None => (bare(role), "%".to_owned()),
        })
        .collect()
}

pub(super) fn grantee(user: &str, host: &str) -> String {
    format!("'{user}'@'{host}'")
}

/// Adds whoever was given a role that is held, and so on up.
fn with_roles(mut holders: BTreeSet<Name>, roles: &[Edge]) -> BTreeSet<Name> {
    loop {
        let reached: BTreeSet<Name> = roles
            .iter()
            .filter(|(_, _, role, role_host)| holders.contains(&(role.clone(), role_host.clone())))
            .map(|(user, host, ..)| (user.clone(), host.clone()))
            .collect();
        let before = holders.len();
        holders.extend(reached);
        if holders.len() == before {
            return holders;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_roles_are_read() {
        let name = |user: &str, host: &str| (user.to_owned(), host.to_owned());
        assert_eq!(
            role_names("`reading`@`%`, writing,'odd'@'10.%'"),
            [
                name("reading", "%"),
                name("writing", "%"),
                name("odd", "10.%")
            ]
        );
        assert_eq!(role_names(""), []);
    }

    #[test]
    fn a_role_of_a_role_is_followed_also_in_a_circle() {
        let name = |user: &str| (user.to_owned(), String::new());
        let edge =
            |to: &str, role: &str| (to.to_owned(), String::new(), role.to_owned(), String::new());
        let roles = [
            edge("app", "team"),
            edge("team", "writers"),
            edge("writers", "team"),
            edge("guest", "readers"),
        ];
        let found = with_roles([name("writers")].into(), &roles);
        assert_eq!(found, ["app", "team", "writers"].map(name).into());
    }
}
