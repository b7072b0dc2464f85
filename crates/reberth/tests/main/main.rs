//! Runs the real binary as a person would: a project folder, a replayed account, exit codes.

mod failures;
mod folder;
mod journal;
mod pipeline;
mod tidy;
