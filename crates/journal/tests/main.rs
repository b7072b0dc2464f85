//! The journal and the run engine, through their public door.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot go on fails its test"
)]

mod audit;
mod engine;
mod error_pages;
mod file;
mod harbour;
mod kill;
mod lease;
