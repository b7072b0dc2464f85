//! PostgreSQL on both sides.

pub mod session;
pub mod value;
pub mod wire;
