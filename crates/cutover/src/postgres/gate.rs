//! What is compared, and what is known of a side behind its fence.

use reberth_replicate::position::LogPosition;
use reberth_replicate::postgres::capture::fence as triggers;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::{behind, server, verify};
use reberth_replicate::verify_report::VerifyReport;
use serde::{Deserialize, Serialize};

use super::Postgres;
use super::fence::{list, refuse};
use crate::engine::{Behind, Compared};
use crate::error::CutoverError;
use crate::passage::Passage;

/// A place in the log of a side, and how its fence stood when it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The end of the log then.
    pub log: LogPosition,
    /// The fingerprint of the fence, if it was whole.
    pub fence: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.log.fmt(f)
    }
}

/// The end of the log of the side that has the writes. The fence is read first: what is written behind it stands behind this place.
pub(super) async fn log_end(passage: &Passage<Postgres>) -> Result<Place, CutoverError> {
    let mut session = Session::open(&passage.stream.from).await?;
    let standing = triggers::read(&mut session).await?;
    Ok(Place {
        log: server::log_end(&mut session).await?,
        fence: standing.open.is_empty().then_some(standing.fingerprint),
    })
}

/// Compares everything: rows, and definitions too.
pub(super) async fn verify(
    passage: &mut Passage<Postgres>,
) -> Result<(VerifyReport, Place), CutoverError> {
    // The stream must run meanwhile, or what differs by lag never settles.
    passage.running();
    let report = verify::verify(&passage.stream, |_, _| {}).await?;
    let log = report.holds_until.clone();
    Ok((report, Place { log, fence: None }))
}

/// Compares every row once more. Which keys have changed since the verification is not asked: it costs by the rows held.
pub(super) async fn compare_rows(
    passage: &mut Passage<Postgres>,
) -> Result<Compared, CutoverError> {
    let report = verify::rows(&passage.stream, |_, _| {}).await?;
    Ok(Compared {
        changes: None,
        keys: report.rows,
        report,
    })
}

/// What was changed behind a place: told by the slot or by the noted keys, and by the fence itself of what no trigger sees.
pub(super) async fn behind(
    passage: &mut Passage<Postgres>,
    place: &Place,
) -> Result<Behind, CutoverError> {
    let mut session = Session::open(&passage.stream.from).await?;
    let standing = triggers::read(&mut session).await?;
    let side = passage.from.name;
    if !standing.open.is_empty() {
        return Err(refuse(
            side,
            format!("{} take(s) writes", list(&standing.open)),
        ));
    }
    if place.fence.as_ref() != Some(&standing.fingerprint) {
        return Err(refuse(
            side,
            "tables, triggers of the fence or large objects are not those that were there when its barrier was taken".to_owned(),
        ));
    }
    Ok(Behind {
        changes: behind::of_stream(&passage.stream).await?,
        until: server::log_end(&mut session).await?.to_string(),
    })
}
