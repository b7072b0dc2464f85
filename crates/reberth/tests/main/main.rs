//! Runs the real binary as a person would: a project folder, a replayed account, exit codes.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets an error has failed, also in what its tests share"
)]

mod cutover;
mod cutover_postgres;
mod demo;
mod discover;
mod failures;
mod folder;
mod job_watch;
mod journal;
mod kill;
mod large;
mod live;
mod operate;
mod pair;
mod pipeline;
mod platform;
mod postgres;
mod postgres_kill;
mod postgres_ledger;
mod postgres_pair;
mod postgres_pooler;
mod provision;
mod provision_order;
mod scrape;
mod several;
mod terraform;
mod tidy;
