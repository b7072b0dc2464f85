//! Reads what is to be made on the target, from one state of the source, and what is left out.

use std::collections::BTreeSet;

use super::compression;
use super::dump::{PgDump, one_moment};
use super::item::{Facts, FactsByObject, Item, items};
use super::left_out::{LeftOut, part};
use super::roles::{self, Scripts};
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_path;

/// The catalogues whose objects have [`Facts`].
const PG_CONSTRAINT: u32 = 2606;
const PG_CLASS: u32 = 1259;

/// A schema on its way to the target.
#[derive(Clone, Debug)]
pub struct SchemaPlan {
    /// What is made, in an order in which it can be.
    pub items: Vec<Item>,
    /// What is not made.
    pub left_out: Vec<LeftOut>,
    /// Roles, owners and grants as scripts for people to review and run; nothing of them is run by the move.
    pub scripts: Scripts,
    /// Roles that row security policies name and the target does not have.
    pub missing_roles: Vec<String>,
}

impl SchemaPlan {
    /// What of the left out objects forbids the move, in words; empty if nothing does.
    pub fn blockers(&self) -> Vec<String> {
        let left_out = self.left_out.iter().filter(|left| left.is_blocker);
        let roles = self.missing_roles.iter().map(|role| {
            format!(
                "row security policies name the role {role}, which the target does not have: run the script of roles there"
            )
        });
        left_out
            .map(|left| format!("{}: {}", left.what, left.reason))
            .chain(roles)
            .collect()
    }
}

/// Reads the schema of the source's database for a target, and writes nothing.
///
/// A target of an older major than the source is refused: it does not know what the source may hold.
pub async fn read(
    source: &Address,
    target: &Address,
    pg_dump: &PgDump,
) -> Result<SchemaPlan, ReplicateError> {
    let mut reader = Session::open(source).await?;
    let mut there = Session::open(target).await?;
    let majors = [major(&mut reader).await?, major(&mut there).await?];
    if majors[1] < majors[0] {
        return Err(ReplicateError::Blocked(vec![format!(
            "the source is PostgreSQL {}, the target {}: the target must be of the same major or a newer one",
            majors[0], majors[1]
        )]));
    }
    pg_dump.require(&majors).await?;
    let extensions = offered_extensions(&mut there).await?;
    let snapshot = one_moment(&mut reader).await?;
    let compression = compression::refused(&mut reader, &mut there).await?;
    let entries = pg_dump
        .entries(source, &snapshot, compression.is_none())
        .await?;
    let facts = read_facts(&mut reader).await?;
    let scripts = roles::scripts(&mut reader, &entries).await?;
    let missing_roles = missing_roles(&mut reader, &mut there).await?;
    reader
        .run("closing the schema's snapshot", "COMMIT")
        .await?;
    let (kept, mut left_out) = part(entries, &extensions);
    left_out.extend(compression);
    Ok(SchemaPlan {
        items: items(&kept, &facts),
        left_out,
        scripts,
        missing_roles,
    })
}

/// The major of a server.
pub async fn major(session: &mut Session) -> Result<u32, ReplicateError> {
    let sql = "SELECT current_setting('server_version_num')::int / 10000";
    let row: Option<(u32,)> = session.row("asking for the version", sql).await?;
    Ok(row.map_or(0, |(major,)| major))
}

/// The extensions that a server can make.
pub(super) async fn offered_extensions(
    session: &mut Session,
) -> Result<BTreeSet<String>, ReplicateError> {
    let sql = "SELECT name FROM pg_available_extensions";
    let rows: Vec<(String,)> = session.rows("listing the extensions on offer", sql).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

async fn missing_roles(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    const DOING: &str = "comparing the roles of policies";
    let named = "SELECT DISTINCT r.rolname FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) ORDER BY 1";
    let named: Vec<(String,)> = source.rows(DOING, named).await?;
    let there: Vec<(String,)> = target.rows(DOING, "SELECT rolname FROM pg_roles").await?;
    let missing = named.into_iter().filter(|role| !there.contains(role));
    Ok(missing.map(|(role,)| role).collect())
}

async fn read_facts(session: &mut Session) -> Result<FactsByObject, ReplicateError> {
    const DOING: &str = "reading constraints and indexes";
    type Row = (u32, String, String, bool, String, bool, bool, bool);
    let constraints: Vec<Row> = session.rows(DOING, CONSTRAINTS).await?;
    let indexes: Vec<Row> = session.rows(DOING, INDEXES).await?;
    let known = |catalogue: u32| {
        move |row: Row| {
            let (
                oid,
                schema,
                table,
                is_partitioned,
                constraint,
                is_identity,
                is_unique,
                is_validated,
            ) = row;
            let facts = Facts {
                table: quote_path(&schema, &table),
                constraint,
                is_partitioned,
                is_identity,
                is_unique,
                is_validated,
            };
            ((catalogue, oid), facts)
        }
    };
    let constraints = constraints.into_iter().map(known(PG_CONSTRAINT));
    let indexes = indexes.into_iter().map(known(PG_CLASS));
    Ok(constraints.chain(indexes).collect())
}

const CONSTRAINTS: &str = "
    SELECT c.oid, n.nspname, r.relname, r.relkind = 'p', c.conname, c.contype = 'p' OR coalesce(i.indisreplident, false),
           c.contype IN ('u', 'x'), c.convalidated
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
         LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND i.indrelid = c.conrelid AND c.contype IN ('p', 'u', 'x')";

const INDEXES: &str = "
    SELECT i.indexrelid, n.nspname, r.relname, r.relkind = 'p', '', i.indisreplident, i.indisunique, true
    FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace";
