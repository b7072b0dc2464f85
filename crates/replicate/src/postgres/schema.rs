//! The schema of a database: read from the source in one moment, made on the target in stages around the copy of the rows, compared at the end.
//!
//! 1. [`read`] reads everything through `pg_dump` into a [`SchemaPlan`]: what is made, what is left out and why, and the scripts of roles and rights.
//! 2. [`Maker::begin`] writes the plan down on the target; [`Maker::make`] makes [`Stage::Definition`].
//! 3. The rows are copied. As soon as a table is complete, `make(&[Stage::Key, Stage::Index], Some(table))` makes its own; unique indexes when the
//!    copy is certain, the rest when all tables are.
//! 4. [`left_out()`] lists what is not there, also what the target refused; [`compare()`] tells what differs besides.

pub mod archive;
mod compare;
mod compression;
mod dump;
mod item;
mod left_out;
mod make;
mod plan;
mod renewal;
mod roles;
mod store;

pub use compare::{SchemaDifference, compare};
pub use dump::PgDump;
pub use item::{Item, Stage};
pub use left_out::LeftOut;
pub use make::Maker;
pub use plan::{SchemaPlan, major, read};
pub use roles::Scripts;
pub use store::left_out;
