//! How long the source's log will still hold what the target needs next.
//!
//! A server removes a file of its log when the file was last written longer ago than its retention. What the target needs was the end of
//! the log at a moment that is known (the report of the process, less its lag then), and the file that holds it was written then or later.
//! So the file stays for the retention less the age of that moment, at the least.

use serde::Serialize;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::position::LogPosition;

/// What the source keeps of its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogRoom {
    /// The oldest file that it still has.
    pub oldest_file: Option<String>,
    /// Whether the position is still there.
    pub is_kept: bool,
    /// Its retention in seconds; `None`: it removes nothing by age.
    pub retention_s: Option<u64>,
}

impl LogRoom {
    /// Seconds that the position stays at the least, if it was the end of the log so many seconds ago. `None`: it does not age.
    pub fn left_s(&self, age_s: u64) -> Option<u64> {
        self.retention_s
            .map(|retention_s| retention_s.saturating_sub(age_s))
    }
}

/// Asks the source what it keeps.
pub async fn read(
    session: &mut Session,
    position: &LogPosition,
) -> Result<LogRoom, ReplicateError> {
    let files = server::log_files(session).await?;
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('expire_logs_days', 'binlog_expire_logs_seconds')";
    let settings: Vec<(String, String)> =
        session.rows("asking how long the log is kept", sql).await?;
    let seconds = settings.iter().filter_map(|(name, value)| {
        let number: f64 = value.parse().ok()?;
        let unit_s = if name.eq_ignore_ascii_case("expire_logs_days") {
            86_400.0
        } else {
            1.0
        };
        Some((number * unit_s) as u64).filter(|seconds| *seconds > 0)
    });
    Ok(LogRoom {
        is_kept: files.iter().any(|(file, _)| file == position.file()),
        oldest_file: files.into_iter().next().map(|(file, _)| file),
        retention_s: seconds.min(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_stays_for_the_retention_less_its_age() {
        let room = |retention_s| LogRoom {
            oldest_file: None,
            is_kept: true,
            retention_s,
        };
        assert_eq!(room(Some(86_400)).left_s(400), Some(86_000));
        assert_eq!(room(Some(100)).left_s(400), Some(0));
        assert_eq!(room(None).left_s(400), None);
    }
}
