//! `reberth replicate` for a pair of PostgreSQL addresses, without a project folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reberth_replicate::claim::Claim;
use reberth_replicate::postgres::capture::install::{self, Writes};
use reberth_replicate::postgres::capture::{Captured, keys, remove};
use reberth_replicate::postgres::logical::slot;
use reberth_replicate::postgres::method::{self, Choice};
use reberth_replicate::postgres::pipeline::{self, StreamPlan};
use reberth_replicate::postgres::preflight;
use reberth_replicate::postgres::schema;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::{self, Method, StreamState};
use reberth_replicate::postgres::verify;
use reberth_replicate::postgres::{server, table};
use reberth_replicate::stream::Direction;
use reberth_replicate::{Engine, ReplicateError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::start::{Shown, is_reached, line};
use crate::cli::{ReplicateCommand, StartArgs};
use crate::environment::{Environment, SOURCE_URL};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::quantity::{bytes, rows};
use crate::scope::{Pair, pair_of};
use crate::table::table as text_table;

/// How often progress is shown.
const SHOW_INTERVAL: Duration = Duration::from_millis(500);
/// Copy workers, as nobody has chosen a number in a policy.
const WORKERS: usize = 4;
/// Bytes of noted changes at which the capture switches itself off, before it fills the source's disk.
const NOTED_BYTES_MAX: u64 = 4 << 30;

/// The pair of the environment, if it is one of PostgreSQL.
pub(super) fn pair(
    environment: &Environment,
    database: Option<&str>,
) -> Result<Option<Pair>, Failure> {
    let is_named = environment
        .get(SOURCE_URL)
        .is_some_and(|url| url.trim_start().starts_with("postgres"));
    if !is_named {
        return Ok(None);
    }
    pair_of(environment, database, Engine::Postgres).map(Some)
}

/// Carries out one of the verbs on a pair.
pub(super) async fn run(
    command: &ReplicateCommand,
    pair: Pair,
    output: &Output,
) -> Result<Exit, Failure> {
    let workers = match command {
        ReplicateCommand::Start(args) => args.workers.map_or(WORKERS, usize::from),
        _ => WORKERS,
    };
    let (plan, choice) = plan(pair, workers).await?;
    match command {
        ReplicateCommand::Plan(_) => show_plan(&plan, &choice, output).await,
        ReplicateCommand::Start(args) => start(args, plan, &choice, output).await,
        ReplicateCommand::Status(_) => status(&plan, output).await,
        ReplicateCommand::Verify(_) => compare(&plan, output).await,
        ReplicateCommand::Stop(_) => stop(&plan, output).await,
        ReplicateCommand::Grants(_) => grants(&plan, output).await,
        ReplicateCommand::Pause(_) | ReplicateCommand::Resume(_) | ReplicateCommand::Finish(_) => {
            Err(ReplicateError::Blocked(vec![
                "this verb is not built for PostgreSQL yet; ending the process of `replicate start` holds the stream, starting it again goes on".to_owned(),
            ])
            .into())
        }
    }
}

async fn plan(pair: Pair, workers: usize) -> Result<(StreamPlan, Choice), Failure> {
    let mut source = Session::open(&pair.from).await?;
    let mut target = Session::open(&pair.to).await?;
    let begun = state::peek(&mut target, Direction::Forward, &pair.database).await?;
    let choice = match begun {
        Some(checkpoint) => Choice {
            method: checkpoint.method,
            because: "the stream has begun in this way".to_owned(),
        },
        None => method::choose(&mut source).await?,
    };
    let plan = StreamPlan {
        database: pair.database,
        direction: Direction::Forward,
        from: pair.from,
        to: pair.to,
        method: choice.method,
        pg_dump: pg_dump()?,
        workers,
        streams: 1,
    };
    Ok((plan, choice))
}

fn pg_dump() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("pg_dump"))
        .find(|candidate| candidate.is_file());
    found.ok_or_else(|| {
        ReplicateError::Blocked(vec![
            "pg_dump is not on the search path: install PostgreSQL's client programs of the newer of the two servers' versions".to_owned(),
        ])
        .into()
    })
}

