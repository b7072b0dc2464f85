//! Real things to test against: recorded provider APIs with their faults.

pub mod replay;
