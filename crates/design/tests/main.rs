//! Tests of the design stage through its public door.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its fixtures too"
)]

mod accounts;
mod adopted;
mod allocation;
mod carried;
mod decisions;
mod documents;
mod edge;
mod estates;
mod inside;
mod kept_names;
mod names;
mod notes;
mod page;
mod platform;
