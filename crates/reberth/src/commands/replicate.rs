//! `reberth replicate`.

use crate::cli::ReplicateCommand;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;

/// Not built yet.
pub(crate) async fn run(
    _command: &ReplicateCommand,
    _project: &Project,
    _environment: &Environment,
    _output: &Output,
) -> Result<Exit, Failure> {
    Err(CliError::NotBuilt {
        what: "replicate".to_owned(),
        instead: "the stages up to generate are built".to_owned(),
    }
    .into())
}
