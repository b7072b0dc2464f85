//! The generic tests that every kind of run must pass.
//!
//! A crate with a run describes it once as a [`Scenario`] and calls [`check_every`] from one test. Each check runs the
//! scenario on a fresh world and a fresh journal file, disturbs it in one way, lets a new engine go on, and compares
//! the world with what it must be:
//!
//! - every step twice, and the whole run twice;
//! - the process killed before and after each append, on the way forward and on the way back;
//! - each step failing once, and failing for good, in each phase;
//! - each undo failing once, and failing for good;
//! - a cancel during each step;
//! - the run resumed by a newer binary with other steps.
//!
//! A check panics with what was disturbed and how the worlds differ; it belongs in tests only.

mod checks;
mod disturbance;
mod drive;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{Thread, current, park};

use serde_json::Value;

use crate::step::{BoxFuture, Step};

pub use checks::{
    check_cancel_at_each_step, check_each_step_twice, check_every, check_failure_at_each_step,
    check_failure_of_each_undo, check_kill_at_each_append, check_newer_binary,
};
pub use drive::{Patience, ScratchJournal};

/// A run with a world that can be looked at.
///
/// One value stands for one world. The factory given to a check makes a new world each time, all in the same state.
pub trait Scenario {
    /// What the steps work on.
    type Context: Send;

    /// The kind of the run.
    fn kind(&self) -> &str;

    /// The steps, as a newly started process makes them.
    fn steps(&self) -> Vec<Box<dyn Step<Self::Context>>>;

    /// A new handle on this world, as a newly started process opens it.
    fn context(&self) -> Self::Context;

    /// The world as it is now, in a form that can be compared. Leave out what may differ from run to run.
    fn world(&self) -> Value;

    /// Each change that was made to this world, in order.
    fn effects(&self) -> Vec<String>;
}

/// Runs a future to its end: the test's executor, such as `&|future| runtime.block_on(future)`.
pub type BlockOn<'e> = &'e dyn for<'f> Fn(BoxFuture<'f, ()>);

/// An executor for scenarios that need none of their own.
pub fn block_on(future: BoxFuture<'_, ()>) {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut context = Context::from_waker(&waker);
    while future.as_mut().poll(&mut context).is_pending() {
        park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
