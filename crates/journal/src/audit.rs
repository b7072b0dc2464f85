//! The audit chain: proof that no event was changed, removed or reordered.
//!
//! Each event's hash covers all of its fields and the hash of the event before. The head row holds the count and the
//! hash of the last event, so events cut off at the end are missed too.
//!
//! What this does *not* prove: somebody with full write access to the file can drop the triggers, rewrite every event
//! from some point on, compute all hashes anew and set the head row to match. Against that only a copy of the head kept
//! elsewhere helps. Reberth prints the head with every report; [`Journal::audit_verify_since`] checks the chain against
//! such a copy, and then a rewritten or shortened past is found.

use serde::Serialize;
use thiserror::Error;

use crate::error::{JournalError, classify};
use crate::event::{GENESIS_HASH, StoredEvent};
use crate::store::{Journal, stored_event};

/// The end of the chain: how many events there are, and the hash of the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditHead {
    /// How many events the journal holds.
    pub count: u64,
    /// The hash of the last of them.
    pub hash: String,
}

/// What the chain says about the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum AuditFinding {
    /// Every event is where it was written and as it was written.
    Intact(AuditHead),
    /// The chain is broken; this is the first place.
    Broken(AuditBreak),
}

/// The first place at which the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(rename_all = "snake_case", tag = "break")]
pub enum AuditBreak {
    /// The event's content does not have the hash it was stored with.
    #[error("event {seq} was changed after it was written")]
    Changed {
        /// The event.
        seq: u64,
    },
    /// The event is missing, and later ones are there.
    #[error("event {seq} was removed")]
    Removed {
        /// The event.
        seq: u64,
    },
    /// The event does not continue the one before it: one of the two was replaced or moved.
    #[error("event {seq} does not continue event {}", seq - 1)]
    Detached {
        /// The event.
        seq: u64,
    },
    /// Events are missing at the end.
    #[error("the journal ends at event {found}, but {expected} were written")]
    Truncated {
        /// How many there were.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The chain is whole in itself, but does not lead to the head that is known.
    #[error("the chain does not lead to the known head at event {count}")]
    OtherHead {
        /// The place of the known head.
        count: u64,
    },
}

impl AuditBreak {
    /// The code of a broken chain.
    pub fn code(&self) -> &'static str {
        "RB-JRN-017"
    }
}

impl Journal {
    /// Walks the whole chain and compares its end with the head row.
    pub fn audit_verify(&self) -> Result<AuditFinding, JournalError> {
        self.walk(None)
    }

    /// Walks the whole chain and also requires that it leads through a head that was written down elsewhere.
    pub fn audit_verify_since(&self, known: &AuditHead) -> Result<AuditFinding, JournalError> {
        self.walk(Some(known))
    }

    /// The end of the chain as the head row has it. Cheap; proves nothing by itself.
    pub fn audit_head(&self) -> Result<AuditHead, JournalError> {
        self.connection()
            .query_row("SELECT count, hash FROM head", [], |row| {
                Ok(AuditHead {
                    count: row.get(0)?,
                    hash: row.get(1)?,
                })
            })
            .map_err(classify("reading the head of the chain"))
    }

    fn walk(&self, known: Option<&AuditHead>) -> Result<AuditFinding, JournalError> {
        let reading = classify("walking the audit chain");
        let mut connection = self.connection();
        // One read transaction: an event appended meanwhile is neither half seen nor missed.
        let snapshot = connection.transaction().map_err(&reading)?;
        let head = snapshot
            .query_row("SELECT count, hash FROM head", [], |row| {
                Ok(AuditHead {
                    count: row.get(0)?,
                    hash: row.get(1)?,
                })
            })
            .map_err(&reading)?;
        let mut statement = snapshot
            .prepare("SELECT * FROM events ORDER BY seq")
            .map_err(&reading)?;
        let rows = statement.query_map([], stored_event).map_err(&reading)?;
        let mut chain = Chain::new(known);
        for row in rows {
            if let Err(found) = chain.follow(&row.map_err(&reading)?) {
                return Ok(AuditFinding::Broken(found));
            }
        }
        Ok(match chain.end(&head) {
            Ok(()) => AuditFinding::Intact(head),
            Err(found) => AuditFinding::Broken(found),
        })
    }
}

/// The walk along the chain so far.
struct Chain<'a> {
    count: u64,
    hash: String,
    known: Option<&'a AuditHead>,
}

impl<'a> Chain<'a> {
    fn new(known: Option<&'a AuditHead>) -> Self {
        Self {
            count: 0,
            hash: GENESIS_HASH.to_owned(),
            known,
        }
    }

    fn follow(&mut self, event: &StoredEvent) -> Result<(), AuditBreak> {
        let seq = self.count + 1;
        if event.seq != seq {
            return Err(AuditBreak::Removed { seq });
        }
        if event.computed_hash() != event.hash {
            return Err(AuditBreak::Changed { seq });
        }
        if event.previous_hash != self.hash {
            return Err(AuditBreak::Detached { seq });
        }
        self.count = seq;
        self.hash.clone_from(&event.hash);
        match self.known {
            Some(known) if known.count == seq && known.hash != self.hash => {
                Err(AuditBreak::OtherHead { count: seq })
            }
            _ => Ok(()),
        }
    }

    fn end(&self, head: &AuditHead) -> Result<(), AuditBreak> {
        let expected = head.count.max(self.known.map_or(0, |known| known.count));
        if self.count < expected {
            return Err(AuditBreak::Truncated {
                expected,
                found: self.count,
            });
        }
        if self.count != head.count || self.hash != head.hash {
            return Err(AuditBreak::OtherHead { count: head.count });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, previous_hash: &str) -> StoredEvent {
        let mut event = StoredEvent {
            seq,
            run: "cutover-1".to_owned(),
            kind: "note".to_owned(),
            step: None,
            at: String::new(),
            epoch: 0,
            payload: "{}".to_owned(),
            previous_hash: previous_hash.to_owned(),
            hash: String::new(),
        };
        event.hash = event.computed_hash();
        event
    }

    #[test]
    fn an_event_with_a_right_hash_of_its_own_does_not_fit_another_past() {
        let first = event(1, GENESIS_HASH);
        let cases = [
            (first.hash.as_str(), Ok(())),
            (GENESIS_HASH, Err(AuditBreak::Detached { seq: 2 })),
        ];
        for (previous_hash, expected) in cases {
            let mut chain = Chain::new(None);
            chain.follow(&first).unwrap();
            assert_eq!(chain.follow(&event(2, previous_hash)), expected);
        }
    }
}
