//! What a verification is built on: from where on the source can still tell every key that changed.
//!
//! A base is laid before a verification reads anything, and holds until it is taken away: by a passage that came to its end or turned back, by the
//! end of the stream, or by the next one. It consists of
//! - a slot of its own, where the stream follows by logical decoding: so the log since then stays on the source, whatever the stream has confirmed;
//! - a snapshot, where it follows by capture: no noted key that it does not show is pruned ([`super::capture::prune`]);
//! - the catalogue as it was before, in which every replaced file of a table is seen;
//! - a row of `reberth.base` beside the stream's checkpoint, with a name that nobody else has: a reader that finds another name knows that its base is gone.
//!
//! # Why no change escapes
//!
//! *By a slot.* It is a copy of the stream's own, so it begins where the target has committed everything, waits for no open transaction, and sends every one that commits after
//! that place, whole. Those before it are applied, and must be visible to whoever reads the source from now on. A commit stands in the log before anybody sees it: for the moment
//! in which its session is on the way from the one to the other, or for as long as a standby does not confirm. So the base waits until all transactions that were listed as
//! running have ended, or for [`MOMENT`], and in any case until nobody waits for a standby.
//!
//! *By noted keys.* What the snapshot shows is visible, and what it does not show has left its keys in `reberth.change`, unless they were pruned. The row is committed
//! before the snapshot is taken: a pruning that had not seen the row had taken its own position before, so that it removed only what the snapshot shows.
//!
//! *What neither tells*, a table that was emptied, rewritten or altered, stands in another file or has another shape than in the base's catalogue, which is read first.

use std::time::Duration;

use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::capture::Cut;
use crate::postgres::capture::catalogue::{self, Catalogue};
use crate::postgres::capture::reader::is_undefined;
use crate::postgres::logical::slot;
use crate::postgres::method;
use crate::postgres::plan::StreamPlan;
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::postgres::state::{Method, prepare_tables, stream_name};
use crate::postgres::value::quote_text;

/// The table.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS reberth.base (
        stream text PRIMARY KEY, name text NOT NULL, shown text, catalogue text NOT NULL)";

const TAKEN_AWAY: &str = "it was taken away, by another passage, by the end of the stream, or to keep the noted changes small";

/// Between a commit that stands in the log and everybody's seeing it, if no standby is waited for: what a session needs for it, and much more.
const MOMENT: Duration = Duration::from_secs(1);
/// How often, and how long, it is looked whether all that committed is seen.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS_MOST: u32 = 1_200;

/// A base that was laid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its name.
    pub name: String,
    /// A place in the source's log: a stream that has passed it has applied all that is not told by the base.
    pub log: LogPosition,
}

/// A base as it is stored.
#[derive(Debug)]
pub(crate) struct Stored {
    /// All that this shows is proven; `None`: the slot tells where it begins.
    pub(crate) shown: Option<Cut>,
    /// The source's catalogue of then.
    pub(crate) catalogue: Catalogue,
}

/// Lays a base, in place of an older one. The stream must have begun.
pub async fn lay(plan: &StreamPlan) -> Result<Base, ReplicateError> {
    take_away(plan).await?;
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    prepare_tables(&mut target).await?;
    let named: Option<(String,)> = source
        .row("naming a base", "SELECT gen_random_uuid()::text")
        .await?;
    let (name,) = named.unwrap_or_default();
    let catalogue = catalogue::read(&mut source).await?;
    match plan.method {
        Method::Logical => {
            slot::copy(plan, &mut source).await?;
            until_all_is_visible(&mut source).await?;
            store(plan, &mut target, &name, None, &catalogue).await?;
        }
        Method::TriggerCapture => {
            // What is pruned from here on is held back; the snapshot that counts comes after it.
            let early = Cut::now(&mut source).await?;
            store(plan, &mut target, &name, Some(&early), &catalogue).await?;
            let shown = Cut::now(&mut source).await?;
            store(plan, &mut target, &name, Some(&shown), &catalogue).await?;
        }
        Method::DumpWindow => return Err(method::nothing_follows()),
    }
    Ok(Base {
        name,
        log: server::barrier(&mut source).await?,
    })
}

