//! What the source keeps for a stream: log behind its slot, or noted keys. It costs the source's disk, so it is measured for as long as the stream runs.
//!
//! A server with `max_slot_wal_keep_size` drops a slot's log at that size, and the stream must begin anew; without it, the log grows until the disk is full.
//! A capture switches itself off at its own limit.

use std::time::Duration;

use tokio::sync::watch;

use crate::error::ReplicateError;
use crate::postgres::capture::install;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::state::Method;
use crate::postgres::value::quote_text;
use crate::progress::Progress;

/// How often it is measured.
const LOOK: Duration = Duration::from_secs(1);
/// The share of the room from which on people are warned, and that from which on nothing slows the copy.
const WARNING_SHARE: f64 = 0.5;
const PRESSING_SHARE: f64 = 0.8;
/// Where the source sets no limit, so much is worth a warning.
const WARNING_BYTES: u64 = 16 << 30;

/// What is kept, and how much may be; `None`: nobody sets a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Bytes on the source's disk.
    pub bytes: u64,
    /// At this size the stream is lost.
    pub bytes_most: Option<u64>,
}

/// Measures once. `None`: nothing is kept, as before a stream begins.
pub async fn read(
    session: &mut Session,
    method: Method,
    mark: &str,
) -> Result<Option<Kept>, ReplicateError> {
    if method == Method::TriggerCapture {
        if !install::is_there(session).await? {
            return Ok(None);
        }
        return Ok(Some(Kept {
            bytes: install::noted_bytes(session).await?,
            bytes_most: Some(install::limit_bytes(session).await?),
        }));
    }
    let sql = format!(
        "SELECT greatest(0, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn))::bigint, safe_wal_size \
         FROM pg_replication_slots WHERE slot_name IN ({}, {}) AND restart_lsn IS NOT NULL ORDER BY restart_lsn LIMIT 1",
        quote_text(mark),
        quote_text(&format!("{mark}_base"))
    );
    let row: Option<(u64, Option<i64>)> = session
        .row("asking what the source keeps for the slot", sql)
        .await?;
    Ok(row.map(|(bytes, safe)| Kept {
        bytes,
        bytes_most: safe.map(|safe| bytes.saturating_add_signed(safe)),
    }))
}

/// Measures for as long as it is let. What cannot be measured is unknown.
pub(crate) async fn measure_always(plan: StreamPlan, publish: watch::Sender<Progress>) {
    loop {
        // What goes wrong here, goes wrong in the stream itself too, which reports it.
        let _ = measure(&plan, &publish).await;
        tell(&publish, None);
        tokio::time::sleep(LOOK).await;
    }
}

async fn measure(
    plan: &StreamPlan,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut session = Session::open(&plan.from).await?;
    let mark = plan.mark();
    loop {
        let kept = read(&mut session, plan.method, &mark).await?;
        tell(publish, kept);
        tokio::time::sleep(LOOK).await;
    }
}

fn tell(publish: &watch::Sender<Progress>, kept: Option<Kept>) {
    publish.send_modify(|progress| {
        progress.kept_bytes = kept.map(|kept| kept.bytes);
        progress.kept_bytes_most = kept.and_then(|kept| kept.bytes_most);
        progress.source_warning = kept.and_then(|kept| warning(&kept));
    });
}

/// What people are warned of.
pub fn warning(kept: &Kept) -> Option<String> {
    let held = format!("the source keeps {} MB for this stream", kept.bytes >> 20);
    match kept.bytes_most {
        Some(most) if kept.bytes as f64 >= most as f64 * WARNING_SHARE => Some(format!(
            "{held}; at {} MB it lets go, and the stream must begin anew",
            most >> 20
        )),
        None if kept.bytes >= WARNING_BYTES => {
            Some(format!("{held}, and sets no limit: its disk may fill"))
        }
        _ => None,
    }
}

/// Whether the room on the source ends soon.
pub(crate) fn is_pressing(progress: &Progress) -> bool {
    match (progress.kept_bytes, progress.kept_bytes_most) {
        (Some(bytes), Some(most)) => bytes as f64 >= most as f64 * PRESSING_SHARE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_warned_before_the_source_lets_go() {
        let kept = |bytes: u64, bytes_most| Kept { bytes, bytes_most };
        assert_eq!(warning(&kept(400 << 20, Some(1 << 30))), None);
        let told = warning(&kept(600 << 20, Some(1 << 30))).unwrap();
        assert!(
            told.contains("600 MB") && told.contains("1024 MB"),
            "{told}"
        );
        assert_eq!(warning(&kept(15 << 30, None)), None);
        assert!(warning(&kept(17 << 30, None)).unwrap().contains("no limit"));
        let progress = |bytes: u64| Progress {
            kept_bytes: Some(bytes),
            kept_bytes_most: Some(100),
            ..Progress::default()
        };
        assert!(!is_pressing(&progress(79)) && is_pressing(&progress(80)));
    }
}
