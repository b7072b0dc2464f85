//! Roles, owners and grants, as scripts that people review and run.
//!
//! The move itself makes everything its own role's: a provider's administrator can neither make superusers nor speak for every role, and who
//! may do what in the new account is for people to decide. The scripts say what was so on the source.

use super::archive::Entry;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::{quote_name, quote_text};

const ROLES_HEAD: &str = "\
-- Roles of the source and their settings. Review it, then run it on the target as its administrator before the move: row security policies
-- may name roles. Passwords are not carried: give each role that logs in a new one.
-- Rights that a managed server gives to nobody stand as comments.
";
const RIGHTS_HEAD: &str = "\
-- Owners and grants of the source. Review it, then run it on the target as its administrator when the whole schema is made.
";

/// Scripts for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Roles, what they are members of, and their settings: for before the move.
    pub roles: String,
    /// Owners and grants: for after it.
    pub rights: String,
}

/// Settings whose value is a list of quoted names already.
const LISTS: [&str; 5] = [
    "search_path",
    "temp_tablespaces",
    "local_preload_libraries",
    "session_preload_libraries",
    "shared_preload_libraries",
];

/// Writes the scripts for the roles that own something in this database or were granted something, and for all that they are members of.
pub(super) async fn scripts(
    session: &mut Session,
    entries: &[Entry],
) -> Result<Scripts, ReplicateError> {
    const DOING: &str = "reading roles and grants";
    let mut lines = vec![ROLES_HEAD.to_owned()];
    let roles: Vec<Role> = session.rows(DOING, format!("{CONCERNED} {ROLES}")).await?;
    lines.extend(roles.iter().map(role_line));
    let members: Vec<(String, String, bool)> = session
        .rows(DOING, format!("{CONCERNED} {MEMBERS}"))
        .await?;
    lines.extend(members.iter().map(member_line));
    let settings: Vec<(String, bool, String)> = session
        .rows(DOING, format!("{CONCERNED} {SETTINGS}"))
        .await?;
    let database: Option<(String,)> = session.row(DOING, "SELECT current_database()").await?;
    let database = quote_name(&database.map_or(String::new(), |(name,)| name));
    lines.extend(
        settings
            .iter()
            .filter_map(|set| setting_line(set, &database)),
    );
    let mut rights = vec![RIGHTS_HEAD.to_owned()];
    rights.extend(owner_lines(entries));
    let grants = entries
        .iter()
        .filter(|entry| matches!(entry.kind.as_str(), "ACL" | "ACL LANGUAGE" | "DEFAULT ACL"));
    rights.extend(grants.map(|entry| entry.definition.trim_end().to_owned()));
    Ok(Scripts {
        roles: lines.join("\n") + "\n",
        rights: rights.join("\n") + "\n",
    })
}

const CONCERNED: &str = "
    WITH RECURSIVE concerned AS (
        SELECT refobjid AS role FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
              OR (classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = current_database())))
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
        UNION SELECT m.roleid FROM pg_auth_members m JOIN concerned ON m.member = role)";
const ROLES: &str = "
    SELECT rolname, rolcanlogin, rolinherit, rolcreatedb, rolcreaterole, rolsuper, rolreplication, rolbypassrls, rolconnlimit
    FROM pg_roles WHERE oid IN (SELECT role FROM concerned) AND rolname !~ '^pg_' ORDER BY rolname";
const MEMBERS: &str = "
    SELECT g.rolname, r.rolname, bool_or(m.admin_option) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
    WHERE m.member IN (SELECT role FROM concerned) AND r.rolname !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2";
const SETTINGS: &str = "
    SELECT coalesce((SELECT rolname FROM pg_roles WHERE oid = setrole), ''), setdatabase <> 0, unnest(setconfig) FROM pg_db_role_setting
    WHERE (setrole = 0 OR setrole IN (SELECT role FROM concerned))
          AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1, 2, 3";

type Role = (String, bool, bool, bool, bool, bool, bool, bool, i32);

