//! `reberth replicate plan`: what would be read and written where, how long it takes, and what the probes of both servers found. Writes nothing.

use reberth_replicate::mysql::estimate::{self, Estimate};
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::preflight::{self, Finding, Preflight, Verdict};
use reberth_replicate::mysql::state::Direction;
use serde_json::json;

use super::{postgres, start};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::quantity::{bytes, duration_s, rows};
use crate::scope::Scope;
use crate::table::table;

/// Findings of one kind: their title, and which they are.
type Group = (&'static str, fn(&Verdict) -> bool);

pub(super) async fn run(
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let plans = scope.plans(Direction::Forward, environment).await?;
    let change = start::change(&plans).await?;
    let mut blockers = 0;
    for plan in &plans {
        let plan = match plan {
            Plan::MySql(plan) => plan,
            Plan::Postgres(plan) => {
                blockers += postgres::plan::show(plan, &change, output).await?;
                continue;
            }
        };
        let found = preflight::run(plan).await?;
        blockers += found.blockers().len();
        let estimate = match &found.schema {
            Some(schema) => Some(estimate::estimate(plan, schema).await?),
            None => None,
        };
        let document = json!({
            "database": plan.database, "from": plan.from.host(), "to": plan.to.host(), "reader": plan.from.user(), "writer": plan.to.user(),
            "estimate": estimate, "findings": found.findings, "blockers": found.blockers(), "change": change, "hash": consent::hash(&change),
        });
        output.report(text(plan, &found, estimate.as_ref()), &document)?;
    }
    output.note(format!(
        "`reberth replicate start` would do this; its hash is {}",
        consent::hash(&change)
    ));
    Ok(if blockers == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn text(plan: &StreamPlan, found: &Preflight, estimate: Option<&Estimate>) -> String {
    let mut parts = vec![format!(
        "database {}: {} -> {}, {} blocker(s)",
        plan.database,
        plan.from.host(),
        plan.to.host(),
        found.blockers().len()
    )];
    if let Some(estimate) = estimate {
        parts.push(what_moves(plan, estimate));
        parts.push(how_long(estimate));
    }
    let groups: [Group; 3] = [
        ("BLOCKERS", |verdict| matches!(verdict, Verdict::Blocker(_))),
        ("handled", |verdict| matches!(verdict, Verdict::Handled(_))),
        ("ok", |verdict| matches!(verdict, Verdict::Fine)),
    ];
    for (title, belongs) in groups {
        let findings = found.findings.iter();
        let lines: Vec<String> = findings
            .filter(|finding| belongs(&finding.verdict))
            .map(line)
            .collect();
        if !lines.is_empty() {
            parts.push(format!("\n{title}\n{}", lines.join("\n")));
        }
    }
    parts.join("\n")
}

fn what_moves(plan: &StreamPlan, estimate: &Estimate) -> String {
    let cells: Vec<Vec<String>> = estimate
        .tables
        .iter()
        .map(|size| {
            vec![
                size.table.clone(),
                rows(size.rows),
                bytes(size.data_bytes),
                bytes(size.index_bytes),
            ]
        })
        .collect();
    format!(
        "\nread on the source, as {}: the tables below, the database's definitions, the log\nwritten on the source: nothing\n\
         written on the target, as {}: the database {} with these tables, and Reberth's state in the schema reberth\n\n{}",
        plan.from.user(),
        plan.to.user(),
        plan.database,
        table(
            &["table", "rows, about", "data", "secondary indexes"],
            &cells
        )
    )
}

/// The time, and what it is derived from.
fn how_long(estimate: &Estimate) -> String {
    let (Some((least, most)), Some(probe)) = (estimate.seconds, &estimate.probe) else {
        return "\nhow long: not known, as no row could be read to measure with".to_owned();
    };
    let per_s = probe.bytes as f64 / probe.seconds;
    let log = match probe.log_bytes {
        Some(log_bytes) => {
            let per_s = log_bytes as f64 / probe.seconds;
            format!(
                "the source's log grew by {}/s meanwhile; that much a second waits for the end of the copy",
                bytes(per_s as u64)
            )
        }
        None => "how fast the source's log grows could not be seen".to_owned(),
    };
    format!(
        "\nhow long: between {} and {}, derived: {} of rows at {}/s, measured by reading {} of {}\n  \
         at the least with {} workers at that rate each; at the most three times as long as one alone needs\n  {log}",
        duration_s(least),
        duration_s(most),
        bytes(estimate.data_bytes()),
        bytes(per_s as u64),
        bytes(probe.bytes),
        probe.tables.join(", "),
        estimate.workers,
    )
}

fn line(finding: &Finding) -> String {
    let meaning = match &finding.verdict {
        Verdict::Fine => String::new(),
        Verdict::Handled(text) | Verdict::Blocker(text) => format!("\n    -> {text}"),
    };
    format!("  {:<36} {}{meaning}", finding.subject, finding.seen)
}
