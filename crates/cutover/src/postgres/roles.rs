//! Roles that can log in, or could, and write to the database: by a right on a table, as its owner, as a member of either, or as superusers.

use reberth_replicate::postgres::scope::{LASTING, RELATIONS};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::value::quote_name;

use crate::error::CutoverError;

/// A role that can write to the database, if it can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) can_log_in: bool,
    /// The fencing account may change whether it logs in. Superusers are left alone: the triggers stop them.
    pub(super) is_in_reach: bool,
}

/// A right counts that comes by a role which must be put on first (`SET ROLE`). From version 16 on a role is altered by who has ADMIN on it; before, by whoever has CREATEROLE.
fn roles_that_write() -> String {
    format!(
        "
    WITH me AS (SELECT oid, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user),
    tables AS (SELECT c.oid, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {RELATIONS}),
    writing AS MATERIALIZED (SELECT g.oid FROM pg_roles g WHERE g.rolsuper
        OR EXISTS (SELECT FROM tables t WHERE has_table_privilege(g.oid, t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR pg_has_role(g.oid, t.relowner, 'MEMBER')))
    SELECT r.rolname, r.rolcanlogin, NOT r.rolsuper AND (me.rolsuper OR me.rolcreaterole AND (current_setting('server_version_num')::int < 160000
        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND m.member = me.oid AND m.admin_option)))
    FROM pg_roles r CROSS JOIN me
    WHERE r.rolname NOT LIKE 'pg\\_%' AND has_database_privilege(r.oid, current_database(), 'CONNECT')
      AND EXISTS (SELECT FROM writing w WHERE pg_has_role(r.oid, w.oid, 'MEMBER'))
    ORDER BY 1"
    )
}

/// Tables that the session's account does not own, nor belongs to who does.
fn foreign() -> String {
    format!(
        "
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {LASTING} AND {RELATIONS}
      AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1"
    )
}

/// Lists them.
pub(super) async fn read(session: &mut Session) -> Result<Vec<Role>, CutoverError> {
    let rows: Vec<(String, bool, bool)> = session
        .rows("listing who can write", roles_that_write())
        .await?;
    let roles = rows
        .into_iter()
        .map(|(name, can_log_in, is_in_reach)| Role {
            name,
            can_log_in,
            is_in_reach,
        });
    Ok(roles.collect())
}

/// Tables on which the session's account could put no trigger that holds for everybody.
pub(super) async fn foreign_tables(session: &mut Session) -> Result<Vec<String>, CutoverError> {
    let rows: Vec<(String,)> = session
        .rows("asking for the owner of tables", foreign())
        .await?;
    Ok(rows.into_iter().map(|(table,)| table).collect())
}

/// Lets roles log in, or not. Doing it twice is harmless; a role that is gone is left out.
pub(super) async fn let_log_in(
    session: &mut Session,
    roles: &[String],
    may: bool,
) -> Result<(), CutoverError> {
    let doing = "changing who may log in";
    let there: Vec<(String,)> = session.rows(doing, "SELECT rolname FROM pg_roles").await?;
    let word = if may { "LOGIN" } else { "NOLOGIN" };
    for role in roles
        .iter()
        .filter(|role| there.iter().any(|(name,)| name == *role))
    {
        let sql = format!("ALTER ROLE {} {word}", quote_name(role));
        session.run(doing, sql).await?;
    }
    Ok(())
}
