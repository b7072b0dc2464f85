//! Judges the recorded estate of the edtech customer, whose planted findings are known.

mod estates;
mod findings;
mod money;
mod report;
mod waivers;
