//! Reads the accounts that have to do with a database. The account that asks needs `SELECT` on `mysql.*`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Account, Found, Login, Membership, Place, Proxy, Right};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::objects::{self, Programs};
use crate::mysql::server::{self, Flavour};
use crate::mysql::value::quote_text;

/// Names of the servers' and the providers' own accounts. DigitalOcean and AWS name theirs in their manuals.
const OF_THE_SERVER: [&str; 10] = [
    "root",
    "mysql.sys",
    "mysql.session",
    "mysql.infoschema",
    "mariadb.sys",
    "PUBLIC",
    "doadmin",
    "rdsadmin",
    "rdsrepladmin",
    "rds_superuser_role",
];

/// Reads accounts, roles and rights of a database. `ours`: names of Reberth's own accounts, which are left out.
pub async fn read(
    session: &mut Session,
    database: &str,
    ours: &[&str],
) -> Result<Found, ReplicateError> {
    let flavour = server::version(session).await?.flavour;
    let mut logins = logins(session, flavour).await?;
    let memberships = memberships(session, flavour).await?;
    for login in &mut logins {
        // On MySQL a role is an account that nobody can log in as.
        login.is_role |= login.is_locked
            && login.hash.is_empty()
            && memberships.iter().any(|one| one.role == login.account);
    }
    let known: BTreeMap<String, Account> = logins
        .iter()
        .map(|login| (grantee(&login.account), login.account.clone()))
        .collect();
    let rights = rights(session, database, &known).await?;
    let rights = without_inherited(&rights, &memberships);
    let definers = definers(&objects::read(session, database).await?.programs);
    let proxies = proxies(session).await?;
    let concerned = concerned(&rights, &memberships, &proxies, &definers);
    logins.retain(|login| concerned.contains(&login.account));
    let mut left_out = Vec::new();
    logins.retain(|login| match reason_to_leave_out(&login.account, ours) {
        Some(reason) => {
            left_out.push((login.account.clone(), reason));
            false
        }
        None => true,
    });
    let is_carried = |account: &Account| logins.iter().any(|login| login.account == *account);
    Ok(Found {
        database: database.to_owned(),
        flavour,
        rights: rights
            .into_iter()
            .filter(|right| is_carried(&right.holder))
            .collect(),
        memberships: memberships
            .into_iter()
            .filter(|one| is_carried(&one.member) && is_carried(&one.role))
            .collect(),
        proxies: proxies
            .into_iter()
            .filter(|one| is_carried(&one.holder))
            .collect(),
        logins,
        definers,
        left_out,
    })
}

fn reason_to_leave_out(account: &Account, ours: &[&str]) -> Option<&'static str> {
    if OF_THE_SERVER.contains(&account.user.as_str()) {
        return Some("the server's or the provider's own");
    }
    ours.contains(&account.user.as_str())
        .then_some("Reberth's own, for the time of the move")
}

/// Everyone with a right on the database, whoever has a role of theirs or may stand in their place, and whoever a program runs as.
fn concerned(
    rights: &[Right],
    memberships: &[Membership],
    proxies: &[Proxy],
    definers: &BTreeMap<Account, Vec<String>>,
) -> BTreeSet<Account> {
    let mut concerned: BTreeSet<Account> = rights
        .iter()
        .filter(|right| right.is_about_databases())
        .map(|right| right.holder.clone())
        .chain(definers.keys().cloned())
        .collect();
    loop {
        let before = concerned.len();
        let by_role = memberships.iter().map(|one| (&one.role, &one.member));
        let by_proxy = proxies.iter().map(|one| (&one.of, &one.holder));
        let reached: Vec<Account> = by_role
            .chain(by_proxy)
            .filter(|(of, _)| concerned.contains(*of))
            .map(|(_, holder)| holder.clone())
            .collect();
        concerned.extend(reached);
        if concerned.len() == before {
            return concerned;
        }
    }
}

