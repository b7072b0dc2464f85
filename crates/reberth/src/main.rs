//! The command line of Reberth.

mod atomic_file;
mod cli;
mod commands;
mod connections;
mod consent;
mod demo;
mod environment;
mod exit;
mod failure;
mod fence_policy;
mod output;
mod plan;
mod project;
mod quantity;
mod record;
mod scope;
mod settings;
mod table;
mod visible;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use environment::Environment;
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json, cli.global.verbose);
    let exit = run(cli, &output).unwrap_or_else(|failure| {
        output.failure(&failure);
        failure.exit()
    });
    exit.into()
}

fn run(cli: Cli, output: &Output) -> Result<Exit, failure::Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| failure::Failure::io("the async runtime could not start", error))?;
    runtime.block_on(commands::run(cli, &Environment::of_process(), output))
}
