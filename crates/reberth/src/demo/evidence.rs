//! What the demo proves, and whether every promise was kept.

use std::time::Duration;

use reberth_journal::RunState;
use reberth_replicate::progress::Progress;
use reberth_testkit::ledger::Verdict;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::table::table;

/// Gathered while the story is told.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    times: Vec<(String, Duration)>,
    rows_copied: u64,
    bytes_copied: u64,
    copy_took: Duration,
    lag: Option<(u64, u64)>,
    rows_verified: u64,
    rows_differing: u64,
    downtimes_ms: Vec<(&'static str, u64)>,
    on_target: Option<Verdict>,
    on_source: Option<Verdict>,
    refused_canaries: Vec<String>,
    passages_done: usize,
    pub(crate) audit_is_intact: bool,
    pub(crate) provider_writes: Option<u64>,
    /// Schemas of Reberth on the source before it was to hold one: none may be there.
    pub(crate) own_schemas_on_source: Option<u64>,
    pub(crate) kept: Option<String>,
    /// Up to when the source may hold nothing of Reberth's.
    clean_until: &'static str,
}

impl Evidence {
    pub(crate) fn of(clean_until: &'static str) -> Evidence {
        Evidence {
            clean_until,
            ..Evidence::default()
        }
    }

    pub(crate) fn took(&mut self, arguments: &[&str], took: Duration) {
        let name: Vec<&str> = arguments
            .iter()
            .copied()
            .take_while(|argument| !argument.starts_with("--"))
            .take(2)
            .collect();
        self.times.push((name.join(" "), took));
    }

    pub(crate) fn copied(&mut self, progress: &Progress, took: Duration) {
        self.rows_copied = progress.rows_copied;
        self.bytes_copied = progress.bytes_copied;
        self.copy_took = took;
        self.lag = progress.lag_ms.zip(progress.lag_bytes);
    }

    pub(crate) fn verified(&mut self, report: &Value) {
        self.rows_verified += report["rows"].as_u64().unwrap_or(0);
        // A report that cannot be read as numbers counts as a difference, never as none.
        self.rows_differing += report["differing"].as_u64().unwrap_or(1)
            + report["open"].as_array().map_or(1, Vec::len) as u64;
    }

    pub(crate) fn downtime(&mut self, name: &'static str, downtime_ms: u64) {
        self.downtimes_ms.push((name, downtime_ms));
    }

    pub(crate) fn ledger(&mut self, on_target: Verdict, on_source: Verdict) {
        self.on_target = Some(on_target);
        self.on_source = Some(on_source);
    }