/// What will be read and written where.
async fn change(plan: &StreamPlan, choice: &Choice) -> Result<Value, Failure> {
    let on_the_source = match plan.method {
        Method::Logical => json!([
            format!(
                "the replication slot {} and the publication of the same name",
                plan.mark()
            ),
            "while the stream stands still, the source keeps its log for the slot".to_owned(),
        ]),
        Method::TriggerCapture => {
            let mut source = Session::open(&plan.from).await?;
            let captured = captured(&mut source).await?;
            let writes = Writes::of(&captured, NOTED_BYTES_MAX);
            json!([
                "the schema reberth with a table of the keys that change".to_owned(),
                format!(
                    "triggers on {} table(s), which note those keys in the application's own transactions",
                    captured.len()
                ),
                format!("all statements together have the SHA-256 {}", writes.hash()),
            ])
        }
    };
    Ok(json!({
        "replicate": format!("{}: {} -> {}", plan.database, plan.from.host(), plan.to.host()),
        "method": format!("{}: {}", plan.method.word(), choice.because),
        "reads": "all rows and definitions, and what changes",
        "writes": vec![format!("the database {} on the target, which must be empty", plan.database), "the schema reberth on the target".to_owned()],
        "writes on the source": on_the_source,
        "removed by": "reberth replicate stop",
    }))
}

/// The tables with their keys, as triggers note them.
async fn captured(source: &mut Session) -> Result<Vec<Captured>, Failure> {
    let tables = table::read(source).await?;
    Ok(keys::read(source, &tables).await?)
}

async fn show_plan(plan: &StreamPlan, choice: &Choice, output: &Output) -> Result<Exit, Failure> {
    let mut source = Session::open(&plan.from).await?;
    let tables = table::read(&mut source).await?;
    let read = schema::read(&plan.from, &plan.to, &plan.pg_dump()).await?;
    let mut blockers = read.blockers();
    blockers.extend(preflight::blockers(plan).await?);
    let cells: Vec<Vec<String>> = tables
        .iter()
        .map(|(path, table)| vec![path.clone(), rows(table.rows), bytes(table.bytes)])
        .collect();
    let change = change(plan, choice).await?;
    let left_out: Vec<String> = read
        .left_out
        .iter()
        .map(|left| format!("\n  {}: {}", left.what, left.reason))
        .collect();
    let stops: Vec<String> = blockers.iter().map(|line| format!("\n  {line}")).collect();
    let text = format!(
        "database {}: {} -> {}, {} blocker(s)\nmethod: {}: {}\n{}\n\nwritten on the source:{}\n\nBLOCKERS{}\n\nnot carried over{}",
        plan.database,
        plan.from.host(),
        plan.to.host(),
        blockers.len(),
        plan.method.word(),
        choice.because,
        text_table(&["table", "rows, about", "data"], &cells),
        listed(&change["writes on the source"]),
        or_none(&stops),
        or_none(&left_out),
    );
    let document = json!({ "database": plan.database, "method": plan.method, "because": choice.because, "tables": tables.len(), "blockers": blockers, "change": change });
    output.report(text, &document)?;
    Ok(if blockers.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn or_none(lines: &[String]) -> String {
    match lines.is_empty() {
        true => "\n  none".to_owned(),
        false => lines.concat(),
    }
}

fn listed(value: &Value) -> String {
    let items = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    items.map(|item| format!("\n  {item}")).collect()
}

async fn start(
    args: &StartArgs,
    plan: StreamPlan,
    choice: &Choice,
    output: &Output,
) -> Result<Exit, Failure> {
    if args.reverse || args.past.is_some() || args.max_rate.is_some() || args.metrics.is_some() {
        return Err(ReplicateError::Blocked(vec![
            "--reverse, --past, --max-rate and --metrics are not built for PostgreSQL yet"
                .to_owned(),
        ])
        .into());
    }
    let change = change(&plan, choice).await?;
    for line in crate::consent::lines(&change) {
        output.note(line);
    }
    // Triggers run in the application's own transactions: naming the addresses is no consent to that.
    let begun = state::peek(
        &mut Session::open(&plan.to).await?,
        plan.direction,
        &plan.database,
    )
    .await?;
    if begun.is_none() {
        let blockers = preflight::blockers(&plan).await?;
        if !blockers.is_empty() {
            return Err(ReplicateError::Blocked(blockers).into());
        }
    }
    let begins_capture = plan.method == Method::TriggerCapture && begun.is_none();
    if begins_capture && !args.consent.apply {
        output.note(
            "\nnothing was done yet: this writes on the source. To do exactly this, add --apply"
                .to_owned(),
        );
        output.event(
            "waiting",
            &json!({ "hash": crate::consent::hash(&change), "change": change }),
        );
        return Ok(Exit::Waiting);
    }
    if begins_capture {
        let mut source = Session::open(&plan.from).await?;
        let captured = captured(&mut source).await?;
        install::install(&mut source, &captured, NOTED_BYTES_MAX).await?;
    }
    let name = plan.database.clone();
    let mut stream = pipeline::start(plan.clone(), Arc::new(Semaphore::new(plan.workers)));
    let mut shown = Shown::default();
    let mut interval = tokio::time::interval(SHOW_INTERVAL);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|error| Failure::io("signals cannot be received", error))?;
    let ended = loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = tokio::signal::ctrl_c() => break "interrupted",
            _ = terminate.recv() => break "interrupted",
        }
        let progress = stream.progress();
        shown.show(&[(&name, plan.direction, progress.clone())], output);
        if let Some(ended) = stream.ended_by_itself() {
            match ended {
                Ok(()) => break "ended",
                Err(ReplicateError::Superseded { .. }) => {
                    break "another Reberth has taken over this stream; this one ends";
                }
                Err(error) => return Err(error.into()),
            }
        }
        if args.until.is_some_and(|goal| is_reached(goal, &progress)) {
            break "goal reached";
        }
    };
    let progress = stream.progress();
    stream.stop().await?;
    output.report(
        format!("{}: {ended}", line(&name, &progress)),
        &json!({ "database": name, "ended": ended, "progress": progress }),
    )?;
    Ok(Exit::Done)
}

