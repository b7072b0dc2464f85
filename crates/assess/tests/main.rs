//! Judges the recorded estates of both customers, whose planted findings are known.

mod estates;
mod findings;
mod hostile;
mod inside;
mod money;
mod planted;
mod platform;
mod questions;
mod queues;
mod report;
mod waivers;
