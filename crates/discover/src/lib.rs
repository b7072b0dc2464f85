//! Reads everything an account holds at the source provider and says it as an
//! [`Estate`](reberth_model::estate::Estate).
//!
//! Only reads: no request but GET leaves this crate. A provider's own words and the shapes of its answers stay
//! inside its folder. The wire types have no fields for passwords and connection strings, so no secret value is ever
//! held longer than the parser needs to step over it.
//!
//! The result is the account as it was, or an error. What a token may not see stands in `not_visible`, and so does a path that stayed broken
//! after every retry ([`Tally::broken`] counts them); everything else was read to its end. No list is given in part.

mod answer_cache;
pub mod checkout;
mod client;
mod cron_lines;
pub mod digitalocean;
mod error;
mod fingerprint;
mod gathered;
pub mod heroku;
mod host_name;
pub mod inside;
mod item;
mod notes;
mod object_store_key;
mod progress;
pub mod queues;
mod scrubbed;
mod segment;
mod token;

pub use answer_cache::AnswerCache;
pub use client::{Api, Patience, Tally};
pub use error::DiscoverError;
pub use fingerprint::Fingerprint;
pub use notes::is_command;
pub use object_store_key::ObjectStoreKey;
pub use progress::{OnProgress, Progress};
pub use token::Token;
