//! Where words go: data to standard output, everything else to standard error.
//!
//! With `--json` the data is one JSON document, and progress and failures are JSON lines on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reberth_model::visible::visible_lines;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Puts the cursor at the start of the line and clears it.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// Clears from the cursor to the end of the screen.
const CLEAR_BELOW: &str = "\r\x1b[J";
/// Long lines are cut instead of wrapped, or not any more.
const WRAP_OFF: &str = "\x1b[?7l";
const WRAP_ON: &str = "\x1b[?7h";
/// Lines of a block that are shown at the most, so that it fits on a small terminal: the cursor cannot go up past its top.
const BLOCK_LINES: usize = 20;

/// The printer that every command is given.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
    verbose: bool,
    is_terminal: bool,
    /// Lines of the block that stands on the terminal.
    block_lines: Arc<AtomicUsize>,
}

impl Output {
    /// A printer for this process.
    pub(crate) fn new(json: bool, verbose: bool) -> Output {
        Output {
            json,
            verbose,
            is_terminal: io::stderr().is_terminal(),
            block_lines: Arc::default(),
        }
    }

    /// The result of a command: `text` for people, or `document` with `--json`.
    pub(crate) fn report(
        &self,
        text: impl Display,
        document: &impl Serialize,
    ) -> Result<(), Failure> {
        if self.json {
            return self.document(document);
        }
        self.clear_progress();
        to_stdout(&visible_lines(&format!("{text}\n")))
    }

    /// A JSON document on standard output, with or without `--json`.
    pub(crate) fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::io("the report could not be serialised", error.into()))?;
        to_stdout(&format!("{text}\n"))
    }

    /// A remark for people.
    pub(crate) fn note(&self, text: impl Display) {
        if self.json {
            self.event("note", &json!({ "text": text.to_string() }));
        } else {
            self.clear_progress();
            to_stderr(&visible_lines(&format!("{text}\n")));
        }
    }

    /// Something passing: one line that overwrites itself on a terminal, an event with `--json`, every line with `-v`,
    /// nothing in a log.
    pub(crate) fn progress(&self, text: impl Display) {
        if self.json {
            self.event("progress", &json!({ "text": text.to_string() }));
        } else if self.verbose {
            to_stderr(&format!("{text}\n"));
        } else if self.is_terminal {
            to_stderr(&format!("{CLEAR_LINE}{text}"));
        }
    }

    /// Several lines that overwrite themselves on a terminal, as [`Output::progress`] does with one; the terminal cuts those that are too long.
    pub(crate) fn progress_block(&self, lines: &[String]) {
        if self.json || (!self.verbose && !self.is_terminal) {
            return;
        }
        if self.verbose {
            return lines
                .iter()
                .for_each(|line| to_stderr(&format!("{line}\n")));
        }
        let shown = &lines[..lines.len().min(BLOCK_LINES)];
        let text: String = shown.iter().map(|line| format!("{line}\n")).collect();
        self.clear_progress();
        to_stderr(&format!("{WRAP_OFF}{text}{WRAP_ON}"));
        self.block_lines.store(shown.len(), Ordering::Relaxed);
    }

    /// One JSON line on standard error, when JSON is asked for.
    pub(crate) fn event(&self, name: &str, fields: &Value) {
        if self.json {
            to_stderr(&format!("{}\n", json!({ "event": name, "fields": fields })));
        }
    }

    /// Why the command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            to_stderr(&format!("{}\n", failure.to_json()));
        } else {
            self.clear_progress();
            to_stderr(&format!("{failure}\n"));
        }
    }

    fn clear_progress(&self) {
        if !self.is_terminal || self.verbose {
            return;
        }
        match self.block_lines.swap(0, Ordering::Relaxed) {
            0 => to_stderr(CLEAR_LINE),
            lines => to_stderr(&format!("\x1b[{lines}A{CLEAR_BELOW}")),
        }
    }
}

/// A reader that has seen enough (`| head`) is no failure; a full disk behind a redirection is.
fn to_stdout(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::io("standard output could not be written", error))
        }
        _ => Ok(()),
    }
}

/// There is nowhere left to report that standard error is gone.
fn to_stderr(text: &str) {
    io::stderr().lock().write_all(text.as_bytes()).ok();
}
