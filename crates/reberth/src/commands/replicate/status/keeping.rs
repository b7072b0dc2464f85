//! How long, or how much, the source keeps for a stream that does not read it.

use reberth_replicate::mysql::log_room::LogRoom;
use reberth_replicate::operation::Operation;
use reberth_replicate::postgres::kept::{self, Kept};
use serde_json::{Value, json};

use crate::quantity::{bytes, duration_s};

/// A log that may end within this time is worth a warning.
const LOG_WARNING_S: u64 = 6 * 3_600;

/// What the source keeps.
pub(super) enum Keeping {
    /// Its log, for some time.
    Log(LogRoom),
    /// Log behind a slot, or noted keys, up to some size. `None`: nothing is there any more.
    Marked(Option<Kept>),
}

impl Keeping {
    /// Seconds that the source keeps its log for this stream at the least. `None`: not known, or it does not age.
    pub(super) fn left_s(&self, operation: &Operation) -> Option<u64> {
        let Keeping::Log(room) = self else {
            return None;
        };
        let report = operation.report.as_ref();
        let reported_s = report
            .map(|report| (report.age_ms + report.progress.lag_ms.unwrap_or_default()) / 1_000);
        let paused_s = operation.pause.as_ref().map(|pause| pause.age_ms / 1_000);
        let is_running = report.is_some_and(|report| report.is_fresh());
        let age_s = match (is_running && paused_s.is_none(), paused_s, reported_s) {
            (true, _, reported_s) => reported_s?,
            (false, Some(paused_s), _) => paused_s,
            (false, None, reported_s) => reported_s?,
        };
        room.left_s(age_s)
    }

    /// A line for people.
    pub(super) fn line(&self, operation: &Operation, is_running: bool) -> String {
        match self {
            Keeping::Log(room) => self.log_line(room, operation, is_running),
            Keeping::Marked(None) => {
                "  LOST: the source has neither the slot nor the triggers any more; `reberth replicate stop`, empty the target, and start anew".to_owned()
            }
            Keeping::Marked(Some(kept)) => marked_line(kept),
        }
    }

    fn log_line(&self, room: &LogRoom, operation: &Operation, is_running: bool) -> String {
        if !room.is_kept {
            return "  LOST: the source has removed the log that the target needs next; `reberth replicate stop`, empty the target, and start anew".to_owned();
        }
        let Some(retention_s) = room.retention_s else {
            return "  the source removes nothing of its log by age".to_owned();
        };
        match self.left_s(operation) {
            Some(left_s) if left_s < LOG_WARNING_S && !is_running => format!(
                "  WARNING: the source may remove the log that is needed next in {}",
                duration_s(left_s)
            ),
            Some(left_s) => format!(
                "  the source keeps the log that is needed next for {} at least",
                duration_s(left_s)
            ),
            None => format!("  the source keeps its log for {}", duration_s(retention_s)),
        }
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        match self {
            Keeping::Log(room) => json!(room),
            Keeping::Marked(kept) => json!({
                "is_kept": kept.is_some(), "kept_bytes": kept.map(|kept| kept.bytes), "kept_bytes_most": kept.and_then(|kept| kept.bytes_most),
            }),
        }
    }
}

fn marked_line(kept: &Kept) -> String {
    match (kept::warning(kept), kept.bytes_most) {
        (Some(warning), _) => format!("  WARNING: {warning}"),
        (None, Some(most)) => format!(
            "  the source keeps {} for this stream, and lets go at {}",
            bytes(kept.bytes),
            bytes(most)
        ),
        (None, None) => format!(
            "  the source keeps {} for this stream, and sets no limit",
            bytes(kept.bytes)
        ),
    }
}
