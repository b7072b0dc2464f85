//! One module per command: plain functions with explicit parameters.

pub(crate) mod approve;
pub(crate) mod assess;
pub(crate) mod audit;
pub(crate) mod cutover;
pub(crate) mod demo;
pub(crate) mod design;
pub(crate) mod discover;
pub(crate) mod doctor;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod provision;
pub(crate) mod replicate;
pub(crate) mod schema;
pub(crate) mod status;

use crate::cli::{AuditCommand, Cli, Command};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::settings::{AssessSettings, DiscoverSettings, audit_head};

/// Carries out one command.
pub(crate) async fn run(
    cli: Cli,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let project = Project::new(&cli.global.project);
    match cli.command {
        Command::Init(args) => init::run(&args, output),
        Command::Discover(args) if args.ssh_commands => discover::show_ssh_commands(output),
        Command::Discover(args) => {
            let policy = project.policy()?;
            let provider = policy.document.source.provider;
            let settings = DiscoverSettings::resolve(args, environment, provider)?;
            discover::run(settings, &policy.sha256, &project, output).await
        }
        Command::Assess(args) => assess::run(&AssessSettings::resolve(args), &project, output),
        Command::Design(args) => match args.explain {
            Some(id) => design::explain(&id, &project, output),
            None => design::run(&project, output),
        },
        Command::Generate => generate::run(&project, output),
        Command::Provision(command) => {
            provision::run(&command, &project, environment, output).await
        }
        Command::Replicate(command) => {
            replicate::run(&command, &project, environment, output).await
        }
        Command::Cutover(command) => cutover::run(&command, &project, environment, output).await,
        Command::Status => status::run(&project, environment, output).await,
        Command::Audit(AuditCommand::Verify(args)) => {
            audit::verify(audit_head(args)?.as_ref(), &project, output)
        }
        Command::Approve(args) => approve::run(&args, &project, output),
        Command::Schema(args) => schema::run(args.name, output),
        Command::Doctor => doctor::run(&project, environment, output),
        Command::Demo(args) => demo::run(&args, output).await,
    }
}
