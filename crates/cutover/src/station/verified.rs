//! Both sides are compared row by row while the stream runs.

use std::time::Duration;

use reberth_journal::{Evidence, Policy};
use reberth_replicate::running::RunningStream;
use reberth_replicate::verify_report::VerifyReport;
use serde_json::json;

use super::Station;
use crate::engine::Engine;
use crate::error::CutoverError;
use crate::passage::Passage;

/// Verifies everything once.
pub(crate) struct Verified;

impl<E: Engine> Station<E> for Verified {
    fn name(&self) -> &'static str {
        "verified"
    }

    fn policy(&self) -> Policy {
        Policy::reversible(Duration::from_secs(24 * 3600))
    }

    async fn act(&self, passage: &mut Passage<E>) -> Result<(), CutoverError> {
        // What was changed since the stream began, and no stream carries, is no difference that should end a cutover.
        let programs = E::bring_level(passage).await?;
        // The stream must run meanwhile, or what differs by lag never settles.
        passage.running();
        let (report, until) = E::verify(passage).await?;
        // Keys that kept changing are named by the log from here on, and decided behind the fence.
        require_no_difference(passage, &report)?;
        passage.equal_until = Some(until.clone());
        passage.noted = json!({
            "rows": report.rows, "differences": 0, "still_changing": report.undecided, "tables": report.tables.len(), "method": report.method, "equal_until": until, "programs_made": programs,
        });
        Ok(())
    }

    async fn verify(&self, passage: &mut Passage<E>) -> Result<Evidence, CutoverError> {
        Ok(passage.noted.take())
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
