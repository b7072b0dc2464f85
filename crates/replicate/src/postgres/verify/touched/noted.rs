//! The keys that triggers noted on the source, read past the reader of the stream.

use super::comparison::Comparison;
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::postgres::base::{self, Stored};
use crate::postgres::capture::Cut;
use crate::postgres::capture::reader::require_switched_on;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;

/// Keys that are fetched at once.
const KEYS_AT_ONCE: usize = 5_000;

/// Reads the keys that the base's snapshot does not show, and compares them. Returns the snapshot in which they were read: what it shows was compared.
pub(super) async fn read(
    plan: &StreamPlan,
    target: &mut Session,
    base_name: &str,
    stored: &Stored,
    comparison: &mut Comparison<'_>,
) -> Result<Cut, ReplicateError> {
    let doing = "reading the noted keys";
    let from = stored
        .shown
        .as_ref()
        .ok_or_else(|| base::lost("it was laid for a stream that follows by a slot"))?;
    let mut session = Session::open(&plan.from).await?;
    session
        .run(doing, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let to = Cut::of_transaction(&mut session).await?;
    require_switched_on(&mut session).await?;
    let sql = format!(
        "SELECT table_id, count(*), count(key) < count(*) FROM reberth.change WHERE {} GROUP BY table_id",
        from.unseen()
    );
    let tables: Vec<(u32, u64, bool)> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, sql)
        .await?;
    for (oid, changes, is_truncated) in tables {
        comparison.count(changes);
        let Some(path) = comparison.path_of(oid) else {
            continue;
        };
        let has_key = comparison.found_by(&path).is_some();
        if is_truncated || !has_key || comparison.is_cheaper_whole(&path, changes) {
            comparison.take_whole(&path);
        } else if !comparison.is_whole(&path) {
            let sql = format!(
                "DECLARE reberth_keys NO SCROLL CURSOR FOR SELECT DISTINCT key::text FROM reberth.change WHERE table_id = {oid} AND {}",
                from.unseen()
            );
            session.run(doing, sql).await?;
            while read_keys(&mut session, &path, comparison).await? {
                // This transaction holds what pruning wants to empty. Where the base was given up for that, it must end at once.
                base::read(plan, target, base_name).await?;
            }
            session.run(doing, "CLOSE reberth_keys").await?;
        }
    }
    Ok(to)
}

/// Compares the next keys of the cursor. `false`: there was none.
async fn read_keys(
    session: &mut Session,
    path: &str,
    comparison: &mut Comparison<'_>,
) -> Result<bool, ReplicateError> {
    let doing = "reading the noted keys";
    let fetch = format!("FETCH {KEYS_AT_ONCE} FROM reberth_keys");
    let keys: Vec<(String,)> = session
        .rows_within(LONG_STATEMENT_LIMIT, doing, fetch)
        .await?;
    let is_any = !keys.is_empty();
    for (key,) in keys {
        comparison.take_key(path, key);
    }
    while comparison.compare_some().await? {}
    Ok(is_any)
}
