//! The MySQL family: MySQL and MariaDB on either side.

pub(crate) mod apply;
pub(crate) mod begin;
pub(crate) mod cascade;
pub(crate) mod chunk;
pub mod copy;
pub mod counter;
pub(crate) mod failover;
pub(crate) mod fold;
pub(crate) mod follow;
pub(crate) mod full_load;
pub mod gtid;
pub(crate) mod index;
pub(crate) mod lag;
pub mod log;
pub mod log_room;
pub mod objects;
pub mod pipeline;
pub mod preflight;
pub(crate) mod row;
pub mod schema;
pub mod server;
pub mod state;
pub mod supervise;
pub mod touched;
pub mod value;
pub mod verify;
