//! `reberth provision`: plan, apply, drift.

mod apply;
mod drift;
mod plan;
mod shown;
mod sites;

use reberth_provision::Tool;

use crate::cli::ProvisionCommand;
use crate::environment::{Environment, TERRAFORM};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Carries out one of its verbs.
pub(crate) async fn run(
    command: &ProvisionCommand,
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy()?.document;
    let args = match command {
        ProvisionCommand::Plan(args) | ProvisionCommand::Drift(args) => args,
        ProvisionCommand::Apply(args) => &args.root,
    };
    let tool = Tool::find(environment.get(TERRAFORM), Vec::new()).await?;
    let sites = sites::sites(project, &policy, &tool, args.root.as_deref())?;
    match command {
        ProvisionCommand::Plan(_) => plan::run(sites.chosen(), &tool, project, output).await,
        ProvisionCommand::Apply(args) => apply::run(&sites, args, project, output).await,
        ProvisionCommand::Drift(_) => drift::run(sites.chosen(), &tool, project, output).await,
    }
}
