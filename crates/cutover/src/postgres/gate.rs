//! What is compared, and what is known of a side behind its fence.

use reberth_replicate::position::LogPosition;
use reberth_replicate::postgres::capture::fence as triggers;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::{base, behind, server, verify};
use reberth_replicate::verify_report::VerifyReport;
use serde::{Deserialize, Serialize};

use super::Postgres;
use super::fence::{list, refuse};
use crate::engine::{Behind, Compared};
use crate::error::CutoverError;
use crate::passage::Passage;

/// A place in the log of a side, how its fence stood when it was taken, and what it is compared from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The end of the log then.
    pub log: LogPosition,
    /// The fingerprint of the fence, if it was whole.
    pub fence: Option<String>,
    /// The name of the base that tells what has changed since a verification. It moves by itself with each comparison that finds both sides equal.
    #[serde(default)]
    pub base: Option<String>,
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
        base: base_of(passage),
    })
}

/// Lays the base of a verification.
pub(super) async fn lay_base(passage: &Passage<Postgres>) -> Result<Place, CutoverError> {
    let laid = base::lay(&passage.stream).await?;
    Ok(Place {
        log: laid.log,
        fence: None,
        base: Some(laid.name),
    })
}

/// A place behind which the stream has applied all that is visible now.
pub(super) async fn place_before_fence(passage: &Passage<Postgres>) -> Result<Place, CutoverError> {
    let mut session = Session::open(&passage.stream.from).await?;
    Ok(Place {
        log: server::barrier(&mut session).await?,
        fence: None,
        base: base_of(passage),
    })
}

fn base_of(passage: &Passage<Postgres>) -> Option<String> {
    passage
        .equal_until
        .as_ref()
        .and_then(|place| place.base.clone())
}

/// Compares everything: rows, and definitions too.
pub(super) async fn verify(passage: &mut Passage<Postgres>) -> Result<VerifyReport, CutoverError> {
    // The stream must run meanwhile, or what differs by lag never settles.
    passage.running();
    Ok(verify::verify(&passage.stream, |_, _| {}).await?)
}

/// Compares what the source tells to have changed since the base.
pub(super) async fn compare_changed(
    passage: &mut Passage<Postgres>,
    from: &Place,
    until: &Place,
) -> Result<Compared, CutoverError> {
    let Some(name) = &from.base else {
        return Err(CutoverError::NothingToGoBackFrom {
            what: "the base of a verification",
        });
    };
    let compared = verify::compare_touched(&passage.stream, name, &until.log).await?;
    Ok(Compared {
        changes: compared.changes,
        keys: compared.keys,
        report: compared.report,
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
