//! What tests and the demo run against: real database servers, recorded provider APIs, faults on the wire, and a ledger of
//! every acknowledged write.

pub mod database;
pub mod fault_proxy;
pub mod front_door;
pub mod learning;
pub mod ledger;
pub mod object_store;
pub mod pgbouncer;
pub mod postgres;
pub mod relay;
pub mod replay;
pub mod ssh_server;
pub mod terraform;
