//! `reberth cutover`: plan, run, abort, way-back, status.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use reberth_cutover::{
    CUTOVER, Clockwork, Passage, STATES, WAY_BACK, base_from_history, cutover_steps, way_back_steps,
};
use reberth_journal::{
    AppendHook, Clock, Engine, Event, Journal, Killed, Outcome, RunHistory, RunId, RunState, Step,
    StepStatus,
};
use reberth_model::policy::{DatabasePolicy, Policy};
use reberth_replicate::mysql::state::Direction;
use serde_json::{Value, json};

use crate::cli::{ConsentArgs, CutoverCommand, DatabaseArgs};
use crate::connections::{chosen_one, passage};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::table::table;

/// Carries out one of its verbs.
pub(crate) async fn run(
    command: &CutoverCommand,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy()?.document;
    match command {
        CutoverCommand::Plan(args) => plan(args, &policy, output),
        CutoverCommand::Run(args) => {
            go(Way::There, args, &policy, project, environment, output).await
        }
        CutoverCommand::WayBack(args) => {
            go(Way::Back, args, &policy, project, environment, output).await
        }
        CutoverCommand::Abort(args) => abort(args, &policy, project, environment, output).await,
        CutoverCommand::Status(_) => status(project, output),
    }
}

/// Which passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Way {
    fn kind(self) -> &'static str {
        match self {
            Way::There => CUTOVER,
            Way::Back => WAY_BACK,
        }
    }

    fn direction(self) -> Direction {
        match self {
            Way::There => Direction::Forward,
            Way::Back => Direction::Reverse,
        }
    }

    /// What starts the stream again that a passage took over and did not finish.
    fn stream_again(self) -> &'static str {
        match self {
            Way::There => "go on with `reberth replicate start`",
            Way::Back => "go on with `reberth replicate start --reverse`",
        }
    }

    fn steps(self) -> Vec<Box<dyn Step<Passage>>> {
        match self {
            Way::There => cutover_steps(),
            Way::Back => way_back_steps(),
        }
    }
}

fn plan(args: &DatabaseArgs, policy: &Policy, output: &Output) -> Result<Exit, Failure> {
    let database = chosen_one(policy, args.database.as_deref())?;
    let rows: Vec<Vec<String>> = STATES
        .iter()
        .map(|state| {
            let what = match (state.not_built, state.number) {
                (Some(reason), _) => format!("not built: {reason}"),
                (None, 0..=4) => "by the commands before".to_owned(),
                (None, 13 | 21) => {
                    "not applicable: no job runners are known to the policy".to_owned()
                }
                (None, _) => "carried out".to_owned(),
            };
            vec![state.number.to_string(), state.name.to_owned(), what]
        })
        .collect();
    let document: Vec<Value> = STATES.iter().map(|state| json!({ "number": state.number, "name": state.name, "not_built": state.not_built })).collect();
    output.report(
        format!(
            "cutover of {}\n{}",
            database.name,
            table(&["state", "", ""], &rows)
        ),
        &document,
    )?;
    Ok(Exit::Done)
}

/// The newest run of a kind with its history, if there is one.
fn latest(journal: &Journal, kind: &str) -> Result<Option<(RunId, RunHistory)>, Failure> {
    let Some(run) = journal.latest_run(kind)? else {
        return Ok(None);
    };
    let history = journal.history(&run)?;
    Ok(Some((run, history)))
}

/// All runs of a kind with their histories, oldest first.
fn runs_of(journal: &Journal, kind: &str) -> Result<Vec<(RunId, RunHistory)>, Failure> {
    let mut runs = Vec::new();
    for run in journal.runs()? {
        let history = journal.history(&run)?;
        if history.kind() == kind {
            runs.push((run, history));
        }
    }
    Ok(runs)
}

/// Which passage was the last to come to its end, if any.
fn last_done(journal: &Journal) -> Result<Option<(Way, RunHistory)>, Failure> {
    let mut last: Option<(u64, Way, RunHistory)> = None;
    for way in [Way::There, Way::Back] {
        for (run, history) in runs_of(journal, way.kind())? {
            let end = journal.events(&run)?.last().map_or(0, |event| event.seq);
            let is_done = *history.state() == RunState::Done;
            if is_done && last.as_ref().is_none_or(|(seq, ..)| end > *seq) {
                last = Some((end, way, history));
            }
        }
    }
    Ok(last.map(|(_, way, history)| (way, history)))
}

/// Refuses a passage from a side where the writes are not; gives the passage what the one before it left.
fn join_on(way: Way, journal: &Journal, passage: &mut Passage) -> Result<(), Failure> {
    let last = last_done(journal)?;
    let refuse = |why: &str| {
        let why = why.to_owned();
        CliError::Argument {
            argument: "cutover",
            given: way.kind().to_owned(),
            why,
        }
    };
    match (way, last) {
        (Way::There, Some((Way::There, _))) => {
            return Err(refuse(
                "the application is on the target already; `reberth cutover way-back` leads back",
            )
            .into());
        }
        (Way::Back, None | Some((Way::Back, _))) => {
            return Err(refuse(
                "the application is on the source; there is nothing to go back from",
            )
            .into());
        }
        (Way::There, None) => {}
        (Way::There, Some((Way::Back, history))) | (Way::Back, Some((Way::There, history))) => {
            let (armed_from, locked) = base_from_history(&history);
            passage.locked_at_destination = locked;
            if way == Way::Back {
                passage.equal_until = armed_from;
            }
        }
    }
    Ok(())
}

