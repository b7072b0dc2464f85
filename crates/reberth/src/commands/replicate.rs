//! `reberth replicate`: plan, start, status, verify, pause, resume, stop.

mod start;
mod status;

use reberth_model::policy::{DatabasePolicy, Policy};
use reberth_replicate::mysql::preflight::{self, Verdict};
use reberth_replicate::mysql::state::{self, Direction, StreamState};
use reberth_replicate::mysql::{server, verify};
use serde_json::json;

use crate::cli::{ConsentArgs, DatabaseArgs, ReplicateCommand, VerifyArgs};
use crate::connections::{chosen, stream_plan};
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::record::Record;
use crate::table::table;

pub(crate) use start::line as progress_line;
pub(crate) use status::status_lines;

/// Carries out one of its verbs.
pub(crate) async fn run(
    command: &ReplicateCommand,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy()?.document;
    match command {
        ReplicateCommand::Plan(args) => plan(args, &policy, environment, output).await,
        ReplicateCommand::Start(args) | ReplicateCommand::Resume(args) => {
            start::run(args, &policy, project, environment, output).await
        }
        ReplicateCommand::Status(args) => {
            status::run(args, &policy, project, environment, output).await
        }
        ReplicateCommand::Verify(args) => verify(args, &policy, project, environment, output).await,
        ReplicateCommand::Pause(args) => pause(args, &policy, environment, output).await,
        ReplicateCommand::Stop(args) => stop(args, &policy, project, environment, output).await,
    }
}

fn direction(reverse: bool) -> Direction {
    if reverse {
        Direction::Reverse
    } else {
        Direction::Forward
    }
}

