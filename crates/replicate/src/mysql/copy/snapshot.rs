//! Snapshots whose place in the log is exact, for tables that cannot be repaired by replay (rule 6).

use super::Copier;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;

/// How often a snapshot is opened again on a server that does not tell its position.
const TRIES: usize = 100;
const DOING: &str = "opening a snapshot";

impl Copier<'_> {
    /// The exact place of a snapshot: told by MariaDB; elsewhere found by opening it until the log stood still meanwhile.
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
        for _ in 0..TRIES {
            let before = server::log_end(&mut self.log, self.flavour).await?;
            self.start_snapshot().await?;
            if server::log_end(&mut self.log, self.flavour).await? == before {
                return Ok(before);
            }
            self.close_snapshot().await?;
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
