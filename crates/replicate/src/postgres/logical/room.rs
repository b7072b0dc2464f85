//! Whether the source has room for one more reader of its log. A stream takes a replication slot and a sender, and a cutover a second of each for the base of its
//! gate ([`crate::postgres::base`]).

use crate::error::ReplicateError;
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

/// Slots and senders that nobody but this stream has. The slots that end with a backlog are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    slots: i64,
    senders: i64,
}

impl Room {
    /// Reads what is left for a stream, with what it has already.
    pub(crate) async fn read(
        plan: &StreamPlan,
        source: &mut Session,
    ) -> Result<Room, ReplicateError> {
        let own = format!(
            "(slot_name IN ({}, {}) OR temporary AND slot_name LIKE 'reberth\\_%')",
            quote_text(&plan.mark()),
            quote_text(&plan.base_slot())
        );
        let sql = format!(
            "SELECT current_setting('max_replication_slots')::bigint - (SELECT count(*) FROM pg_replication_slots WHERE NOT {own}),
                    current_setting('max_wal_senders')::bigint - (SELECT count(*) FROM pg_stat_replication
                        WHERE pid NOT IN (SELECT active_pid FROM pg_replication_slots WHERE {own} AND active_pid IS NOT NULL))"
        );
        let row: Option<(i64, i64)> = source.row("counting free replication slots", sql).await?;
        let (slots, senders) = row.unwrap_or_default();
        Ok(Room { slots, senders })
    }

    /// Whether a backlog may have a slot for a while: one is left besides the stream's own and a base's, which others may wait for.
    pub(crate) fn has_one_to_spare(self) -> bool {
        self.slots > 2
    }

    /// Why a stream cannot begin.
    pub(crate) fn blocker(self) -> Option<String> {
        let missing = self.missing(1)?;
        Some(format!(
            "the source has no {missing} left: give up one that nobody needs (pg_replication_slots, pg_stat_replication), or raise that setting and restart the source"
        ))
    }

    /// What a cutover will lack.
    pub(crate) fn remark(self) -> Option<String> {
        let missing = self.missing(2).filter(|_| self.missing(1).is_none())?;
        Some(format!(
            "the source has only one {missing} left, which the stream takes: another database of this server finds none then, and a cutover wants a second one, without which it turns back before its fence"
        ))
    }

    fn missing(self, wanted: i64) -> Option<&'static str> {
        match (self.slots < wanted, self.senders < wanted) {
            (true, _) => Some("replication slot (max_replication_slots)"),
            (_, true) => Some("sender of its log (max_wal_senders)"),
            _ => None,
        }
    }
}
