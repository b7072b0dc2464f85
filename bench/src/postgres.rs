//! The parts on PostgreSQL, which `make bench-postgres` runs.

mod capture_overhead;
mod catch_up;
pub(crate) mod contestant;
mod data;
mod follow;
mod full_load;
mod gate;
mod logical_overhead;
mod native;
mod raw;
mod servers;
mod verification;
mod write_load;

use crate::Part;

/// The parts, in the order in which they run.
pub(crate) const PARTS: &[(&str, Part)] = &[
    ("full-load", full_load::run),
    ("verification", verification::run),
    ("gate", gate::run),
    ("catch-up", catch_up::run),
    ("follow", follow::run),
    ("capture-overhead", capture_overhead::run),
    ("logical-overhead", logical_overhead::run),
];
