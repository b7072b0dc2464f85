//! What of a source its account may not read, each with its remedy: all of it must be known before anything is begun.
//!
//! `pg_dump` names the first table that it may not lock and no other; sequences and large objects are read when the application stands still, where it is too
//! late to be told.

use super::scope::{LASTING, RELATIONS};
use super::session::Session;
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;

/// How many of a kind may not be read, the first of them as it stands in a statement, and the account's name as it does.
type Found = (u64, Option<String>, String);

/// A sentence for each kind of which something may not be read.
pub(super) async fn blockers(source: &mut Session) -> Result<Vec<String>, ReplicateError> {
    // Of sequences too; the function for sequences alone fails where the planner asks it of other relations first.
    let hidden = "NOT has_table_privilege(c.oid, 'SELECT')";
    let relations = |name: &str, which: &str| {
        format!(
            "SELECT count(DISTINCT {name}), min({name}), quote_ident(current_user) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {which}"
        )
    };
    let path = "format('%I.%I', n.nspname, c.relname)";
    let tables = format!("c.relkind IN ('r', 'p') AND {LASTING} AND {RELATIONS}");
    let sequences = format!("c.relkind = 'S' AND {RELATIONS}");
    let schemas = format!("({tables} OR {sequences}) AND NOT has_schema_privilege(n.oid, 'USAGE')");
    let mut blockers = Vec::new();
    for (what, right, sql) in [
        (
            "schema",
            "USAGE",
            relations("quote_ident(n.nspname)", &schemas),
        ),
        (
            "table",
            "SELECT",
            relations(path, &format!("{tables} AND {hidden}")),
        ),
        (
            "sequence",
            "SELECT",
            relations(path, &format!("{sequences} AND {hidden}")),
        ),
        ("large object", "SELECT", LARGE_OBJECTS.to_owned()),
    ] {
        let doing = format!("asking which {what}s may be read");
        let found: Vec<Found> = source
            .rows_within(LONG_STATEMENT_LIMIT, &doing, sql)
            .await?;
        if let Some((count, Some(first), user)) = found.into_iter().next() {
            blockers.push(format!(
                "{user} may not read {count} {what}(s) of the source: GRANT {right} ON {} {first} TO {user} there, and so for each",
                what.to_uppercase()
            ));
        }
    }
    Ok(blockers)
}

/// `lo_compat_privileges` lets everybody read all.
const LARGE_OBJECTS: &str = "SELECT count(*), min(o.oid)::text, quote_ident(current_user) FROM pg_largeobject_metadata o, pg_roles own \
     WHERE own.rolname = current_user AND NOT own.rolsuper AND NOT current_setting('lo_compat_privileges')::boolean AND NOT pg_has_role(current_user, o.lomowner, 'USAGE') \
       AND NOT EXISTS (SELECT FROM aclexplode(o.lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(current_user, a.grantee, 'USAGE')))";
