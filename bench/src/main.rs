//! Measures Reberth beside the tools that people use today, on the same two servers, one after another.
//!
//! `make bench-mysql` runs every part; `SIZE=400 RUNS=1 ONLY=full-load make bench-mysql` is a try,
//! `SERVER=mysql` takes Oracle MySQL for both servers. One part is one file with a
//! `run`, and one line in [`PARTS`]; those of PostgreSQL stand in [`postgres`].

mod appearance;
mod bars;
mod catch_up;
mod contestant;
mod data;
mod follow;
mod full_load;
mod gate;
mod measure;
mod postgres;
mod raw;
mod replica;
mod report;
mod servers;
mod settings;
mod source_first;
mod verification;
mod write_load;

use std::process::ExitCode;

use bars::Bar;
use settings::Settings;

/// What goes wrong here ends the benchmark; a sentence is enough.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A part of the benchmark: it prints its tables and returns what is held against a bar.
type Part = fn(&Settings) -> Result<Vec<Bar>, Failure>;

/// The parts, in the order in which they run.
const PARTS: &[(&str, Part)] = &[
    ("full-load", full_load::run),
    ("verification", verification::run),
    ("gate", gate::run),
    ("catch-up", catch_up::run),
    ("follow", follow::run),
    ("source-first", source_first::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        // Contestants that are this program itself run as processes of their own, so that they are measured like the others.
        ["contestant", "reberth", source, target, verified] => {
            contestant::reberth(source, target, *verified == "verified")
        }
        ["contestant", "raw", source, target] => raw::run(source, target),
        ["contestant", "verify", source, target] => verification::reberth(source, target),
        ["contestant", "postgres", rest @ ..] => postgres::contestant::run(rest),
        [] => Settings::from_environment().and_then(|settings| run_parts(PARTS, &settings)),
        ["postgres"] => {
            Settings::from_environment().and_then(|settings| run_parts(postgres::PARTS, &settings))
        }
        _ => Err(
            "it takes `postgres` or nothing; SIZE, RUNS, SERVER and ONLY are environment variables"
                .into(),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_parts(parts: &[(&str, Part)], settings: &Settings) -> Result<(), Failure> {
    let mut all = Vec::new();
    for (name, part) in parts {
        if settings.wants(name) {
            report::say(&format!("## {name}\n"));
            all.extend(part(settings)?);
        }
    }
    bars::print(&all);
    Ok(())
}
