//! `reberth schema`: the form of a document.

use crate::cli::SchemaName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use reberth_model::assessment::Assessment;
use reberth_model::design::Design;
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;
use schemars::schema_for;

/// Prints the JSON Schema, taken from the types that read and write the document.
pub(crate) fn run(name: SchemaName, output: &Output) -> Result<Exit, Failure> {
    let schema = match name {
        SchemaName::Policy => schema_for!(Policy),
        SchemaName::Estate => schema_for!(Estate),
        SchemaName::Assessment => schema_for!(Assessment),
        SchemaName::Design => schema_for!(Design),
    };
    output.document(&schema)?;
    Ok(Exit::Done)
}
