//! The servers that all other tests stand on.

mod postgres;
