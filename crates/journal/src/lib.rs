//! The journal and the run engine: what Reberth did, in order, and how it goes on after it died.
//!
//! # The journal
//!
//! A [`Journal`] is one SQLite file of append-only [`Event`]s. Each event carries the hash of the one before, so
//! [`Journal::audit_verify`] can show that none was changed, removed or reordered. Nothing else is stored about a
//! run: its [`RunHistory`] is the replay of its events through one total transition function.
//!
//! # The engine
//!
//! [`Engine`] carries out a list of [`Step`]s. It appends before and after each act, and takes every decision from
//! the replayed journal alone, so a process that died anywhere is followed by one that decides the same:
//!
//! ```text
//! step_started -> observe -> act_started -> act -> verify -> step_done
//!                    |-> step_observed (already so), step_not_built, step_not_applicable
//!                    '-> step_failed -> again, or unwind_started -> undo_started -> undo_done ... -> run_undone
//! ```
//!
//! # Invariants
//!
//! - The engine knows no executor: the caller polls its futures and gives it a [`Timer`].
//! - One process at a time leads a run: it holds the run's [`Lease`]. Anyone may read, approve and ask to cancel.
//! - A secret value is never part of an event: payloads and error texts hold names and references only.

mod approval;
mod audit;
mod clock;
mod engine;
mod error;
mod event;
mod history;
mod lease;
mod next_move;
mod state;
mod step;
mod store;
pub mod testing;
mod unwind;

pub use approval::Approval;
pub use audit::{AuditBreak, AuditFinding, AuditHead};
pub use clock::Clock;
pub use engine::{Engine, Outcome, Timer};
pub use error::{JournalError, StepListProblem};
pub use event::{Event, EventKind, RunId};
pub use history::{RunHistory, StepRecord, StepStatus};
pub use lease::Lease;
pub use state::{RunState, UnwindCause};
pub use step::{
    BoxFuture, Evidence, Observation, Policy, Retry, Reversibility, Step, StepError, Undo,
};
pub use store::{AppendHook, Journal, Killed, RunSummary};