async fn plan(
    args: &DatabaseArgs,
    policy: &Policy,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut blockers = 0;
    for database in chosen(policy, args.database.as_deref())? {
        let plan = stream_plan(database, Direction::Forward, environment)?;
        let found = preflight::run(&plan).await?;
        blockers += found.blockers().len();
        let mut lines = Vec::new();
        for finding in &found.findings {
            let (mark, meaning) = match &finding.verdict {
                Verdict::Fine => ("ok", None),
                Verdict::Handled(how) => ("handled", Some(how)),
                Verdict::Blocker(remedy) => ("BLOCKER", Some(remedy)),
            };
            lines.push(format!(
                "  {mark:<8} {:<36} {}",
                finding.subject, finding.seen
            ));
            lines.extend(meaning.map(|meaning| format!("  {:<8}   -> {meaning}", "")));
        }
        let document = json!({ "database": database.name, "findings": found.findings, "blockers": found.blockers() });
        output.report(
            format!(
                "database {}: {} blocker(s)\n{}",
                database.name,
                found.blockers().len(),
                lines.join("\n")
            ),
            &document,
        )?;
    }
    Ok(if blockers == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn verify(
    args: &VerifyArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut is_equal = true;
    for database in chosen(policy, args.database.database.as_deref())? {
        let plan = stream_plan(database, direction(args.reverse), environment)?;
        let record = Record::begin(
            project,
            "verify",
            &json!({ "database": database.name, "direction": plan.direction.word() }),
        )?;
        let report = verify::verify(&plan, |table, rows| {
            output.progress(format!("{table}: {rows} rows compared"))
        })
        .await;
        let report = record.end(report.map_err(Failure::from).and_then(|report| {
            let bytes = reberth_model::document::to_bytes(&report).map_err(|error| Failure::io("the report could not be serialised", error.into()))?;
            let hash = reberth_model::document::sha256_hex(&bytes);
            crate::atomic_file::replace(&project.path(&format!("report/verify-{}.json", database.name)), &bytes)?;
            let summary = json!({ "rows": report.rows, "differing": report.differing, "open": report.open.len(), "equal_until": report.holds_until.to_string(), "report_sha256": hash });
            Ok((report, summary))
        }))?;
        is_equal &= report.is_equal();
        let rows: Vec<Vec<String>> = report
            .tables
            .iter()
            .map(|verified| {
                vec![
                    verified.name.clone(),
                    verified.rows.to_string(),
                    verified.chunks.to_string(),
                ]
            })
            .collect();
        let table = table(&["table", "rows", "chunks"], &rows);
        let named: Vec<String> = report
            .differences
            .iter()
            .chain(&report.open)
            .take(20)
            .map(|difference| {
                format!(
                    "\n  {} {}: {}",
                    difference.table, difference.key, difference.kind
                )
            })
            .collect();
        let schema: Vec<String> = report
            .schema_differences
            .iter()
            .map(|difference| format!("\n  {difference}"))
            .collect();
        let verdict = if report.is_equal() {
            "equal"
        } else {
            "NOT EQUAL"
        };
        let text = format!(
            "{table}\ndatabase {}: {verdict}; {} rows compared, {} differ, {} open, up to {}{}{}\nreport/verify-{}.json",
            database.name,
            report.rows,
            report.differing,
            report.open.len(),
            report.holds_until,
            named.concat(),
            schema.concat(),
            database.name
        );
        output.report(text, &report)?;
    }
    Ok(if is_equal {
        Exit::Done
    } else {
        Exit::Differences
    })
}

/// Raises the epoch and holds it for nobody: whoever applies now ends at a safe point.
async fn pause(
    args: &DatabaseArgs,
    policy: &Policy,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    for database in chosen(policy, args.database.as_deref())? {
        let plan = stream_plan(database, Direction::Forward, environment)?;
        let mut target = server::writer(&plan.to).await?;
        let checkpoint = state::peek(&mut target, plan.direction, &plan.database).await?;
        let checkpoint =
            checkpoint.ok_or_else(|| reberth_replicate::ReplicateError::NotStarted {
                database: database.name.clone(),
            })?;
        let closed =
            StreamState::take_over(&mut target, plan.direction, &plan.database, None).await?;
        let document = json!({ "database": database.name, "checkpoint": checkpoint.position, "epoch": closed.epoch() });
        output.report(
            format!(
                "database {}: paused at {}; `reberth replicate resume` goes on there",
                database.name, checkpoint.position
            ),
            &document,
        )?;
    }
    Ok(Exit::Done)
}

async fn stop(
    args: &ConsentArgs,
    policy: &Policy,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let databases = chosen(policy, args.database.database.as_deref())?;
    let names: Vec<&str> = databases
        .iter()
        .map(|database| database.name.as_str())
        .collect();
    let change = json!({
        "stop replicating": names,
        "removes": ["Reberth's state of these databases on the target", "Reberth's state of their way back on the source, if a cutover armed one"],
        "keeps": ["the rows on the target as they are"],
    });
    if !consent::given(&change, args, project, output)? {
        return Ok(Exit::Waiting);
    }
    for database in databases {
        let removed = remove_state(database, environment).await?;
        output.report(
            format!("database {}: removed {}", database.name, removed.join(", ")),
            &json!({ "database": database.name, "removed": removed }),
        )?;
    }
    Ok(Exit::Done)
}

async fn remove_state(
    database: &DatabasePolicy,
    environment: &Environment,
) -> Result<Vec<String>, Failure> {
    let mut removed = Vec::new();
    for direction in [Direction::Forward, Direction::Reverse] {
        let plan = stream_plan(database, direction, environment)?;
        let mut session = server::writer(&plan.to).await?;
        if state::peek(&mut session, direction, &plan.database)
            .await?
            .is_none()
        {
            continue;
        }
        StreamState::take_over(&mut session, direction, &plan.database, None).await?;
        let gone = state::forget(&mut session, direction, &plan.database).await?;
        removed.extend(
            gone.into_iter()
                .map(|what| format!("{what} on the {}", plan.to.side())),
        );
    }
    if removed.is_empty() {
        let given = database.name.clone();
        let why = "nothing is being replicated".to_owned();
        return Err(CliError::Argument {
            argument: "--database",
            given,
            why,
        }
        .into());
    }
    Ok(removed)
}
