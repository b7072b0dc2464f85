//! PostgreSQL on both sides.

pub mod capture;
pub(crate) mod copy;
pub(crate) mod full_load;
pub(crate) mod lag;
pub mod large_object;
pub mod logical;
pub mod method;
pub(crate) mod new_tables;
pub mod pipeline;
pub mod plan;
pub mod preflight;
pub mod schema;
pub mod sequence;
pub mod server;
pub mod session;
pub mod snapshot;
pub mod state;
pub mod table;
pub mod value;
pub mod verify;
pub mod visible;
pub mod wire;
