//! The documents that the stages of Reberth hand to each other, and nothing else.
//!
//! Pure: no I/O, no clock, no environment. Every document carries `"schema": 1` and serialises to the
//! same bytes for the same content (ordered maps, ordered lists).

pub mod assessment;
pub mod design;
pub mod document;
pub mod estate;
pub mod money;
pub mod policy;
pub mod visible;
