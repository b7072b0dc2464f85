//! Provisioning: Terraform or OpenTofu per root, with the plan held against rules and shown before a person approves exactly it.
//!
//! ```text
//! plan   init -> plan -> show -> changeset, rules -> kept under its hash
//! apply  approval of that hash -> is all as it was? -> apply -> a second plan is empty -> plan file removed
//! drift  plan -refresh-only -> what was changed since
//! ```
//!
//! A root is planned on what is there, so roots behind one whose outputs are about to change wait for it: a plan against outputs that do
//! not exist yet would be a guess. One that only takes things out goes the other way: the roots behind it come first, since they may use
//! what goes. Each root is a gate of its own: planned, read by a person, applied, proven.
//!
//! A failed apply is not undone and not repeated. It leaves a state, the next plan says what is left, and a person approves that.

mod account;
mod apply;
mod bootstrap;
mod changeset;
mod drift;
mod error;
mod lock;
mod message;
mod plan;
mod plan_document;
mod risk;
mod root;
mod rules;
mod run;
mod site;
mod state_mark;
mod store;
mod tool;

pub use apply::{Applying, ApprovedPlan, Moment, Watcher};
pub use changeset::{AttributeChange, Change, Changeset, Verb};
pub use drift::{Drift, drift};
pub use error::ProvisionError;
pub use lock::LockHolder;
pub use message::{Diagnostic, Message};
pub use plan::{Planned, plan};
pub use risk::{Level, Risk};
pub use root::{Root, roots};
pub use rules::{Finding, PlanWaiver, RULES, Rule, Standing, Surroundings};
pub use run::{Clockwork, PROVISION, steps};
pub use site::Site;
pub use state_mark::StateMark;
pub use store::PlanRecord;
pub use tool::Tool;
