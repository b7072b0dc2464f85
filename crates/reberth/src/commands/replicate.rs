//! `reberth replicate`: plan, start, status, verify, pause, resume, grants, finish, stop. One file each.

mod finish;
mod grants;
mod metrics;
mod operation;
mod pause;
mod plan;
mod postgres;
mod start;
mod status;
mod stop;
mod verify;

use reberth_replicate::stream::Direction;

use crate::cli::{DatabaseArgs, ReplicateCommand};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::scope::Scope;

pub(crate) use start::line as progress_line;
pub(crate) use status::status_lines;

/// Carries out one of its verbs.
pub(crate) async fn run(
    command: &ReplicateCommand,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let named = database(command).database.as_deref();
    let scope = Scope::resolve(project, environment, named, output)?;
    match command {
        ReplicateCommand::Plan(_) => plan::run(&scope, environment, output).await,
        ReplicateCommand::Start(args) => start::run(args, &scope, environment, output).await,
        ReplicateCommand::Status(_) => status::run(&scope, environment, output).await,
        ReplicateCommand::Verify(args) => verify::run(args, &scope, environment, output).await,
        ReplicateCommand::Pause(args) => pause::pause(args, &scope, environment, output).await,
        ReplicateCommand::Resume(args) => pause::resume(args, &scope, environment, output).await,
        ReplicateCommand::Grants(args) => grants::run(args, &scope, environment, output).await,
        ReplicateCommand::Finish(args) => finish::run(args, &scope, environment, output).await,
        ReplicateCommand::Stop(args) => stop::run(args, &scope, environment, output).await,
    }
}

/// The database that a command names, if it names one.
fn database(command: &ReplicateCommand) -> &DatabaseArgs {
    match command {
        ReplicateCommand::Plan(args) | ReplicateCommand::Status(args) => args,
        ReplicateCommand::Start(args) | ReplicateCommand::Resume(args) => &args.consent.database,
        ReplicateCommand::Verify(args) => &args.database,
        ReplicateCommand::Pause(args) => &args.database,
        ReplicateCommand::Grants(args) => &args.database,
        ReplicateCommand::Finish(args) => &args.consent.database,
        ReplicateCommand::Stop(args) => &args.database,
    }
}

fn direction(reverse: bool) -> Direction {
    if reverse {
        Direction::Reverse
    } else {
        Direction::Forward
    }
}
