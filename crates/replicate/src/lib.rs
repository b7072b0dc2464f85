//! Moves live databases and proves that nothing was lost.
//!
//! One pipeline for every engine: preflight, schema, copy, stream, apply, verify, and the same engine backwards for the
//! way back. State lives on the target, committed together with the rows it speaks of, so that a process may be killed
//! at any instant and its successor goes on where the target stands. The argument for that stands at the head of
//! [`mysql::pipeline`].

pub mod cause;
pub mod claim;
pub mod connection;
pub mod error;
pub(crate) mod lag;
pub mod mysql;
pub mod operation;
pub mod position;
pub mod postgres;
pub mod progress;
pub mod running;
pub mod sealed;
pub mod stream;
pub mod supervise;
pub(crate) mod throttle;
pub mod verify_report;

pub use connection::{Address, Engine, Secret};
pub use error::ReplicateError;
pub use position::LogPosition;
