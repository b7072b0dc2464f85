//! Discovery against the replayed account, calm and with every fault.

mod again;
mod calm;
mod description;
mod faults;
mod harness;
mod heroku;
mod large;
mod products;
