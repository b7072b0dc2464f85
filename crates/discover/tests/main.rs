//! Discovery against the replayed account, calm and with every fault.

mod again;
mod calm;
mod checkout;
mod description;
mod faults;
mod harness;
mod heroku;
mod inside;
mod large;
mod mutated;
mod object_store;
mod products;
mod queues;
mod storm;
mod storm_platform;
mod telemetry_drains;
mod watch;
