//! Measures Reberth beside the tools that people use today, on the same two servers, one after another.
//!
//! `make bench-mysql` runs every part; `SIZE=400 RUNS=1 ONLY=full-load make bench-mysql` is a try,
//! `SERVER=mysql` takes Oracle MySQL for both servers. One part is one file with a
//! `run`, and one line in [`PARTS`].

mod capture_overhead;
mod catch_up;
mod contestant;
mod data;
mod follow;
mod full_load;
mod measure;
mod raw;
mod replica;
mod report;
mod servers;
mod settings;
mod source_first;
mod verification;
mod write_load;

use std::process::ExitCode;

use settings::Settings;

/// What goes wrong here ends the benchmark; a sentence is enough.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A part of the benchmark.
type Part = fn(&Settings) -> Result<(), Failure>;

/// The parts, in the order in which they run.
const PARTS: &[(&str, Part)] = &[
    ("full-load", full_load::run),
    ("verification", verification::run),
    ("catch-up", catch_up::run),
    ("follow", follow::run),
    ("source-first", source_first::run),
];

/// The parts on PostgreSQL, which `make bench-postgres` runs.
const POSTGRES_PARTS: &[(&str, Part)] = &[("capture-overhead", capture_overhead::run)];

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
        [] => Settings::from_environment().and_then(|settings| run_parts(PARTS, &settings)),
        ["postgres"] => {
            Settings::from_environment().and_then(|settings| run_parts(POSTGRES_PARTS, &settings))
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
    for (name, part) in parts {
        if settings.wants(name) {
            report::say(&format!("## {name}\n"));
            part(settings)?;
        }
    }
    Ok(())
}
