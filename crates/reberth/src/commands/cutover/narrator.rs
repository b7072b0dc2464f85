//! Tells a run while it goes on.

use std::sync::Mutex;
use std::time::Instant;

use reberth_journal::{AppendHook, Event, Killed};

use crate::output::Output;

/// Tells each state as it is left, with how long it took.
pub(super) struct Narrator {
    output: Output,
    began: Mutex<Instant>,
}

impl Narrator {
    pub(super) fn new(output: Output) -> Narrator {
        Narrator {
            output,
            began: Mutex::new(Instant::now()),
        }
    }
}

impl AppendHook for Narrator {
    fn after(&self, event: &Event) -> Result<(), Killed> {
        let Some(step) = &event.step else {
            return Ok(());
        };
        let mut began = self
            .began
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let took_ms = began.elapsed().as_millis();
        let line = match event.kind.as_str() {
            "step_started" | "undo_started" => {
                *began = Instant::now();
                self.output.progress(format!("  …  {step}"));
                return Ok(());
            }
            "step_done" => format!("  ok {step:<24} {took_ms:>6} ms"),
            "step_observed" => format!("  ok {step:<24} already so"),
            "step_not_built" => format!("  -- {step:<24} not built"),
            "step_not_applicable" => format!("  -- {step:<24} not applicable"),
            "step_failed" => format!("  XX {step:<24} failed after {took_ms} ms"),
            "undo_done" => format!("  <- {step:<24} undone"),
            _ => return Ok(()),
        };
        self.output.note(line);
        Ok(())
    }
}