async fn status(plan: &StreamPlan, output: &Output) -> Result<Exit, Failure> {
    let mut target = Session::open(&plan.to).await?;
    let Some(checkpoint) = state::peek(&mut target, plan.direction, &plan.database).await? else {
        let document = json!({ "database": plan.database, "state": "not started" });
        output.report(format!("{}: not started", plan.database), &document)?;
        return Ok(Exit::Done);
    };
    let totals = state::copy_totals(&mut target, plan.direction, &plan.database).await?;
    let mut source = Session::open(&plan.from).await?;
    let end = server::log_end(&mut source).await?;
    let cells: Vec<Vec<String>> = totals
        .iter()
        .map(|(path, table)| {
            let chunks = format!("{} of {}", table.chunks_done, table.chunks);
            vec![path.clone(), rows(table.rows), bytes(table.bytes), chunks]
        })
        .collect();
    let text = format!(
        "{}\ndatabase {}: {}, {}; checkpoint {}, the source's log ends at {end}",
        text_table(&["table", "rows", "bytes", "chunks"], &cells),
        plan.database,
        checkpoint.phase.word(),
        checkpoint.method.word(),
        checkpoint.position,
    );
    let document = json!({ "database": plan.database, "state": checkpoint.phase.word(), "method": checkpoint.method, "checkpoint": checkpoint.position, "log_end": end.to_string() });
    output.report(text, &document)?;
    Ok(Exit::Done)
}

async fn compare(plan: &StreamPlan, output: &Output) -> Result<Exit, Failure> {
    let report = verify::verify(plan, |table, rows| {
        output.progress(format!("{table}: {rows} rows compared"))
    })
    .await?;
    let (hash, place) = super::verify::keep(&plan.database, &report, None)?;
    output.report(
        super::verify::text(&plan.database, &report, &hash, &place),
        &report,
    )?;
    Ok(if report.is_equal() {
        Exit::Done
    } else {
        Exit::Differences
    })
}

/// Ends the stream for good and removes every trace of it, on both sides; the rows stay.
async fn stop(plan: &StreamPlan, output: &Output) -> Result<Exit, Failure> {
    let mut target = Session::open(&plan.to).await?;
    let begun = state::peek(&mut target, plan.direction, &plan.database).await?;
    if begun.is_some() {
        StreamState::take_over(
            &mut target,
            plan.direction,
            &plan.database,
            &mut Claim::new()?,
        )
        .await?;
    }
    let mut source = Session::open(&plan.from).await?;
    // The source first: what stays there would cost it its disk.
    let mut removed = slot::remove(plan, &mut source).await?;
    removed.extend(remove::remove(&mut source).await?);
    removed.extend(state::forget(&mut target, plan.direction, &plan.database).await?);
    let what = match removed.as_slice() {
        [] => "nothing was left".to_owned(),
        removed => format!("removed: {}", removed.join(", ")),
    };
    let document = json!({ "database": plan.database, "removed": removed });
    output.report(format!("{}: {what}", plan.database), &document)?;
    Ok(Exit::Done)
}

/// Prints roles, owners and grants as a script to be reviewed.
async fn grants(plan: &StreamPlan, output: &Output) -> Result<Exit, Failure> {
    let read = schema::read(&plan.from, &plan.to, &plan.pg_dump()).await?;
    let document = json!({ "database": plan.database, "before the move": read.scripts.roles, "after the move": read.scripts.rights });
    let text = format!(
        "-- Before the move\n{}\n-- After the move\n{}",
        read.scripts.roles, read.scripts.rights
    );
    output.report(text, &document)?;
    Ok(Exit::Done)
}
