//! Replication against real servers.

mod copy;
mod crossed;
mod ddl;
mod ddl_killed;
mod ddl_stops;
mod ddl_under_writes;
mod definitions;
mod divergence;
mod epoch;
mod failover;
mod faults;
mod finish;
mod follow;
mod kill;
mod log_forms;
mod memory;
mod pair;
mod preflight;
mod programs;
mod property;
mod rows;
mod rules;
mod spool;
mod tls;
mod types;
mod verify;
