//! Replication against real servers.

mod follow;
mod pair;
mod rules;
mod types;
