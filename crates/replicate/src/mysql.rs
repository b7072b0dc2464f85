//! The MySQL family: MySQL and MariaDB on either side.

pub(crate) mod apply;
pub(crate) mod cascade;
pub(crate) mod chunk;
pub mod copy;
pub mod counter;
pub(crate) mod fold;
pub(crate) mod index;
pub mod log;
pub mod pipeline;
pub mod preflight;
pub(crate) mod row;
pub mod schema;
pub mod server;
pub mod state;
pub mod touched;
pub mod value;
pub mod verify;
