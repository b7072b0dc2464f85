//! Whether the target is ready to receive.

use super::{Preflight, Verdict};
use crate::cause::Cause;
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::begin;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::Schema;
use crate::mysql::server;
use crate::mysql::state;

/// Whether the writer may keep state on the target, and the target is empty and can hold the schema.
pub(super) async fn probe(
    plan: &StreamPlan,
    target: &mut Session,
    schema: &Schema,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    probe_right_to_keep_state(target, found).await?;
    let begun = state::peek(target, plan.direction, &plan.database)
        .await?
        .is_some();
    let (verdict, seen) = match begun {
        true => (
            Verdict::Fine,
            "holds what an earlier start brought".to_owned(),
        ),
        false => emptiness(target, schema).await?,
    };
    found.note("target database", verdict, seen);
    probe_loading(target, found).await
}

/// What stands in the way of a stream that has not begun, judged as `begin` judges it: a start that was killed while it made the tables leaves
/// some of them, and must not need a person.
async fn emptiness(
    target: &mut Session,
    schema: &Schema,
) -> Result<(Verdict, String), ReplicateError> {
    let held = begin::held(target, schema).await?;
    Ok(if !held.strangers.is_empty() {
        (
            Verdict::Blocker("empty it, or name another database".to_owned()),
            format!("holds {}", held.strangers.join(", ")),
        )
    } else if held.empty_count > 0 {
        (
            Verdict::Handled(
                "they are dropped and made anew, as the source has them now".to_owned(),
            ),
            format!(
                "{} tables of the source's names, without a row",
                held.empty_count
            ),
        )
    } else {
        (Verdict::Fine, "empty".to_owned())
    })
}

/// How rows will be written. The figure was measured with MySQL 9.7 (`make bench-mysql`).
async fn probe_loading(target: &mut Session, found: &mut Preflight) -> Result<(), ReplicateError> {
    let (verdict, seen) = match server::takes_local_infile(target).await? {
        true => (Verdict::Fine, "the target takes LOAD DATA LOCAL"),
        false => (
            Verdict::Handled(
                "rows are written by INSERT, which costs the target a quarter to a third more CPU time; local_infile = ON there for the time of the copy (RDS: in the parameter group) saves it".to_owned(),
            ),
            "local_infile is off on the target",
        ),
    };
    found.note("writing of rows", verdict, seen);
    Ok(())
}

/// Whether the writer may make Reberth's schema, without making it: a server looks at the rights before it misses the table that is to be the model.
async fn probe_right_to_keep_state(
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let subject = "right to keep state";
    let sql = "CREATE TABLE reberth.right_to_make LIKE reberth.nothing_of_this_name";
    match target.run("asking for the right to keep state", sql).await {
        Err(error) if error.may_retry() => return Err(error),
        Err(ReplicateError::Refused { source, .. }) if is_missing_model(&source) => {
            found.note(subject, Verdict::Fine, "may make the schema reberth")
        }
        Err(error) => found.note(
            subject,
            Verdict::Blocker("GRANT ALL ON reberth.* to the writer".to_owned()),
            error.to_string(),
        ),
        Ok(_) => found.note(
            subject,
            Verdict::Blocker("drop the table reberth.right_to_make on the target".to_owned()),
            "the schema reberth holds tables that are not Reberth's",
        ),
    }
    Ok(())
}

/// No such table, or no such database.
fn is_missing_model(cause: &Cause) -> bool {
    matches!(cause.mysql_code(), Some(1146 | 1049))
}

/// Two addresses may lead to one server, and a database cannot be moved onto itself. Names and numbers of servers may be alike by accident, so a
/// named lock tells: one that a session of the source holds is seen from the target's session on the same server only.
pub(super) async fn probe_is_another(
    source: &mut Session,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let lock = format!("'reberth:two-servers:{}'", source.id());
    let holder = u64::from(source.id());
    let sql = format!("SELECT GET_LOCK({lock}, 0)");
    source.run("taking a named lock", sql).await?;
    let sql = format!("SELECT IS_USED_LOCK({lock})");
    let seen: Option<Option<u64>> = target.row("looking for a named lock", sql).await?;
    let sql = format!("DO RELEASE_LOCK({lock})");
    source.run("giving a named lock back", sql).await?;
    let is_one = seen.flatten() == Some(holder);
    found.expect(
        "two servers",
        !is_one,
        if is_one {
            "source and target are the same server"
        } else {
            "source and target are two"
        },
        "correct the target's address: a database is moved from one server to another",
    );
    Ok(())
}
