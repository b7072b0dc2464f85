//! What is not a row: definitions, sequences, large objects, rights.
//!
//! While a stream runs, sequences and large objects lag behind by nature: the end of the move brings them level, so they are told and are no difference. Where no
//! stream is left to do that, they are one. Rights are for people to give, after reading the script, so they are told and never a difference.

use super::rights;
use crate::error::ReplicateError;
use crate::postgres::large_object;
use crate::postgres::plan::StreamPlan;
use crate::postgres::schema::{self, SchemaDifference};
use crate::postgres::sequence::{self, Counter};
use crate::postgres::session::Session;
use crate::postgres::state::Checkpoint;
use crate::stream::{Direction, Phase};
use crate::verify_report::VerifyReport;

/// Large objects named at the most.
const OBJECTS_NAMED: usize = 20;

/// Compares all of it and reports what differs.
pub(super) async fn compare(
    plan: &StreamPlan,
    checkpoint: Option<&Checkpoint>,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    if let Some(begun) = checkpoint
        && begun.phase < Phase::Following
    {
        report.not_compared.push(format!(
            "definitions: the stream is {}, and they are whole when it follows",
            begun.phase.word()
        ));
        return Ok(());
    }
    definitions(plan, report).await?;
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    let mut behind = sequences(&mut source, &mut target).await?;
    behind.extend(objects(&mut source, &mut target).await?);
    match checkpoint {
        Some(_) => report.counters_behind.extend(behind),
        None => report.schema_differences.extend(behind),
    }
    report.rights_differ = rights::compare(&mut source, &mut target).await?;
    Ok(())
}

async fn definitions(plan: &StreamPlan, report: &mut VerifyReport) -> Result<(), ReplicateError> {
    // What was left out of the move is known where it was written to.
    let (source, target) = match plan.direction {
        Direction::Forward => (&plan.from, &plan.to),
        Direction::Reverse => (&plan.to, &plan.from),
    };
    for difference in schema::compare(source, target, &plan.pg_dump()).await? {
        report.schema_differences.push(words(&difference));
    }
    Ok(())
}

fn words(difference: &SchemaDifference) -> String {
    let what = &difference.what;
    match (&difference.source, &difference.target) {
        (Some(_), None) => format!("{what} is missing on the target"),
        (None, Some(_)) => format!("{what} is not on the source"),
        _ => format!("{what} is defined in another way on the target"),
    }
}

async fn sequences(
    source: &mut Session,
    target: &mut Session,
) -> Result<Vec<String>, ReplicateError> {
    let theirs = sequence::read(target).await?;
    let mut behind = Vec::new();
    for (name, counter) in sequence::read(source).await? {
        match theirs.get(&name) {
            None => behind.push(format!("sequence {name} is missing on the target")),
            Some(their) if their.is_behind(&counter) => behind.push(format!(
                "sequence {name} stands at {} on the source and at {} on the target",
                place(&counter),
                place(their)
            )),
            Some(_) => {}
        }
    }
    Ok(behind)
}

/// Where a sequence stands, in words.
fn place(counter: &Counter) -> String {
    match counter.is_called {
        true => counter.last_value.to_string(),
        false => format!("{}, which it has not given yet,", counter.last_value),
    }
}

async fn objects(
    source: &mut Session,
    target: &mut Session,
) -> Result<Option<String>, ReplicateError> {
    let differing = large_object::differing(source, target).await?;
    if differing.is_empty() {
        return Ok(None);
    }
    let named: Vec<String> = differing
        .iter()
        .take(OBJECTS_NAMED)
        .map(u32::to_string)
        .collect();
    let more = match differing.len() > OBJECTS_NAMED {
        true => " and more",
        false => "",
    };
    Ok(Some(format!(
        "{} large object(s) differ: {}{more}",
        differing.len(),
        named.join(", ")
    )))
}
