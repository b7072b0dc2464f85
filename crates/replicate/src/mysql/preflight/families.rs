//! What becomes of definitions when the target is of the other family.

use super::{Preflight, Verdict};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::schema::{Schema, translate};
use crate::mysql::server::Flavour;

/// Every translation is listed, and what cannot be translated blocks.
pub(super) fn probe(schema: &Schema, from: Flavour, to: Flavour, found: &mut Preflight) {
    if from == to {
        return;
    }
    for table in schema.tables.values() {
        let translation = translate::table(table, from, to);
        let subject = format!("table {}", table.name);
        for blocker in translation.blockers {
            found.note(&subject, Verdict::Blocker("the target is of the other family; change the table, or choose a target of the source's".to_owned()), blocker);
        }
        for change in translation.changes {
            found.note(
                &subject,
                Verdict::Handled("translated for the target".to_owned()),
                change,
            );
        }
    }
    for name in &schema.sequences {
        found.note(
            &format!("sequence {name}"),
            Verdict::Blocker("MySQL has no sequences: number rows by AUTO_INCREMENT, or choose a target of the source's family".to_owned()),
            "a sequence of MariaDB",
        );
    }
}

/// Whether the target knows the collation of the database, or the one that takes its place. Servers list some under a shorter name, so it is tried.
pub(super) async fn probe_collation(
    schema: &Schema,
    from: Flavour,
    to: Flavour,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let other = (from != to)
        .then(|| translate::collation(&schema.collation, to))
        .flatten();
    let collation = other.unwrap_or(schema.collation.clone());
    let sql = format!(
        "SELECT CONVERT('' USING {}) COLLATE {collation}",
        schema.charset
    );
    let tried = target
        .rows::<mysql_async::Row>("trying a collation", sql)
        .await;
    match tried {
        Ok(_) => found.note("collation", Verdict::Fine, collation),
        Err(ReplicateError::Refused { source, .. }) => found.note(
            "collation",
            Verdict::Blocker("choose a target version that has it".to_owned()),
            source.to_string(),
        ),
        Err(error) => return Err(error),
    }
    Ok(())
}