fn definers(programs: &Programs) -> BTreeMap<Account, Vec<String>> {
    let mut definers: BTreeMap<Account, Vec<String>> = BTreeMap::new();
    for program in programs.values() {
        if let Some(definer) = &program.definer {
            let what = format!("{} {}", program.kind.word(), program.name);
            definers.entry(definer.clone()).or_default().push(what);
        }
    }
    definers
}

/// As the information_schema writes it.
fn grantee(account: &Account) -> String {
    format!("'{}'@'{}'", account.user, account.host)
}

async fn logins(session: &mut Session, flavour: Flavour) -> Result<Vec<Login>, ReplicateError> {
    let sql = match flavour {
        Flavour::MariaDb => {
            "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.is_role'), 'false') IN ('1', 'true'), COALESCE(JSON_VALUE(Priv, '$.plugin'), ''), \
             COALESCE(JSON_VALUE(Priv, '$.authentication_string'), ''), COALESCE(JSON_VALUE(Priv, '$.account_locked'), 'false') IN ('1', 'true'), \
             ELT(1 + COALESCE(JSON_VALUE(Priv, '$.ssl_type'), 0), '', 'SSL', 'X509', 'SPECIFIED'), \
             COALESCE(JSON_VALUE(Priv, '$.max_questions'), 0) + COALESCE(JSON_VALUE(Priv, '$.max_updates'), 0) + COALESCE(JSON_VALUE(Priv, '$.max_connections'), 0) \
             + COALESCE(JSON_VALUE(Priv, '$.max_user_connections'), 0) <> 0 FROM mysql.global_priv ORDER BY 1, 2"
        }
        Flavour::MySql => {
            "SELECT User, Host, FALSE, plugin, COALESCE(authentication_string, ''), account_locked = 'Y', \
             CASE ssl_type WHEN '' THEN '' WHEN 'ANY' THEN 'SSL' ELSE ssl_type END, \
             max_questions + max_updates + max_connections + max_user_connections <> 0 FROM mysql.user ORDER BY 1, 2"
        }
    };
    type Row = (String, String, bool, String, Vec<u8>, bool, String, bool);
    let rows: Vec<Row> = session.rows("listing accounts", sql).await?;
    let login = |(user, host, is_role, plugin, hash, is_locked, requires, is_limited): Row| Login {
        account: Account { user, host },
        is_role,
        plugin,
        hash,
        is_locked,
        requires,
        is_limited,
    };
    Ok(rows.into_iter().map(login).collect())
}

async fn memberships(
    session: &mut Session,
    flavour: Flavour,
) -> Result<Vec<Membership>, ReplicateError> {
    let sql = match flavour {
        Flavour::MariaDb => {
            "SELECT m.Role, '', m.User, m.Host, m.Admin_option = 'Y', COALESCE(JSON_VALUE(g.Priv, '$.default_role') = m.Role, FALSE) \
             FROM mysql.roles_mapping m LEFT JOIN mysql.global_priv g ON g.User = m.User AND g.Host = m.Host ORDER BY 1, 3, 4"
        }
        Flavour::MySql => {
            "SELECT e.FROM_USER, e.FROM_HOST, e.TO_USER, e.TO_HOST, e.WITH_ADMIN_OPTION = 'Y', d.USER IS NOT NULL FROM mysql.role_edges e \
             LEFT JOIN mysql.default_roles d ON d.USER = e.TO_USER AND d.HOST = e.TO_HOST AND d.DEFAULT_ROLE_USER = e.FROM_USER \
             AND d.DEFAULT_ROLE_HOST = e.FROM_HOST ORDER BY 1, 3, 4"
        }
    };
    type Row = (String, String, String, String, bool, bool);
    let rows: Vec<Row> = session.rows("listing roles", sql).await?;
    let membership = |(role, role_host, user, host, is_admin, is_default): Row| Membership {
        role: Account {
            user: role,
            host: role_host,
        },
        member: Account { user, host },
        is_admin,
        is_default,
    };
    Ok(rows.into_iter().map(membership).collect())
}

