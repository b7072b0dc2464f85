//! Judges the recorded estates of both customers, whose planted findings are known.

mod estates;
mod findings;
mod money;
mod platform;
mod report;
mod waivers;
