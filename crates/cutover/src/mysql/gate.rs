//! What is compared, and what the log tells: by a reader of its own, so that an applier that drops an event does not drop its mark (rule 31).

use reberth_replicate::mysql::server;
use reberth_replicate::mysql::touched::{Touched, compare_between};
use reberth_replicate::mysql::verify;
use reberth_replicate::position::LogPosition;
use reberth_replicate::verify_report::VerifyReport;

use super::MySql;
use crate::engine::{Behind, Compared};
use crate::error::CutoverError;
use crate::passage::Passage;

/// The end of the log of the side that has the writes.
pub(super) async fn log_end(passage: &Passage<MySql>) -> Result<LogPosition, CutoverError> {
    // The end of another server's log would say nothing about this stream.
    let stream = passage.stream.at_its_server().await?;
    let mut session = server::reader(&stream.from).await?;
    let flavour = server::version(&mut session).await?.flavour;
    Ok(server::log_end(&mut session, flavour).await?)
}

/// A place of the log whose predecessors are all visible to readers. The log from there on is the base of a comparison: the server keeps it anyway.
pub(super) async fn visible_position(
    passage: &Passage<MySql>,
) -> Result<LogPosition, CutoverError> {
    let stream = passage.stream.at_its_server().await?;
    let mut session = server::reader(&stream.from).await?;
    let flavour = server::version(&mut session).await?.flavour;
    Ok(server::visible_position(&mut session, flavour).await?)
}

/// Compares everything.
pub(super) async fn verify(passage: &mut Passage<MySql>) -> Result<VerifyReport, CutoverError> {
    // The stream must run meanwhile, or what differs by lag never settles.
    passage.running();
    Ok(verify::verify(&passage.stream, |_, _| {}).await?)
}

/// Compares the keys that the log names between two places.
pub(super) async fn compare_changed(
    passage: &mut Passage<MySql>,
    from: &LogPosition,
    until: &LogPosition,
) -> Result<Compared, CutoverError> {
    let schema = passage.schema().await?;
    let compared = compare_between(&passage.stream, &schema, from.clone(), until).await?;
    Ok(Compared {
        changes: compared.changes,
        keys: compared.keys,
        report: compared.report,
    })
}

/// What the log holds behind a place.
pub(super) async fn behind(
    passage: &mut Passage<MySql>,
    place: &LogPosition,
) -> Result<Behind, CutoverError> {
    let schema = passage.schema().await?;
    let end = log_end(passage).await?;
    let behind = Touched::read(&passage.stream, &schema, place.clone(), &end).await?;
    Ok(Behind {
        changes: behind.changes,
        until: behind.until.to_string(),
    })
}
