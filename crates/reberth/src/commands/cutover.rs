//! `reberth cutover`: plan, run, abort, way-back, status.

mod narrator;
mod passages;
mod report;

use std::sync::Arc;

use reberth_cutover::{Clockwork, Engine, FencedBy, Herald, Passage, STATES};
use reberth_journal::{Clock, Engine as RunEngine, Journal, RunHistory, RunId, RunState};
use reberth_model::policy::{DatabasePolicy, Policy};
use serde_json::{Value, json};

use self::narrator::Narrator;
use self::passages::{Way, join_on, latest, runs_about};
use self::report::{status, tell};
use crate::cli::{ConsentArgs, CutoverCommand, DatabaseArgs};
use crate::connections::{chosen_one, is_postgres, mysql_passage, postgres_passage};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
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
        CutoverCommand::Status(args) => status(args.database.as_deref(), project, output),
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
                    "carried out for scheduled events; no job runners are known to the policy"
                        .to_owned()
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

fn change<E: Engine>(
    way: Way,
    database: &DatabasePolicy,
    passage: &Passage<E>,
    attempt: usize,
) -> Value {
    json!({
        "hand over": format!("database {} from the {} to the {}", database.name, passage.from.name, passage.to.name),
        "fence": format!("{} on the {}, but {}", deed::<E>(&passage.from.fenced_by), passage.from.name, if database.exempt_accounts.is_empty() { "none".to_owned() } else { database.exempt_accounts.join(", ") }),
        "ends": format!("their sessions on the {}", passage.from.name),
        "writes on the source": if way == Way::There { "the schema reberth, for the way back" } else { "the rows written since the switch, and the counters" },
        "undone by itself": "on any failure before the front door switches",
        "attempt": attempt,
    })
}

/// What the fence does.
fn deed<E: Engine>(by: &FencedBy) -> String {
    match by {
        FencedBy::Accounts => E::FENCE.to_owned(),
        FencedBy::ReadOnly => "sets the server read_only for every account".to_owned(),
        FencedBy::Provider(provider) if provider.shut.is_empty() => format!(
            "waits {} s for a person who changes at the provider the password of every account that can write to it",
            provider.wait.as_secs()
        ),
        FencedBy::Provider(provider) => format!(
            "runs {:?}, which has the provider change the password of every account that can write to it",
            provider.shut
        ),
    }
}

/// What a passage is carried out with.
struct Desk<'a> {
    database: &'a DatabasePolicy,
    project: &'a Project,
    output: &'a Output,
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
    let desk = Desk {
        database,
        project,
        output,
    };
    let direction = way.direction();
    if is_postgres(database, environment) {
        let passage = postgres_passage(policy, database, direction, environment).await?;
        return pass(way, args, passage, &desk).await;
    }
    let passage = mysql_passage(policy, database, direction, environment)?;
    pass(way, args, passage, &desk).await
}

async fn pass<E: Engine>(
    way: Way,
    args: &ConsentArgs,
    mut passage: Passage<E>,
    desk: &Desk<'_>,
) -> Result<Exit, Failure> {
    let Desk {
        database,
        project,
        output,
    } = desk;
    passage.herald = herald(output);
    let journal = narrated_journal(project, output)?;
    join_on(way, &journal, &database.name, &mut passage)?;
    let attempts = runs_about(&journal, way.kind(), &database.name)?.len();
    let unfinished = latest(&journal, way.kind(), &database.name)?
        .filter(|(_, history)| !history.state().is_final());
    if unfinished.is_none()
        && !consent::given(
            &change(way, database, &passage, attempts + 1),
            args,
            Some(project),
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
    let engine = RunEngine::new(&journal, &timer);
    let steps = way.steps();
    let mut outcome = engine
        .start_or_resume_about(way.kind(), Some(&database.name), &steps, &mut passage)
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

/// Tells what only a person can do.
fn herald(output: &Output) -> Herald {
    let output = output.clone();
    Herald::new(move |words| output.note(format!("  !! {words}")))
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
    let desk = Desk {
        database,
        project,
        output,
    };
    for way in [Way::There, Way::Back] {
        let Some((run, history)) = latest(&journal, way.kind(), &database.name)?
            .filter(|(_, history)| !history.state().is_final())
        else {
            continue;
        };
        let direction = way.direction();
        if is_postgres(database, environment) {
            let passage = postgres_passage(policy, database, direction, environment).await?;
            return turn_back(way, &journal, &run, &history, passage, &desk).await;
        }
        let passage = mysql_passage(policy, database, direction, environment)?;
        return turn_back(way, &journal, &run, &history, passage, &desk).await;
    }
    output.report("no cutover is under way", &json!({ "aborted": false }))?;
    Ok(Exit::Done)
}

async fn turn_back<E: Engine>(
    way: Way,
    journal: &Journal,
    run: &RunId,
    history: &RunHistory,
    mut passage: Passage<E>,
    desk: &Desk<'_>,
) -> Result<Exit, Failure> {
    passage.herald = herald(desk.output);
    join_on(way, journal, &desk.database.name, &mut passage)?;
    passage.recall(history);
    journal.request_cancel(run, "operator")?;
    if matches!(history.state(), RunState::Stuck { .. }) {
        journal.request_retry(run, "operator")?;
    }
    let outcome = RunEngine::new(journal, &Clockwork)
        .resume(run, &way.steps(), &mut passage)
        .await?;
    tell(way, &outcome, journal, desk.output)
}
