//! What the reader's account may do, and may not.

use std::collections::BTreeMap;

use super::{Preflight, Verdict};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Schema;
use crate::mysql::server::{self, Flavour};
use crate::mysql::value::quote_name;

/// Whether the reader may read the log, tried by opening it at its end.
pub(super) async fn probe_log(
    plan: &StreamPlan,
    source: &mut Session,
    flavour: Flavour,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let opened = async {
        let end = server::log_end(source, flavour).await?;
        let schema = Schema {
            database: plan.database.clone(),
            charset: String::new(),
            collation: String::new(),
            tables: BTreeMap::new(),
            foreign_keys: Vec::new(),
            sequences: Vec::new(),
            recopied: BTreeMap::new(),
        };
        plan.open_log("preflight", schema, end).await.map(drop)
    };
    match opened.await {
        Ok(()) => found.note(
            "right to read the log",
            Verdict::Fine,
            format!("{} opened it", plan.from.user()),
        ),
        Err(error) if error.may_retry() => return Err(error),
        Err(error) => found.note(
            "right to read the log",
            Verdict::Blocker(
                "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the reader".to_owned(),
            ),
            error.to_string(),
        ),
    }
    Ok(())
}

/// Whether transactions are prepared and wait for a decision (rule 2).
pub(super) async fn probe_prepared(
    source: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    match server::undecided_transactions(source).await? {
        Some(0) => found.note("prepared transactions", Verdict::Fine, "none"),
        Some(count) => found.note(
            "prepared transactions",
            Verdict::Blocker("commit or roll back what XA RECOVER lists".to_owned()),
            format!("{count} undecided"),
        ),
        None => found.note(
            "prepared transactions",
            Verdict::Handled(
                "the reader may not list them; make sure that the application uses no XA"
                    .to_owned(),
            ),
            "not visible",
        ),
    }
    Ok(())
}

/// Promise 5 is proven, not assumed: the reader tries to write and must be refused. The statement would change no row if it were allowed.
pub(super) async fn probe_read_only(
    source: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let Some(table) = schema.tables.values().next() else {
        found.note(
            "tables",
            Verdict::Blocker("name a database that holds tables".to_owned()),
            "none",
        );
        return Ok(());
    };
    let sql = format!(
        "DELETE FROM {}.{} WHERE FALSE",
        quote_name(&schema.database),
        quote_name(&table.name)
    );
    match source.run("trying to write as the reader", sql).await {
        Err(ReplicateError::Refused { source, .. }) => found.note(
            "reader is read-only",
            Verdict::Fine,
            format!("a write was refused: {source}"),
        ),
        Err(error) => return Err(error),
        Ok(_) => found.note(
            "reader is read-only",
            Verdict::Blocker(
                "give the reader SELECT, SHOW VIEW, REPLICATION SLAVE and REPLICATION CLIENT only"
                    .to_owned(),
            ),
            "a write was accepted",
        ),
    }
    Ok(())
}
