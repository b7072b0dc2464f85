//! Probes both servers before anything is moved, and assumes nothing.

mod families;
mod programs;
mod reader;
mod settings;
mod tables;
mod target;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::connection::Tls;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema};
use crate::mysql::server;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was probed.
    pub subject: String,
    /// What it means.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
}

/// What a finding means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Needs care, which Reberth takes; this is how.
    Handled(String),
    /// Nothing may start before the remedy is done.
    Blocker(String),
}

/// The result of a preflight: findings, and what would be moved.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// In the order of probing.
    pub findings: Vec<Finding>,
    /// The schema, when it could be read.
    pub schema: Option<Schema>,
}

impl Preflight {
    /// Blockers as lines.
    pub fn blockers(&self) -> Vec<String> {
        let line = |finding: &Finding| match &finding.verdict {
            Verdict::Blocker(remedy) => {
                Some(format!("{}: {} ({remedy})", finding.subject, finding.seen))
            }
            _ => None,
        };
        self.findings.iter().filter_map(line).collect()
    }

    /// An error if anything blocks.
    pub fn require(&self) -> Result<(), ReplicateError> {
        let blockers = self.blockers();
        if blockers.is_empty() {
            Ok(())
        } else {
            Err(ReplicateError::Blocked(blockers))
        }
    }

    fn note(&mut self, subject: &str, verdict: Verdict, seen: impl Into<String>) {
        self.findings.push(Finding {
            subject: subject.to_owned(),
            verdict,
            seen: seen.into(),
        });
    }

    fn expect(&mut self, subject: &str, is_fine: bool, seen: impl Into<String>, remedy: &str) {
        self.note(
            subject,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Blocker(remedy.to_owned())
            },
            seen,
        );
    }
}

/// What would have blocked a move of these tables, as lines: asked again when their definition has changed.
pub(crate) fn blockers_of(schema: &Schema, names: &BTreeSet<String>) -> Vec<String> {
    let mut changed = schema.clone();
    changed.tables.retain(|name, _| names.contains(name));
    let mut found = Preflight {
        findings: Vec::new(),
        schema: None,
    };
    tables::probe(&changed, &mut found);
    found.blockers()
}

/// Probes both sides of a stream.
pub async fn run(plan: &StreamPlan) -> Result<Preflight, ReplicateError> {
    let mut found = Preflight {
        findings: Vec::new(),
        schema: None,
    };
    let mut source = server::reader(&plan.from).await?;
    let mut target = server::writer(&plan.to).await?;
    let source_version = server::version(&mut source).await?;
    let target_version = server::version(&mut target).await?;
    found.note("source server", Verdict::Fine, source_version.text.clone());
    found.note("target server", Verdict::Fine, target_version.text.clone());
    for (name, address) in [
        ("source connection", &plan.from),
        ("target connection", &plan.to),
    ] {
        let verdict = if address.tls() == Tls::Off {
            Verdict::Handled(
                "encryption was turned off by tls=off; rows travel in the clear".to_owned(),
            )
        } else {
            Verdict::Fine
        };
        found.note(name, verdict, format!("{:?}", address.tls()));
    }
    target::probe_is_another(&mut source, &mut target, &mut found).await?;
    settings::probe_log(
        &mut source,
        "source",
        source_version.flavour,
        plan.spool.is_some(),
        &mut found,
    )
    .await?;
    settings::probe_log(
        &mut target,
        "target",
        target_version.flavour,
        false,
        &mut found,
    )
    .await?;
    reader::probe_log(plan, &mut source, source_version.flavour, &mut found).await?;
    reader::probe_prepared(&mut source, &mut found).await?;
    match schema::read(&mut source, &plan.database).await {
        Ok(schema) => {
            tables::probe(&schema, &mut found);
            let families = (source_version.flavour, target_version.flavour);
            families::probe(&schema, families.0, families.1, &mut found);
            families::probe_collation(&schema, families.0, families.1, &mut target, &mut found)
                .await?;
            tables::probe_kinds(&mut source, &schema, &mut found).await?;
            tables::probe_empty_labels(&mut source, &schema, &mut found).await?;
            reader::probe_read_only(&mut source, &schema, &mut found).await?;
            target::probe(plan, &mut target, &schema, &mut found).await?;
            programs::probe(plan, &mut source, &mut target, &mut found).await?;
            settings::probe_pair(&mut source, &mut target, &mut found).await?;
            found.schema = Some(schema);
        }
        Err(error) if error.may_retry() => return Err(error),
        Err(error) => found.note(
            "schema",
            Verdict::Blocker(error.hint().to_owned()),
            error.to_string(),
        ),
    }
    Ok(found)
}