/// Waits until everybody sees what stands in the log by now.
async fn until_all_is_visible(source: &mut Session) -> Result<(), ReplicateError> {
    let doing = "waiting for what committed to be seen";
    let end: Option<(u64,)> = source
        .row(
            doing,
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
        )
        .await?;
    let (end,) = end.unwrap_or_default();
    let sql = format!(
        "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= '{end}'::xid8, \
           EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' OR backend_type IS NULL AND current_setting('synchronous_standby_names') <> '')"
    );
    for look in 0..LOOKS_MOST {
        let row: Option<(bool, bool)> = source.row(doing, &sql).await?;
        let (have_ended, may_wait) = row.unwrap_or_default();
        if have_ended || LOOK * look >= MOMENT && !may_wait {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(unseen())
}

/// The error of a transaction that stands in the log and that nobody sees.
pub(crate) fn unseen() -> ReplicateError {
    ReplicateError::Blocked(vec![
        "a transaction has committed on the source, and nobody sees it yet: a standby that it waits for (synchronous_standby_names) does not answer"
            .to_owned(),
    ])
}

/// Writes the row of a base, in place of an older one.
async fn store(
    plan: &StreamPlan,
    target: &mut Session,
    name: &str,
    shown: Option<&Cut>,
    catalogue: &Catalogue,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "INSERT INTO reberth.base (stream, name, shown, catalogue) VALUES ({}, {}, {}, {}) \
         ON CONFLICT (stream) DO UPDATE SET name = excluded.name, shown = excluded.shown, catalogue = excluded.catalogue",
        quote_text(&stream_name(plan.direction, &plan.database)),
        quote_text(name),
        shown_text(shown),
        catalogue_text(catalogue)
    );
    target.run("storing a base", sql).await.map(drop)
}

/// Moves a base that is still there. One that was taken away meanwhile stays away: keys that it held may be pruned.
pub(crate) async fn move_on(
    plan: &StreamPlan,
    target: &mut Session,
    name: &str,
    shown: Option<&Cut>,
    catalogue: &Catalogue,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "UPDATE reberth.base SET shown = {}, catalogue = {} WHERE stream = {} AND name = {}",
        shown_text(shown),
        catalogue_text(catalogue),
        quote_text(&stream_name(plan.direction, &plan.database)),
        quote_text(name)
    );
    match target.run("moving a base", sql).await? {
        0 => Err(lost(TAKEN_AWAY)),
        _ => Ok(()),
    }
}

fn shown_text(shown: Option<&Cut>) -> String {
    shown.map_or("NULL".to_owned(), |cut| quote_text(cut.text()))
}

fn catalogue_text(catalogue: &Catalogue) -> String {
    quote_text(&serde_json::to_string(catalogue).unwrap_or_default())
}

/// Reads a base. An error if it is not there any more.
pub(crate) async fn read(
    plan: &StreamPlan,
    target: &mut Session,
    name: &str,
) -> Result<Stored, ReplicateError> {
    let sql = format!(
        "SELECT shown, catalogue FROM reberth.base WHERE stream = {} AND name = {}",
        quote_text(&stream_name(plan.direction, &plan.database)),
        quote_text(name)
    );
    let row = match target
        .row::<(Option<String>, String)>("reading a base", sql)
        .await
    {
        Err(error) if is_undefined(&error) => None,
        row => row?,
    };
    let stored = row.and_then(|(shown, catalogue)| {
        Some(Stored {
            shown: match shown {
                Some(text) => Some(Cut::parse(&text)?),
                None => None,
            },
            catalogue: serde_json::from_str(&catalogue).ok()?,
        })
    });
    stored.ok_or_else(|| lost(TAKEN_AWAY))
}

/// The error for a base that is gone.
pub(crate) fn lost(reason: &str) -> ReplicateError {
    ReplicateError::BaseLost {
        reason: reason.to_owned(),
    }
}

/// The snapshot behind which the noted keys of a stream are kept, if a base holds them.
pub(crate) async fn held(
    target: &mut Session,
    stream: &str,
) -> Result<Option<Cut>, ReplicateError> {
    let sql = format!(
        "SELECT shown FROM reberth.base WHERE stream = {} AND shown IS NOT NULL",
        quote_text(stream)
    );
    match target
        .row::<(String,)>("asking for keys that are held", sql)
        .await
    {
        Err(error) if is_undefined(&error) => Ok(None),
        row => Ok(row?.and_then(|(shown,)| Cut::parse(&shown))),
    }
}

/// Forgets the base of a stream, so that nothing is held for it.
pub(crate) async fn release(target: &mut Session, stream: &str) -> Result<bool, ReplicateError> {
    let sql = format!(
        "DELETE FROM reberth.base WHERE stream = {}",
        quote_text(stream)
    );
    match target.run("forgetting a base", sql).await {
        Err(error) if is_undefined(&error) => Ok(false),
        deleted => Ok(deleted? > 0),
    }
}

/// Takes a base away, whatever of it is there. Returns what was removed.
pub async fn take_away(plan: &StreamPlan) -> Result<Vec<String>, ReplicateError> {
    let mut target = Session::open(&plan.to).await?;
    let stream = stream_name(plan.direction, &plan.database);
    let mut removed = Vec::new();
    if release(&mut target, &stream).await? {
        removed.push("the base of the verification".to_owned());
    }
    if plan.method == Method::Logical {
        let mut source = Session::open(&plan.from).await?;
        removed.extend(slot::remove_slot(&mut source, &plan.base_slot()).await?);
    }
    Ok(removed)
}
