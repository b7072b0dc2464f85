//! The snapshots of the source at which batches are cut.

use crate::error::ReplicateError;
use crate::postgres::session::Session;

/// A snapshot of the source, as a set of transactions: what ended before `end` and is not `running`.
///
/// Text as the server writes it: `xmin:xmax:xip,xip` (PostgreSQL manual, "Transaction ID and Snapshot Information Functions"). It is the position of a
/// stream that follows by capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    text: String,
    end: u64,
    running: Vec<u64>,
}

impl Cut {
    /// Reads the server's text. `None`: it is none.
    pub fn parse(text: &str) -> Option<Cut> {
        let mut parts = text.split(':');
        let (begin, end, running) = (parts.next()?, parts.next()?, parts.next()?);
        let _: u64 = begin.parse().ok()?;
        let running: Result<Vec<u64>, _> = running
            .split(',')
            .filter(|number| !number.is_empty())
            .map(str::parse)
            .collect();
        let is_whole = parts.next().is_none();
        is_whole.then_some(Cut {
            text: text.to_owned(),
            end: end.parse().ok()?,
            running: running.ok()?,
        })
    }

    /// The snapshot of the transaction that the session is in.
    pub(crate) async fn of_transaction(session: &mut Session) -> Result<Cut, ReplicateError> {
        let sql = "SELECT pg_current_snapshot()::text";
        let row: Option<(String,)> = session.row("taking a snapshot", sql).await?;
        let cut = row.and_then(|(text,)| Cut::parse(&text));
        cut.ok_or_else(|| {
            ReplicateError::Blocked(vec![
                "the source tells its snapshots in a form that this build does not know".to_owned(),
            ])
        })
    }

    /// Takes the snapshot of this moment.
    pub async fn now(session: &mut Session) -> Result<Cut, ReplicateError> {
        Cut::of_transaction(session).await
    }

    /// The server's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it shows, for people.
    pub fn words(&self) -> String {
        let open = match self.running.len() {
            0 => String::new(),
            1 => " but one that was open then".to_owned(),
            more => format!(" but {more} that were open then"),
        };
        format!(
            "the source's state with all transactions before number {}{open}",
            self.end
        )
    }

    /// Whether it shows a transaction that has committed.
    pub fn shows(&self, transaction: u64) -> bool {
        transaction < self.end && !self.running.contains(&transaction)
    }

    /// A condition on a column `xid`: this snapshot shows it.
    pub fn seen(&self) -> String {
        format!("NOT {}", self.unseen())
    }

    /// A condition on a column `xid`: this snapshot does not show it. The same as `NOT pg_visible_in_snapshot(xid, …)`, as two conditions that an index
    /// serves, however old the oldest transaction that was running.
    pub fn unseen(&self) -> String {
        let since = format!("xid >= '{}'::xid8", self.end);
        if self.running.is_empty() {
            return format!("({since})");
        }
        let running: Vec<String> = self.running.iter().map(u64::to_string).collect();
        format!(
            "({since} OR xid = ANY ('{{{}}}'::xid8[]))",
            running.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_running_and_what_came_later_is_not_shown() {
        let cut = Cut::parse("100:110:100,105").unwrap();
        let shown: Vec<u64> = (98..112).filter(|number| cut.shows(*number)).collect();
        assert_eq!(shown, [98, 99, 101, 102, 103, 104, 106, 107, 108, 109]);
        assert_eq!(
            cut.unseen(),
            "(xid >= '110'::xid8 OR xid = ANY ('{100,105}'::xid8[]))"
        );
        assert_eq!(Cut::parse("7:7:").unwrap().unseen(), "(xid >= '7'::xid8)");
    }

    #[test]
    fn it_is_told_in_words() {
        let words = |text: &str| Cut::parse(text).unwrap().words();
        let all = "the source's state with all transactions before number 6025";
        assert_eq!(words("6025:6025:"), all);
        assert_eq!(
            words("6020:6025:6020"),
            format!("{all} but one that was open then")
        );
        assert_eq!(
            words("6020:6025:6020,6023"),
            format!("{all} but 2 that were open then")
        );
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        for text in ["", "7", "7:7", "a:7:", "7:7:x", "7:7:7:7", "0/15D4F38"] {
            assert_eq!(Cut::parse(text), None, "{text}");
        }
    }
}