fn change(way: Way, database: &DatabasePolicy, passage: &Passage, attempt: usize) -> Value {
    json!({
        "hand over": format!("database {} from the {} to the {}", database.name, passage.from.name, passage.to.name),
        "locks": format!("every account that can write to it on the {}, but {}", passage.from.name, if database.exempt_accounts.is_empty() { "none".to_owned() } else { database.exempt_accounts.join(", ") }),
        "ends": format!("their sessions on the {}", passage.from.name),
        "writes on the source": if way == Way::There { "the schema reberth, for the way back" } else { "the rows written since the switch, and the counters" },
        "undone by itself": "on any failure before the front door switches",
        "attempt": attempt,
    })
}

async fn go(
    way: Way,
    args: &ConsentArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let database = chosen_one(policy, args.database.database.as_deref())?;
    let mut passage = passage(policy, database, way.direction(), environment)?;
    let journal = narrated_journal(project, output)?;
    join_on(way, &journal, &mut passage)?;
    let attempts = runs_of(&journal, way.kind())?.len();
    let unfinished =
        latest(&journal, way.kind())?.filter(|(_, history)| !history.state().is_final());
    if unfinished.is_none()
        && !consent::given(
            &change(way, database, &passage, attempts + 1),
            args,
            project,
            output,
        )?
    {
        return Ok(Exit::Waiting);
    }
    if let Some((run, history)) = &unfinished {
        passage.recall(history);
        if args.apply && matches!(history.state(), RunState::Stuck { .. }) {
            journal.request_retry(run, &args.by)?;
        }
    }
    let timer = Clockwork;
    let engine = Engine::new(&journal, &timer);
    let steps = way.steps();
    let mut outcome = engine
        .start_or_resume(way.kind(), &steps, &mut passage)
        .await?;
    if let (RunState::Waiting { hash, .. }, true) = (&outcome.state, args.apply) {
        journal.approve(hash, &args.by)?;
        outcome = engine.resume(&outcome.run, &steps, &mut passage).await?;
    }
    if let Some(stream) = passage.take_back_stream() {
        stream.stop().await?;
    }
    tell(way, &outcome, &journal, output)
}

/// The journal, whose events are told as they are written.
fn narrated_journal(project: &Project, output: &Output) -> Result<Journal, Failure> {
    // A cutover may be the first command of a folder: this makes the journal's folder where it is missing.
    drop(project.journal()?);
    let narrator = Arc::new(Narrator::new(output.clone()));
    Ok(Journal::open_with(
        &project.journal_path(),
        Clock::System,
        Some(narrator),
    )?)
}

async fn abort(
    args: &DatabaseArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let database = chosen_one(policy, args.database.as_deref())?;
    let journal = narrated_journal(project, output)?;
    for way in [Way::There, Way::Back] {
        let Some((run, history)) =
            latest(&journal, way.kind())?.filter(|(_, history)| !history.state().is_final())
        else {
            continue;
        };
        let mut passage = passage(policy, database, way.direction(), environment)?;
        join_on(way, &journal, &mut passage)?;
        passage.recall(&history);
        journal.request_cancel(&run, "operator")?;
        if matches!(history.state(), RunState::Stuck { .. }) {
            journal.request_retry(&run, "operator")?;
        }
        let outcome = Engine::new(&journal, &Clockwork)
            .resume(&run, &way.steps(), &mut passage)
            .await?;
        return tell(way, &outcome, &journal, output);
    }
    output.report("no cutover is under way", &json!({ "aborted": false }))?;
    Ok(Exit::Done)
}

fn tell(way: Way, outcome: &Outcome, journal: &Journal, output: &Output) -> Result<Exit, Failure> {
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

fn status(project: &Project, output: &Output) -> Result<Exit, Failure> {
    let Some(journal) = project.journal_to_read()? else {
        output.report("no cutover was ever begun", &json!([]))?;
        return Ok(Exit::Done);
    };
    let mut documents = Vec::new();
    let mut texts = Vec::new();
    for (run, history) in [runs_of(&journal, CUTOVER)?, runs_of(&journal, WAY_BACK)?]
        .into_iter()
        .flatten()
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
            "{} {}: {}\n{}",
            history.kind(),
            run.as_str(),
            history.state(),
            table(&["state", "", "evidence"], &rows)
        ));
        documents.push(json!({ "run": run, "kind": history.kind(), "state": history.state(), "steps": history.steps() }));
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

/// Tells each state as it is left, with how long it took.
struct Narrator {
    output: Output,
    began: Mutex<Instant>,
}

impl Narrator {
    fn new(output: Output) -> Narrator {
        Narrator {
            output,
            began: Mutex::new(Instant::now()),
        }
    }
}

impl AppendHook for Narrator {
    fn after(&self, event: &Event) -> Result<(), Killed> {
        let Some(step) = &event.step else {
            return Ok(());
        };
        let mut began = self
            .began
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let took_ms = began.elapsed().as_millis();
        let line = match event.kind.as_str() {
            "step_started" | "undo_started" => {
                *began = Instant::now();
                self.output.progress(format!("  …  {step}"));
                return Ok(());
            }
            "step_done" => format!("  ok {step:<24} {took_ms:>6} ms"),
            "step_observed" => format!("  ok {step:<24} already so"),
            "step_not_built" => format!("  -- {step:<24} not built"),
            "step_not_applicable" => format!("  -- {step:<24} not applicable"),
            "step_failed" => format!("  XX {step:<24} failed after {took_ms} ms"),
            "undo_done" => format!("  <- {step:<24} undone"),
            _ => return Ok(()),
        };
        self.output.note(line);
        Ok(())
    }
}
