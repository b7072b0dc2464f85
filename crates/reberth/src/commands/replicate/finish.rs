//! `reberth replicate finish`: completes the target where there is no cutover, and ends the stream.

use reberth_cutover::CUTOVER;
use reberth_journal::RunState;
use reberth_replicate::mysql::finish::{self, Events, Finished, OpenSessions};
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::Direction;
use serde_json::{Value, json};

use super::postgres;
use crate::cli::FinishArgs;
use crate::consent;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::plan::Plan;
use crate::scope::{Scope, inputs};

pub(super) async fn run(
    args: &FinishArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let plans = scope.plans(Direction::Forward, environment).await?;
    for plan in &plans {
        refuse_after_a_cutover(scope, plan)?;
    }
    let events = match args.start_events {
        true => Events::Start,
        false => Events::Rest,
    };
    if !consent::given(
        &change(&plans, events),
        &args.consent,
        scope.project(),
        output,
    )? {
        return Ok(Exit::Waiting);
    }
    let work = async {
        for plan in &plans {
            let (text, finished) = match plan {
                Plan::MySql(plan) => {
                    let finished = finish::finish(plan, events).await?;
                    (text(plan, &finished), json!(finished))
                }
                Plan::Postgres(plan) => {
                    let told = |table: &str, rows| {
                        output.progress(format!("{table}: {rows} rows compared"));
                    };
                    let finished =
                        reberth_replicate::postgres::finish::finish(&plan.stream, told).await?;
                    let database = &plan.stream.database;
                    (postgres::finish::text(database, &finished), json!(finished))
                }
            };
            let document = json!({ "database": plan.database(), "finished": finished });
            output.report(text, &document)?;
        }
        Ok((Exit::Done, json!({ "finished": plans.len() })))
    };
    scope.recorded("finish", inputs(&plans), work).await
}

/// A cutover does all this itself, and has armed a way back that this would cut off.
fn refuse_after_a_cutover(scope: &Scope, plan: &Plan) -> Result<(), Failure> {
    let Some(project) = scope.project() else {
        return Ok(());
    };
    let journal = project.journal()?;
    let Some(run) = journal.latest_run_about(CUTOVER, plan.database())? else {
        return Ok(());
    };
    match journal.history(&run)?.state() {
        RunState::Undone | RunState::Cancelled => Ok(()),
        _ => Err(CliError::Argument {
            argument: "finish",
            given: plan.database().to_owned(),
            why: format!("{run} hands it over, which completes the target too"),
        }
        .into()),
    }
}

fn change(plans: &[Plan], events: Events) -> Value {
    let lines: Vec<String> = plans
        .iter()
        .map(|plan| format!("{} at {}", plan.database(), plan.to().host()))
        .collect();
    let is_mysql = |plan: &Plan| matches!(plan, Plan::MySql(_));
    let (mut makes, mut change) = (Vec::new(), json!({ "completes": lines }));
    if plans.iter().any(is_mysql) {
        makes.extend(
            [
                "counters past the source's",
                "views, routines and events as they are on the source now",
                "triggers",
            ]
            .map(str::to_owned),
        );
        change["events"] = json!(match events {
            Events::Start => "those enabled on the source run on the target",
            Events::Rest => "stay disabled on the target",
        });
    }
    if !plans.iter().all(is_mysql) {
        makes.extend(postgres::finish::change_lines());
        change["removes"] =
            json!("slots and triggers on PostgreSQL's source, and Reberth's state on the target");
    }
    change["makes on the target"] = json!(makes);
    change["needs"] = json!("the application has stopped writing to the source");
    change["ends"] = json!("the stream, for good; there is no way back");
    change
}

/// Who could still write to the source, as lines.
fn open_sessions(finished: &Finished) -> Vec<String> {
    let Some(open) = &finished.open_sessions else {
        return vec![
            "  NOT KNOWN whether sessions still stand in the source's database: the reader lacks PROCESS"
                .to_owned(),
        ];
    };
    let line = |open: &OpenSessions| {
        format!(
            "  STILL OPEN on the source: {} session(s) of {} from {}, silent so far; what they write from now on is not carried over",
            open.sessions, open.user, open.host
        )
    };
    open.iter().map(line).collect()
}

fn text(plan: &StreamPlan, finished: &Finished) -> String {
    let mut lines = vec![format!(
        "{}: complete up to {}; {} counter(s) and {} sequence(s) set",
        plan.database,
        finished.drained_until,
        finished.counters,
        finished.sequences.len()
    )];
    for made in &finished.made {
        let definer = match &made.definer {
            Some(definer) => format!(", runs as {definer}"),
            None if made.is_definer_replaced => ", runs as the writer".to_owned(),
            None => String::new(),
        };
        lines.push(format!(
            "  made {} {}{definer}",
            made.kind.word(),
            made.name
        ));
    }
    for (title, events) in [
        ("events that run now", &finished.events_started),
        (
            "events left off (ALTER EVENT name ENABLE)",
            &finished.events_left_off,
        ),
    ] {
        if !events.is_empty() {
            lines.push(format!("  {title}: {}", events.join(", ")));
        }
    }
    for (kind, right) in &finished.not_visible {
        let kind = kind.word();
        lines.push(format!(
            "  NOT KNOWN whether there are {kind}s: the reader lacks {right}"
        ));
    }
    lines.extend(open_sessions(finished));
    lines.push(format!("  removed: {}", finished.removed.join(", ")));
    lines.join("\n")
}
