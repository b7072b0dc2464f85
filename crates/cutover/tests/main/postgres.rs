//! Passages between PostgreSQL servers: by logical decoding, and out of a source whose owner has no right but to own its tables.

mod crossing;
mod failures;
mod fence;
mod killed;
mod there_and_back;
