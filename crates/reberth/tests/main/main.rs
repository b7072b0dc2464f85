//! Runs the real binary.

mod pipeline;