    /// Takes from the journal how each fenced side answered the canaries.
    pub(crate) fn canaries(&mut self, project: &Project) -> Result<(), Failure> {
        let Some(journal) = project.journal_to_read()? else {
            return Ok(());
        };
        for run in journal.runs()? {
            let history = journal.history(&run)?;
            if *history.state() == RunState::Done
                && (history.kind() == "cutover" || history.kind() == "way_back")
            {
                self.passages_done += 1;
            }
            for name in ["source_fenced", "target_fenced"] {
                let Some(step) = history.step(name).filter(|step| step.status.is_settled()) else {
                    continue;
                };
                for canary in ["canary_opened_before", "canary_opened_after"] {
                    if let Some(words) = step
                        .detail
                        .pointer(&format!("/evidence/{canary}"))
                        .and_then(Value::as_str)
                    {
                        self.refused_canaries.push(words.to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    fn promises(&self) -> [(&'static str, bool, String); 5] {
        let exact = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(Verdict::is_exact);
        let told = |verdict: &Option<Verdict>| {
            verdict.as_ref().map_or_else(
                || "not compared".to_owned(),
                |verdict| format!("{} lost, {} doubled", verdict.lost, verdict.doubled),
            )
        };
        [
            (
                "nothing lost",
                exact(&self.on_target),
                format!("target against the ledger: {}", told(&self.on_target)),
            ),
            (
                "one writer",
                self.refused_canaries.len() == 6,
                format!(
                    "{} of 6 canaries were cut or refused",
                    self.refused_canaries.len()
                ),
            ),
            (
                "a way back with data",
                self.passages_done == 3 && exact(&self.on_source),
                format!(
                    "{} of 3 passages; source against the ledger: {}",
                    self.passages_done,
                    told(&self.on_source)
                ),
            ),
            (
                "proof",
                self.audit_is_intact && self.rows_differing == 0 && self.rows_verified > 0,
                format!(
                    "{} rows hashed on both sides, {} differ; the journal's chain is intact",
                    self.rows_verified, self.rows_differing
                ),
            ),
            (
                "hands off the source",
                self.provider_writes == Some(0) && self.own_schemas_on_source == Some(0),
                format!(
                    "{} writes to the provider; {} schemas of Reberth on the source {}",
                    number(self.provider_writes),
                    number(self.own_schemas_on_source),
                    self.clean_until
                ),
            ),
        ]
    }

    /// Whether every promise was kept.
    pub(crate) fn every_promise_kept(&self) -> bool {
        self.promises().iter().all(|(_, kept, _)| *kept)
    }

    /// The table at the end.
    pub(crate) fn report(&self, output: &Output) -> Result<(), Failure> {
        let megabytes = self.bytes_copied as f64 / 1e6;
        let seconds = self.copy_took.as_secs_f64();
        let mut rows = vec![
            vec![
                "copied".to_owned(),
                format!(
                    "{} rows, {megabytes:.0} MB, consistent and following after {seconds:.1} s",
                    self.rows_copied
                ),
            ],
            vec![
                "lag under writes".to_owned(),
                self.lag.map_or_else(
                    || "not measured".to_owned(),
                    |(ms, bytes)| format!("{ms} ms, {bytes} bytes"),
                ),
            ],
            vec![
                "compared".to_owned(),
                format!(
                    "{} rows, {} differences",
                    self.rows_verified, self.rows_differing
                ),
            ],
        ];
        rows.extend(self.downtimes_ms.iter().map(|(name, downtime_ms)| {
            vec![
                format!("write downtime, {name}"),
                format!("{downtime_ms} ms"),
            ]
        }));
        if let Some(verdict) = &self.on_target {
            let text = format!(
                "{} acknowledged, {} lost, {} doubled, {} without an answer, {} refused",
                verdict.acknowledged,
                verdict.lost,
                verdict.doubled,
                verdict.ambiguous,
                verdict.refused
            );
            rows.push(vec!["writes".to_owned(), text]);
        }
        rows.extend(self.times.iter().map(|(name, took)| {
            vec![
                format!("time, {name}"),
                format!("{:.1} s", took.as_secs_f64()),
            ]
        }));
        let promises: Vec<Vec<String>> = self
            .promises()
            .iter()
            .map(|(name, kept, told)| {
                vec![
                    if *kept {
                        "kept".to_owned()
                    } else {
                        "BROKEN".to_owned()
                    },
                    (*name).to_owned(),
                    told.clone(),
                ]
            })
            .collect();
        let details: Vec<String> = [&self.on_target, &self.on_source]
            .into_iter()
            .flatten()
            .flat_map(|verdict| verdict.details.clone())
            .collect();
        let kept = self
            .kept
            .as_ref()
            .map(|folder| format!("\n\nthe project is kept in {folder}"))
            .unwrap_or_default();
        let text = format!(
            "\n{}\n\n{}\n{}{kept}",
            table(&["evidence", ""], &rows),
            table(&["", "promise", ""], &promises),
            details.join("\n")
        );
        output.report(text, &self.document())
    }

    fn document(&self) -> Value {
        let verdict = |verdict: &Option<Verdict>| {
            verdict.as_ref().map(|verdict| json!({ "acknowledged": verdict.acknowledged, "lost": verdict.lost, "doubled": verdict.doubled, "ambiguous": verdict.ambiguous }))
        };
        json!({
            "rows_copied": self.rows_copied, "bytes_copied": self.bytes_copied, "rows_compared": self.rows_verified, "differences": self.rows_differing,
            "write_downtime_ms": self.downtimes_ms.iter().map(|(name, downtime_ms)| json!({ "passage": name, "ms": downtime_ms })).collect::<Vec<_>>(),
            "target": verdict(&self.on_target), "source": verdict(&self.on_source),
            "promises": self.promises().iter().map(|(name, kept, told)| json!({ "promise": name, "kept": kept, "evidence": told })).collect::<Vec<_>>(),
        })
    }
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}
