//! Snapshots whose place in the log is exact, for tables that cannot be repaired by replay (rule 6).
//!
//! MariaDB tells the place. On MySQL it is found: a transaction stands in the log some time before the engine shows it, from its group's writing
//! over the sync to the commit, and longer still where a replica must acknowledge it in between. During all of that it owns its name, or counts as
//! ongoing where it has none. So if the end of the log is read first, and then nobody owns a name, everything up to that end is visible; and if the log
//! ends there still after the snapshot was opened, the snapshot holds nothing more.

use std::time::{Duration, Instant};

use super::Copier;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;

/// How long a moment without commits is waited for, on a server that does not tell a snapshot's position.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);
const DOING: &str = "opening a snapshot";

impl Copier<'_> {
    /// The exact place of a snapshot: told by MariaDB; elsewhere found by opening it until all of the log was visible and it stood still meanwhile.
    pub(super) async fn open_snapshot(&mut self) -> Result<LogPosition, ReplicateError> {
        self.reader
            .run(
                DOING,
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            )
            .await?;
        if self.flavour == Flavour::MariaDb {
            self.start_snapshot().await?;
            return self.told_position().await;
        }
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let before = server::log_end(&mut self.log, self.flavour).await?;
            if !server::is_committing(&mut self.log).await? {
                self.start_snapshot().await?;
                if server::log_end(&mut self.log, self.flavour).await? == before {
                    return Ok(before);
                }
                self.close_snapshot().await?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(ReplicateError::Blocked(vec![
            "a table without a key, or one that cascades pass through, needs a moment without writes on this source to know where its snapshot stands, and there was none".to_owned(),
        ]))
    }

    async fn start_snapshot(&mut self) -> Result<(), ReplicateError> {
        self.reader
            .run(DOING, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
            .await
    }

    pub(super) async fn close_snapshot(&mut self) -> Result<(), ReplicateError> {
        self.reader.run("closing the snapshot", "ROLLBACK").await
    }

    async fn told_position(&mut self) -> Result<LogPosition, ReplicateError> {
        let rows = self
            .reader
            .rows(
                "asking for the snapshot's position",
                "SHOW STATUS LIKE 'binlog_snapshot_%'",
            )
            .await?;
        let text = |field: &Option<Vec<u8>>| {
            String::from_utf8_lossy(field.as_deref().unwrap_or_default()).into_owned()
        };
        let status: Vec<(String, String)> = rows
            .iter()
            .filter_map(|row| Some((text(row.first()?), text(row.get(1)?))))
            .collect();
        server::snapshot_position(&status)
    }
}