fn role_line(role: &Role) -> String {
    let (name, logs_in, inherits, makes_databases, makes_roles, is_super, replicates, passes, most) =
        role;
    let mut words = vec![if *logs_in { "LOGIN" } else { "NOLOGIN" }];
    for (has, word) in [
        (!inherits, "NOINHERIT"),
        (*makes_databases, "CREATEDB"),
        (*makes_roles, "CREATEROLE"),
    ] {
        if has {
            words.push(word);
        }
    }
    let name = quote_name(name);
    let mut lines = format!("CREATE ROLE {name} {};", words.join(" "));
    if *most >= 0 {
        lines += &format!("\nALTER ROLE {name} CONNECTION LIMIT {most};");
    }
    for (has, word) in [
        (is_super, "SUPERUSER"),
        (replicates, "REPLICATION"),
        (passes, "BYPASSRLS"),
    ] {
        if *has {
            lines += &format!("\n-- ALTER ROLE {name} {word};");
        }
    }
    lines + &format!("\nGRANT {name} TO CURRENT_USER;")
}

fn member_line((group, member, may_pass_on): &(String, String, bool)) -> String {
    let option = if *may_pass_on {
        " WITH ADMIN OPTION"
    } else {
        ""
    };
    format!(
        "GRANT {} TO {}{option};",
        quote_name(group),
        quote_name(member)
    )
}

/// A setting of a role, of the database, or of both, stored as `name=value`.
fn setting_line(
    (role, of_database, setting): &(String, bool, String),
    database: &str,
) -> Option<String> {
    let whose = match (role.as_str(), of_database) {
        ("", true) => format!("DATABASE {database}"),
        ("", false) => return None,
        (role, true) => format!("ROLE {} IN DATABASE {database}", quote_name(role)),
        (role, false) => format!("ROLE {}", quote_name(role)),
    };
    let (name, value) = setting.split_once('=')?;
    let value = if LISTS.contains(&name.to_lowercase().as_str()) {
        value.to_owned()
    } else {
        quote_text(value)
    };
    Some(format!(
        "ALTER {whose} SET {} TO {value};",
        setting_name(name)
    ))
}

/// A setting's name may have two parts, each a name.
fn setting_name(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(quote_name).collect();
    parts.join(".")
}

/// The statement that removes an object has its name as statements write it. Tables come before the sequences that follow their owner.
fn owner_lines(entries: &[Entry]) -> Vec<String> {
    let mut lines: Vec<(bool, String)> = entries
        .iter()
        .filter(|entry| entry.kind != "SEQUENCE" || !entry.definition.starts_with("ALTER TABLE"))
        .filter(|entry| !matches!(entry.kind.as_str(), "SUBSCRIPTION" | "USER MAPPING"))
        .filter_map(|entry| {
            let owner = quote_name(entry.owner.as_ref()?);
            let object = entry.removal.trim_end().strip_prefix("DROP ")?;
            let (kind, _) = object.split_once(' ')?;
            let object = object.strip_suffix(';')?;
            // A base type goes with the functions that read and write it.
            let object = object.strip_suffix(" CASCADE").unwrap_or(object);
            let line = format!("ALTER {object} OWNER TO {owner};");
            has_an_owner(kind).then_some((entry.kind == "SEQUENCE", line))
        })
        .collect();
    lines.sort_by_key(|(is_sequence, _)| *is_sequence);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// By the first word behind `DROP`: constraints, triggers, rules and policies have their table's.
fn has_an_owner(kind: &str) -> bool {
    matches!(
        kind,
        "AGGREGATE"
            | "COLLATION"
            | "CONVERSION"
            | "DOMAIN"
            | "EVENT"
            | "FOREIGN"
            | "FUNCTION"
            | "MATERIALIZED"
            | "OPERATOR"
            | "PROCEDURE"
            | "PUBLICATION"
            | "SCHEMA"
            | "SEQUENCE"
            | "SERVER"
            | "STATISTICS"
            | "TABLE"
            | "TYPE"
            | "VIEW"
    )
}
