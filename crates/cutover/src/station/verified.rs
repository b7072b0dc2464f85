//! Both sides are compared row by row while the stream runs.
//!
//! What the verification is built on is laid first, and the stream passes it before anything is read: so all that changes later is told by the source, and all
//! that was applied earlier is compared. On the way back it is done only where what changed since the way back was armed cannot be told.

use std::time::Duration;

use reberth_journal::{Evidence, Policy, Undo};
use reberth_replicate::running::RunningStream;
use reberth_replicate::stream::Direction;
use reberth_replicate::verify_report::VerifyReport;
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Verifies everything once.
pub(crate) struct Verified {
    pub(crate) name: &'static str,
}

impl<E: Engine> Station<E> for Verified {
    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(24 * 3600))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        if E::direction(&passage.stream) == Direction::Reverse && E::has_base(passage) {
            // The way back was armed when both sides were equal.
            passage.noted = json!({ "not_needed": "what changed since the way back was armed can be told", "equal_until": passage.equal_until });
            return Ok(());
        }
        // What was changed since the stream began, and no stream carries, is no difference that should end a cutover.
        let programs = E::bring_level(passage).await?;
        let base = E::lay_base(passage).await?;
        passage.drain_to(&base).await?;
        let report = E::verify(passage).await?;
        // Keys that kept changing are told since the base, and decided behind the fence.
        require_no_difference(passage, &report)?;
        passage.equal_until = Some(base.clone());
        passage.noted = json!({
            "rows": report.rows, "differences": 0, "still_changing": report.undecided, "tables": report.tables.len(), "method": report.method, "equal_until": base, "programs_made": programs,
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
    }

    async fn undo(&self, passage: &mut Passage<E>) -> Result<Undo, CutoverError> {
        let undone = E::take_base_away(passage).await?;
        Ok(undone.map_or(Undo::NothingToUndo, Undo::Reverted))
    }
}

/// Refuses differences, and a target that was behind; keys that keep changing may stay open: they stand in the log behind the position from which
/// the next gate reads.
pub(crate) fn require_no_difference<E: Engine>(
    passage: &mut Passage<E>,
    report: &VerifyReport,
) -> Result<(), CutoverError> {
    if report.is_base() {
        Ok(())
    } else {
        require_equal(passage, report)
    }
}

/// Refuses differences, and keys that never settled. While the stream should run and does not, why it ended is the reason, not the rows
/// that it did not bring.
pub(crate) fn require_equal<E: Engine>(
    passage: &mut Passage<E>,
    report: &VerifyReport,
) -> Result<(), CutoverError> {
    if report.is_equal() {
        return Ok(());
    }
    if let Some(ended) = passage
        .running
        .as_mut()
        .and_then(RunningStream::ended_by_itself)
    {
        passage.running = None;
        ended?;
    }
    let rows = report
        .differences
        .iter()
        .chain(&report.open)
        .take(5)
        .map(|difference| {
            format!(
                "{} {} ({})",
                difference.table, difference.key, difference.kind
            )
        });
    let named: Vec<String> = rows
        .chain(report.schema_differences.iter().cloned())
        .collect();
    Err(CutoverError::Different {
        count: report.differing + report.undecided + report.schema_differences.len() as u64,
        named: named.join("; "),
    })
}
