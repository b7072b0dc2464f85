//! Tests of the generated files: against a committed copy, the true formatter, and the true provider schema.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its fixtures too"
)]

mod components;
mod designs;
mod formatter;
mod golden;
mod hostile;
mod module_tests;
mod parsed;
mod policies;
mod references;
mod scanned;
mod schema;
mod server_replication;
mod settled;
mod trusts;
