//! `reberth demo`.

use crate::cli::DemoArgs;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;

/// Not built yet.
pub(crate) async fn run(_args: &DemoArgs, _output: &Output) -> Result<Exit, Failure> {
    Err(CliError::NotBuilt {
        what: "demo".to_owned(),
        instead: "the stages up to generate are built".to_owned(),
    }
    .into())
}
