//! Compares the schemas of two databases, object by object, as the same `pg_dump` tells them.
//!
//! What was left out of the move, or refused by the target, is listed elsewhere and is no difference here. Owners and grants are not compared: they are
//! for people to give. Servers of different majors print the query of a view in different words, so where two differ the target is asked to
//! print both: the source's query is made a temporary view there, in a transaction that is rolled back. Triggers and rules that rest while a stream writes there
//! are compared as they will be when they are woken, and tables without a key that tell their old rows for a stream as if nobody had asked them to.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::Entry;
use super::compression;
use super::dump::{PgDump, one_moment};
use super::item::with_access_method;
use super::left_out::part;
use super::plan::{major, offered_extensions};
use super::store;
use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::logical::old_rows;
use crate::postgres::resting;
use crate::postgres::session::Session;

/// An object that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaDifference {
    /// What it is and its name: `INDEX sales.by_name`.
    pub what: String,
    /// Its statements on the source; `None`: it is not there.
    pub source: Option<String>,
    /// Its statements on the target; `None`: it is not there.
    pub target: Option<String>,
}

/// One side: its session, and its objects by their names.
struct Side {
    session: Session,
    major: u32,
    objects: BTreeMap<String, Object>,
}

struct Object {
    definition: String,
    /// How its own server finds the view's number, if it is one.
    view: Option<String>,
}

/// Tells every difference; none if the two are equal.
pub async fn compare(
    source: &Address,
    target: &Address,
    pg_dump: &PgDump,
) -> Result<Vec<SchemaDifference>, ReplicateError> {
    let mut asked = Session::open(target).await?;
    let extensions = offered_extensions(&mut asked).await?;
    let refused: BTreeSet<String> = match store::is_kept(&mut asked).await? {
        true => store::left_out(&mut asked)
            .await?
            .into_iter()
            .map(|left| left.what)
            .collect(),
        false => BTreeSet::new(),
    };
    // Asked for on one side, it may have been made on the other with the table.
    let mut told = old_rows::statements(&mut asked).await?;
    let mut source_asked = Session::open(source).await?;
    told.extend(old_rows::statements(&mut source_asked).await?);
    let compression = compression::refused(&mut source_asked, &mut asked).await?;
    let compression = compression.is_none();
    let mut source = Side::read(source, pg_dump, &extensions, compression, &told).await?;
    let mut target = Side::read(target, pg_dump, &extensions, compression, &told).await?;
    let names: BTreeSet<String> = source
        .objects
        .keys()
        .chain(target.objects.keys())
        .cloned()
        .collect();
    let mut differences = Vec::new();
    for what in names.difference(&refused) {
        if !is_same(&mut source, &mut target, what).await? {
            let of = |side: &Side| {
                side.objects
                    .get(what)
                    .map(|object| object.definition.clone())
            };
            differences.push(SchemaDifference {
                what: what.clone(),
                source: of(&source),
                target: of(&target),
            });
        }
    }
    Ok(differences)
}

impl Side {
    async fn read(
        address: &Address,
        pg_dump: &PgDump,
        extensions: &BTreeSet<String>,
        compression: bool,
        told: &[String],
    ) -> Result<Side, ReplicateError> {
        let mut session = Session::open_with(address, &[("search_path", "")]).await?;
        let major = major(&mut session).await?;
        pg_dump.require(&[major]).await?;
        let snapshot = one_moment(&mut session).await?;
        let entries = pg_dump.entries(address, &snapshot, compression).await?;
        session
            .run("closing the schema's snapshot", "COMMIT")
            .await?;
        let resting = resting::statements(&mut session).await?;
        let mut objects: BTreeMap<String, Object> = BTreeMap::new();
        for entry in part(entries, extensions).0 {
            let Some((what, mut object)) = object(&entry) else {
                continue;
            };
            for (rests, awake) in &resting {
                wake(&mut object.definition, rests, awake.as_deref());
            }
            for told in told {
                wake(&mut object.definition, told, None);
            }
            // Two objects of one name, such as a table's constraint and an index of that name, are told together.
            match objects.get_mut(&what) {
                Some(first) => first.definition += &object.definition,
                None => {
                    objects.insert(what, object);
                }
            }
        }
        Ok(Side {
            session,
            major,
            objects,
        })
    }
}

/// Puts into a definition what would stand there without a stream.
fn wake(definition: &mut String, rests: &str, awake: Option<&str>) {
    if definition.lines().any(|line| line == rests) {
        let without = match awake {
            Some(awake) => definition.replace(rests, awake),
            // With the empty line before it.
            None => definition.replace(&format!("\n{rests}\n"), ""),
        };
        *definition = without;
    }
}

