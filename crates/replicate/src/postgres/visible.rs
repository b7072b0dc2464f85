//! Which transactions a snapshot shows.
//!
//! A snapshot is `xmin:xmax:xip`: everything below xmin has ended, nothing from xmax on had begun, and of those in between only the listed ones were
//! still running. A transaction that committed is therefore shown unless it is listed or not below xmax. That is all that the replay needs of a
//! table that was copied later than the slot began: a transaction of the log is left out for that table exactly if its rows came with the copy.
//!
//! *Why leaving out by visibility is right, though commits enter the log in another order than they become visible.* Take transactions A before B in the
//! log, B shown and A not. Then A was still listed as running when the snapshot was taken, so B changed no row and no unique value that A had
//! changed: it would have waited for A's lock, which A holds until it is no longer listed. So A's changes of this table, applied alone over a copy that
//! holds B's, meet rows that B left as A knew them. (Format: PostgreSQL manual, "Transaction ID and Snapshot Information Functions".)

/// A snapshot, read from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    end: u64,
    running: Vec<u64>,
}

impl Visible {
    /// Reads `xmin:xmax:xip,xip`.
    pub fn parse(text: &str) -> Option<Visible> {
        let mut parts = text.split(':');
        let (_, end, running) = (parts.next()?, parts.next()?, parts.next()?);
        let running: Result<Vec<u64>, _> = running
            .split(',')
            .filter(|number| !number.is_empty())
            .map(str::parse)
            .collect();
        let mut running = running.ok()?;
        running.sort_unstable();
        Some(Visible {
            end: end.parse().ok()?,
            running,
        })
    }

    /// Whether it shows a transaction that has committed, by its 32-bit number: the log does not tell the upper half, which is that of the nearest
    /// number to the snapshot's own. Numbers further apart than 2^31 cannot be in use at once.
    pub fn shows(&self, number: u32) -> bool {
        let distance = number.wrapping_sub(self.end as u32) as i32;
        let full = self.end.wrapping_add_signed(i64::from(distance));
        full < self.end && self.running.binary_search(&full).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_and_later_transactions_are_not_shown() {
        let visible = Visible::parse("100:110:100,105").unwrap();
        let shown: Vec<u32> = (98..112).filter(|number| visible.shows(*number)).collect();
        assert_eq!(shown, [98, 99, 101, 102, 103, 104, 106, 107, 108, 109]);
        assert!(Visible::parse("100:110:").unwrap().shows(100));
        assert!(Visible::parse("100:110").is_none());
    }

    #[test]
    fn numbers_that_began_again_are_told_apart() {
        let wrapped = (1_u64 << 32) + 5;
        let visible = Visible::parse(&format!("{wrapped}:{}:{wrapped}", wrapped + 10)).unwrap();
        assert!(visible.shows(u32::MAX) && visible.shows(4) && visible.shows(14));
        assert!(!visible.shows(5) && !visible.shows(15) && !visible.shows(1000));
    }
}
