//! The cutover against real servers, with an application that never rests.

mod crosses;
mod crossing;
mod events;
mod failures;
mod fence;
mod fence_by_provider;
mod fence_by_read_only;
mod fence_on_mysql;
mod killed;
mod postgres;
mod there_and_back;
mod triggers;