/// An entry by its name; `None` for a remark without a statement.
fn object(entry: &Entry) -> Option<(String, Object)> {
    if entry
        .definition
        .lines()
        .all(|line| line.starts_with("--") || line.is_empty())
    {
        return None;
    }
    let what = match &entry.schema {
        Some(schema) => format!("{} {schema}.{}", entry.kind, entry.name),
        None => format!("{} {}", entry.kind, entry.name),
    };
    let object = Object {
        definition: with_access_method(entry),
        view: view(entry),
    };
    Some((what, object))
}

/// pg_dump tells the query of a view that needs a key under the name of its rule.
fn view(entry: &Entry) -> Option<String> {
    match entry.kind.as_str() {
        "VIEW" | "MATERIALIZED VIEW" => Some(entry.oid.to_string()),
        "RULE" if entry.definition.starts_with("CREATE OR REPLACE VIEW") => Some(format!(
            "(SELECT ev_class FROM pg_catalog.pg_rewrite WHERE oid = {})",
            entry.oid
        )),
        _ => None,
    }
}

async fn is_same(source: &mut Side, target: &mut Side, what: &str) -> Result<bool, ReplicateError> {
    let (Some(here), Some(there)) = (source.objects.get(what), target.objects.get(what)) else {
        return Ok(false);
    };
    if here.definition == there.definition {
        return Ok(true);
    }
    if what.starts_with("TABLE ")
        && in_any_order(&here.definition) == in_any_order(&there.definition)
    {
        return Ok(true);
    }
    if source.major == target.major {
        return Ok(false);
    }
    if what.starts_with("TYPE ") {
        return Ok(without_multirange(&here.definition) == without_multirange(&there.definition));
    }
    match (here.view.clone(), there.view.clone()) {
        (Some(here), Some(there)) => is_same_view(source, target, &here, &there).await,
        _ => Ok(false),
    }
}

/// A table's columns in no order: what it inherits comes first in a restored one, whatever stood first before, and that is told with its rows.
fn in_any_order(definition: &str) -> Vec<&str> {
    let lines = definition.lines().map(|line| line.trim_end_matches(','));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines
}

/// A range of a server before major 14 has no multirange; a later one gives it one by itself.
fn without_multirange(definition: &str) -> Vec<&str> {
    let words = definition
        .lines()
        .filter(|line| !line.trim_start().starts_with("multirange_type_name"));
    words.map(|line| line.trim_end_matches(',')).collect()
}

const DOING: &str = "comparing a view";

async fn is_same_view(
    source: &mut Side,
    target: &mut Side,
    here: &str,
    there: &str,
) -> Result<bool, ReplicateError> {
    let told = |view: &str| {
        format!(
            "SELECT pg_get_viewdef(oid), concat(reloptions, (SELECT amname FROM pg_catalog.pg_am WHERE oid = relam)) FROM pg_catalog.pg_class WHERE oid = {view}"
        )
    };
    let here: Option<(String, String)> = source.session.row(DOING, told(here)).await?;
    let there: Option<(String, String)> = target.session.row(DOING, told(there)).await?;
    let (Some((query, options)), Some((own_query, own_options))) = (here, there) else {
        return Ok(false);
    };
    Ok(options == own_options && printed_by(&mut target.session, &query).await? == Some(own_query))
}

/// A query in the words of this server; `None` if it does not understand it.
async fn printed_by(session: &mut Session, query: &str) -> Result<Option<String>, ReplicateError> {
    session.run(DOING, "BEGIN").await?;
    let made = session
        .run(
            DOING,
            format!("CREATE TEMPORARY VIEW reberth_probe AS {query}"),
        )
        .await;
    let printed = match made {
        Ok(_) => {
            let sql = "SELECT pg_get_viewdef('pg_temp.reberth_probe'::regclass)";
            session.row::<(String,)>(DOING, sql).await?
        }
        Err(ReplicateError::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    session.run(DOING, "ROLLBACK").await?;
    Ok(printed.map(|(printed,)| printed))
}

#[cfg(test)]
mod tests {
    use super::wake;

    #[test]
    fn what_rests_is_compared_as_it_will_be_awake() {
        let made = "CREATE TRIGGER t AFTER INSERT ON a.b FOR EACH ROW EXECUTE FUNCTION f();\n";
        let rests = "ALTER TABLE a.b DISABLE TRIGGER t;";
        let mut ordinary = format!("{made}\n{rests}\n");
        wake(&mut ordinary, rests, None);
        assert_eq!(ordinary, made);
        let always = "ALTER TABLE a.b ENABLE ALWAYS TRIGGER t;";
        let mut kept = format!("{made}\n{rests}\n");
        wake(&mut kept, rests, Some(always));
        assert_eq!(kept, format!("{made}\n{always}\n"));
        let mut other = format!("{made}\nALTER TABLE a.b DISABLE TRIGGER t2;\n");
        let before = other.clone();
        wake(&mut other, rests, None);
        assert_eq!(other, before);
    }
}
