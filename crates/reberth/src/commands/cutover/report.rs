//! How a run ended, and `reberth cutover status`.

use reberth_cutover::{CUTOVER, WAY_BACK};
use reberth_journal::{Journal, Outcome, RunId, RunState, StepStatus};
use serde_json::{Value, json};

use super::passages::{Way, runs_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::table::table;

pub(super) fn tell(
    way: Way,
    outcome: &Outcome,
    journal: &Journal,
    output: &Output,
) -> Result<Exit, Failure> {
    let history = journal.history(&outcome.run)?;
    let document = json!({ "run": outcome.run, "state": outcome.state, "steps": history.steps() });
    let (text, exit) = match &outcome.state {
        RunState::Done => {
            let next = if way == Way::There {
                "keep the way back open with `reberth replicate start --reverse`"
            } else {
                "go on with `reberth replicate start`"
            };
            let shut = history
                .steps()
                .iter()
                .find_map(|step| step.detail.pointer("/evidence/door_shut_ms"))
                .and_then(Value::as_u64);
            let shut = shut
                .map(|ms| format!(", the door was shut for {ms} ms"))
                .unwrap_or_default();
            (format!("{}: done{shut}; {next}", way.kind()), Exit::Done)
        }
        RunState::Waiting { step, hash } => {
            let text = format!(
                "{}: waiting at {step}. THE {} IS FENCED. Approve with `reberth approve {hash} --by NAME` and run the same command again, or go back with `reberth cutover abort`",
                way.kind(),
                if way == Way::There {
                    "SOURCE"
                } else {
                    "TARGET"
                }
            );
            (text, Exit::Waiting)
        }
        RunState::Cancelled => (
            format!(
                "{}: aborted, everything it did is undone; the stream stands still, {}",
                way.kind(),
                way.stream_again()
            ),
            Exit::Done,
        ),
        RunState::Undone => (
            format!(
                "{}: failed, and everything it did is undone; the stream stands still, {}\n{}",
                way.kind(),
                way.stream_again(),
                why(journal, &outcome.run)?
            ),
            Exit::Failed,
        ),
        state => (
            format!("{}: {state}\n{}", way.kind(), stuck(state)),
            Exit::Failed,
        ),
    };
    output.report(text, &document)?;
    Ok(exit)
}

fn stuck(state: &RunState) -> &str {
    match state {
        RunState::Stuck { text, .. } => text,
        _ => "run the same command again to go on",
    }
}

/// What the step that failed for good said.
fn why(journal: &Journal, run: &RunId) -> Result<String, Failure> {
    let events = journal.events(run)?;
    let Some(failed) = events
        .iter()
        .rev()
        .find(|event| event.kind == "step_failed")
    else {
        return Ok(String::new());
    };
    let field = |name: &str| {
        failed
            .payload
            .pointer(&format!("/error/{name}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let why = field("why");
    let because = if why.is_empty() {
        String::new()
    } else {
        format!("\n  because: {why}")
    };
    Ok(format!(
        "error[{}]: {}: {}{because}\n\nhint: {}",
        field("code"),
        failed.step.as_deref().unwrap_or_default(),
        field("what"),
        field("hint")
    ))
}

pub(super) fn status(
    database: Option<&str>,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let Some(journal) = project.journal_to_read()? else {
        output.report("no cutover was ever begun", &json!([]))?;
        return Ok(Exit::Done);
    };
    let mut documents = Vec::new();
    let mut texts = Vec::new();
    for (run, history) in [runs_of(&journal, CUTOVER)?, runs_of(&journal, WAY_BACK)?]
        .into_iter()
        .flatten()
        .filter(|(_, history)| database.is_none_or(|database| history.is_about(database)))
    {
        let rows: Vec<Vec<String>> = history
            .steps()
            .iter()
            .map(|step| {
                vec![
                    step.name.clone(),
                    word(step.status).to_owned(),
                    brief(step.detail.get("evidence").unwrap_or(&step.detail)),
                ]
            })
            .collect();
        texts.push(format!(
            "{}{} {}: {}\n{}",
            history.kind(),
            history
                .subject()
                .map(|name| format!(" of {name}"))
                .unwrap_or_default(),
            run.as_str(),
            history.state(),
            table(&["state", "", "evidence"], &rows)
        ));
        documents.push(json!({ "run": run, "kind": history.kind(), "database": history.subject(), "state": history.state(), "steps": history.steps() }));
    }
    if texts.is_empty() {
        texts.push("no cutover was ever begun".to_owned());
    }
    output.report(texts.join("\n\n"), &documents)?;
    Ok(Exit::Done)
}

fn word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "pending",
        StepStatus::Started | StepStatus::Acting => "under way",
        StepStatus::Done => "done",
        StepStatus::Observed => "already so",
        StepStatus::NotBuilt => "NOT BUILT",
        StepStatus::NotApplicable => "not applicable",
        StepStatus::Failed => "FAILED",
        StepStatus::Undone => "undone",
    }
}

/// Evidence in one line: what has no parts of its own.
fn brief(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return String::new();
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let parts: Vec<String> = fields
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", text(value)?)))
        .collect();
    let line = parts.join("  ");
    match line.char_indices().nth(140) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