async fn proxies(session: &mut Session) -> Result<Vec<Proxy>, ReplicateError> {
    let sql = "SELECT Proxied_user, Proxied_host, User, Host, With_grant <> 0 FROM mysql.proxies_priv ORDER BY 1, 2, 3, 4";
    type Row = (String, String, String, String, bool);
    let rows: Vec<Row> = session
        .rows("listing who may stand in whose place", sql)
        .await?;
    let proxy = |(of, of_host, user, host, is_grantable): Row| Proxy {
        of: Account {
            user: of,
            host: of_host,
        },
        holder: Account { user, host },
        is_grantable,
    };
    Ok(rows.into_iter().map(proxy).collect())
}

async fn rights(
    session: &mut Session,
    database: &str,
    known: &BTreeMap<String, Account>,
) -> Result<Vec<Right>, ReplicateError> {
    let name = quote_text(database);
    let sql = format!(
        "SELECT GRANTEE, '', '', PRIVILEGE_TYPE, IS_GRANTABLE = 'YES', 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE' \
         UNION ALL SELECT GRANTEE, '', '', PRIVILEGE_TYPE, IS_GRANTABLE = 'YES', 2 FROM information_schema.SCHEMA_PRIVILEGES WHERE {name} LIKE TABLE_SCHEMA AND PRIVILEGE_TYPE <> 'USAGE' \
         UNION ALL SELECT GRANTEE, TABLE_NAME, '', PRIVILEGE_TYPE, IS_GRANTABLE = 'YES', 3 FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = {name} AND PRIVILEGE_TYPE <> 'USAGE' \
         UNION ALL SELECT GRANTEE, TABLE_NAME, COLUMN_NAME, PRIVILEGE_TYPE, IS_GRANTABLE = 'YES', 4 FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = {name}"
    );
    type Row = (String, String, String, String, bool, u8);
    let rows: Vec<Row> = session.rows("listing rights", sql).await?;
    let mut rights: Vec<Right> = rows
        .into_iter()
        .filter_map(|(grantee, table, column, privilege, is_grantable, level)| {
            Some(Right {
                holder: known.get(&grantee)?.clone(),
                place: match level {
                    1 => Place::Server,
                    2 => Place::Database,
                    3 => Place::Table(table),
                    _ => Place::Column(table, column),
                },
                privilege,
                is_grantable,
            })
        })
        .collect();
    rights.extend(routine_rights(session, &name).await?);
    rights.sort();
    Ok(rights)
}

/// MariaDB lists what a role has from other roles among its own rights; these come with the membership.
fn without_inherited(rights: &[Right], memberships: &[Membership]) -> Vec<Right> {
    let is_inherited = |right: &Right| {
        memberships
            .iter()
            .filter(|one| one.member == right.holder && right.holder.host.is_empty())
            .any(|one| {
                let of_role = Right {
                    holder: one.role.clone(),
                    ..right.clone()
                };
                rights.contains(&of_role)
            })
    };
    let own = rights.iter().filter(|right| !is_inherited(right));
    own.cloned().collect()
}

async fn routine_rights(session: &mut Session, name: &str) -> Result<Vec<Right>, ReplicateError> {
    let sql = format!(
        "SELECT User, Host, Routine_type, Routine_name, CAST(Proc_priv AS CHAR) FROM mysql.procs_priv WHERE Db = {name}"
    );
    type Row = (String, String, String, String, String);
    let rows: Vec<Row> = session.rows("listing rights on routines", sql).await?;
    let mut rights = Vec::new();
    for (user, host, kind, routine, set) in rows {
        let words: Vec<String> = set.split(',').map(str::to_uppercase).collect();
        let is_grantable = words.iter().any(|word| word == "GRANT");
        for privilege in words.iter().filter(|word| *word != "GRANT") {
            rights.push(Right {
                holder: Account {
                    user: user.clone(),
                    host: host.clone(),
                },
                place: Place::Routine(kind.clone(), routine.clone()),
                privilege: privilege.clone(),
                is_grantable,
            });
        }
    }
    Ok(rights)
}
