//! Who can write: by a right on everything, on a pattern of schemas, on a table, on a column, on a routine, by a role, by a role of a role, in the
//! place of another account (`GRANT PROXY`: its lock does not stop that), or because everybody can.

use std::collections::BTreeSet;

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour};
use reberth_replicate::mysql::value::quote_text;

use super::Account;
use crate::error::CutoverError;

/// Rights that change rows or tables, or run what does so with its definer's rights.
const WRITING: &str = "'INSERT','UPDATE','DELETE','CREATE','DROP','ALTER','INDEX','TRIGGER','CREATE ROUTINE','ALTER ROUTINE','EXECUTE','EVENT','DELETE HISTORY'";
/// MariaDB's role of everybody.
const EVERYBODY: (&str, &str) = ("PUBLIC", "");

/// An account that can write, if it can log in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Writer {
    pub(crate) account: Account,
    pub(crate) is_locked: bool,
    /// Only who has MySQL's `SYSTEM_USER` may lock or unlock it, and this session has not.
    pub(crate) is_out_of_reach: bool,
}

/// The accounts of a server.
pub(super) struct Roster {
    pub(super) writers: Vec<Writer>,
    /// The name of every account, so that a session of one that was dropped is known as such.
    pub(super) users: BTreeSet<String>,
}

type Name = (String, String);

/// Lists the accounts, and which of them can write to the database.
pub(super) async fn read(session: &mut Session, database: &str) -> Result<Roster, CutoverError> {
    let flavour = server::version(session).await?.flavour;
    let granted = granted(session, database).await?;
    let (users, roles) = match flavour {
        Flavour::MariaDb => (
            "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.account_locked'), 'false') IN ('1', 'true'), COALESCE(JSON_VALUE(Priv, '$.is_role'), 'false') IN ('1', 'true') FROM mysql.global_priv",
            "SELECT User, Host, Role, '' FROM mysql.roles_mapping UNION SELECT User, Host, Proxied_user, Proxied_host FROM mysql.proxies_priv",
        ),
        Flavour::MySql => (
            "SELECT User, Host, account_locked = 'Y', FALSE FROM mysql.user",
            "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges UNION SELECT User, Host, Proxied_user, Proxied_host FROM mysql.proxies_priv",
        ),
    };
    let users: Vec<(String, String, bool, bool)> = session.rows("listing accounts", users).await?;
    let roles: Vec<(String, String, String, String)> = session.rows("listing roles", roles).await?;
    let direct = users
        .iter()
        .filter(|(user, host, ..)| granted.contains(&grantee(user, host)))
        .map(|(user, host, ..)| (user.clone(), host.clone()));
    let mut holders: BTreeSet<Name> = direct.collect();
    if !holders.is_empty() {
        // Who may stand in for nobody in particular may stand in for any of them.
        holders.insert((String::new(), String::new()));
    }
    let holders = with_roles(holders, &roles);
    let protected = protected(session, flavour, &users, &roles).await?;
    let mut of_everybody = vec![(EVERYBODY.0.to_owned(), EVERYBODY.1.to_owned())];
    if flavour == Flavour::MySql {
        let mandatory: Option<String> = session
            .row(
                "asking for the roles of everybody",
                "SELECT @@global.mandatory_roles",
            )
            .await?;
        of_everybody = role_names(&mandatory.unwrap_or_default());
    }
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
        .filter(|(user, host, _, is_role)| {
            !is_role
                && in_force.contains(&grantee(user, host))
                && (by_everybody || holders.contains(&(user.clone(), host.clone())))
        })
        .map(|(user, host, is_locked, _)| Writer {
            account: Account {
                user: user.clone(),
                host: host.clone(),
            },
            is_locked: *is_locked,
            is_out_of_reach: protected.contains(&(user.clone(), host.clone())),
        })
        .collect();
    writers.sort();
    Ok(Roster {
        writers,
        users: users.into_iter().map(|(user, ..)| user).collect(),
    })
}

/// Accounts that only a holder of MySQL's `SYSTEM_USER` may lock, none if this session is one.
async fn protected(
    session: &mut Session,
    flavour: Flavour,
    users: &[(String, String, bool, bool)],
    roles: &[(String, String, String, String)],
) -> Result<BTreeSet<Name>, CutoverError> {
    if flavour == Flavour::MariaDb {
        return Ok(BTreeSet::new());
    }
    let sql = "SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SYSTEM_USER'";
    let granted: BTreeSet<String> = session
        .rows::<String>("listing who is protected", sql)
        .await?
        .into_iter()
        .collect();
    let direct = users
        .iter()
        .filter(|(user, host, ..)| granted.contains(&grantee(user, host)))
        .map(|(user, host, ..)| (user.clone(), host.clone()));
    let protected = with_roles(direct.collect(), roles);
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

/// Grantees with a writing right of their own, as `'user'@'host'`.
async fn granted(session: &mut Session, database: &str) -> Result<BTreeSet<String>, CutoverError> {
    let database = quote_text(database);
    let by_rights = format!(
        "SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) \
         UNION SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND {database} LIKE TABLE_SCHEMA \
         UNION SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND TABLE_SCHEMA = {database} \
         UNION SELECT GRANTEE FROM information_schema.COLUMN_PRIVILEGES WHERE PRIVILEGE_TYPE IN ({WRITING}) AND TABLE_SCHEMA = {database}"
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
fn role_names(list: &str) -> Vec<Name> {
    let bare = |text: &str| text.trim().trim_matches(['`', '\'', '"']).to_owned();
    let roles = list.split(',').filter(|role| !role.trim().is_empty());
    roles
        .map(|role| match role.rsplit_once('@') {
            Some((name, host)) => (bare(name), bare(host)),
            None => (bare(role), "%".to_owned()),
        })
        .collect()
}

fn grantee(user: &str, host: &str) -> String {
    format!("'{user}'@'{host}'")
}

/// Adds whoever was given a role that is held, and so on up.
fn with_roles(
    mut holders: BTreeSet<Name>,
    roles: &[(String, String, String, String)],
) -> BTreeSet<Name> {
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
