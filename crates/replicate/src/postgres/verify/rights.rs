//! Owners and grants on both sides, object by object.

use std::collections::BTreeSet;

use crate::error::ReplicateError;
use crate::postgres::scope::SCHEMAS;
use crate::postgres::session::Session;
use crate::verify_report::NAMED_AT_MOST;

/// Who owns what, and who may do what with it; what an owner may do by being the owner is left out.
fn rights() -> String {
    format!(
        "
    WITH ours AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace n WHERE {SCHEMAS}),
    object (what, owner, acl) AS (
      SELECT 'schema ' || quote_ident(nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM ours
      UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || format('%I.%I', o.nspname, c.relname), c.relowner,
          coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner))
        FROM pg_class c JOIN ours o ON o.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      UNION ALL SELECT 'column ' || format('%I.%I.%I', o.nspname, c.relname, a.attname), c.relowner, a.attacl
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN ours o ON o.oid = c.relnamespace WHERE a.attacl IS NOT NULL
      UNION ALL SELECT 'function ' || format('%I.%I(%s)', o.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
    SELECT what || ' belongs to ' || pg_get_userbyid(owner) FROM object WHERE what !~ '^column '
    UNION SELECT what || ': ' || g.privilege_type || ' for ' || CASE g.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(g.grantee) END
      FROM object, aclexplode(acl) AS g WHERE g.grantee <> owner"
    )
}

/// What only one side has, in words.
pub(super) async fn compare(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let doing = "comparing rights";
    let read = |rows: Vec<(String,)>| -> BTreeSet<String> {
        rows.into_iter().map(|(right,)| right).collect()
    };
    let here = read(source.rows(doing, rights()).await?);
    let there = read(target.rows(doing, rights()).await?);
    let missing = here
        .difference(&there)
        .map(|right| format!("{right}: on the source only"));
    let extra = there
        .difference(&here)
        .map(|right| format!("{right}: on the target only"));
    let mut differ: Vec<String> = missing.chain(extra).collect();
    let count = differ.len();
    if count > NAMED_AT_MOST {
        differ.truncate(NAMED_AT_MOST);
        differ.push(format!("and {} more", count - NAMED_AT_MOST));
    }
    Ok(differ)
}
