//! Progress as people and programs see it: a block that overwrites itself on a terminal, a line for each change of phase in a log, JSON lines.

use std::collections::BTreeMap;

use reberth_replicate::mysql::state::Direction;
use reberth_replicate::progress::Progress;
use serde_json::json;

use crate::output::Output;
use crate::quantity::{bytes, duration_s, rows};

/// Tables shown for a database while it is copied; those that take longest.
const TABLES_SHOWN: usize = 8;

/// What was said already.
#[derive(Debug, Default)]
pub(in crate::commands::replicate) struct Shown {
    phases: BTreeMap<String, String>,
    retries: BTreeMap<String, u64>,
}

impl Shown {
    pub(in crate::commands::replicate) fn show(
        &mut self,
        streams: &[(&str, Direction, Progress)],
        output: &Output,
    ) {
        let mut block = Vec::new();
        for (database, direction, progress) in streams {
            let name = name(database, *direction);
            self.note_phase(&name, progress, output);
            self.note_trouble(&name, progress, output);
            block.push(line(&name, progress));
            block.extend(table_lines(progress));
            output.event(
                "replicating",
                &json!({ "database": database, "direction": direction.word(), "gear": progress.gear(), "progress": progress }),
            );
        }
        output.progress_block(&block);
    }

    fn note_phase(&mut self, name: &str, progress: &Progress, output: &Output) {
        let phase = progress.phase.as_str();
        let before = self.phases.insert(name.to_owned(), phase.to_owned());
        if !phase.is_empty() && before.as_deref() != Some(phase) {
            output.note(format!("{name}: {phase}"));
        }
    }

    fn note_trouble(&mut self, name: &str, progress: &Progress, output: &Output) {
        let before = self.retries.insert(name.to_owned(), progress.retries);
        if let Some(why) = &progress.retrying
            && before != Some(progress.retries)
        {
            output.note(format!("{name}: trying again: {why}"));
        }
    }
}

fn name(database: &str, direction: Direction) -> String {
    match direction {
        Direction::Forward => database.to_owned(),
        Direction::Reverse => format!("{database} (way back)"),
    }
}

/// One line about a stream.
pub(crate) fn line(name: &str, progress: &Progress) -> String {
    let trouble = match (
        &progress.retrying,
        progress
            .spool_warning
            .as_ref()
            .or(progress.source_warning.as_ref()),
        &progress.throttle,
    ) {
        (Some(why), _, _) => format!(", trying again: {why}"),
        (None, Some(warning), _) => format!(", WARNING: {warning}"),
        (None, None, Some(why)) => format!(", slowed: {why}"),
        (None, None, None) => String::new(),
    };
    let what = match progress.phase.as_str() {
        "" => "connecting".to_owned(),
        "waiting" => format!(
            "waiting for {}",
            progress.waits_for.as_deref().unwrap_or("its turn to copy")
        ),
        "paused" => "paused; `reberth replicate resume` lets it go on".to_owned(),
        "copying" => copying(progress),
        _ => format!(
            "{}, {} transactions, {} changes, {}",
            progress.gear().unwrap_or("applying"),
            progress.transactions_applied,
            progress.changes_applied,
            lag(progress)
        ),
    };
    format!("{name}: {what}{trouble}")
}

fn copying(progress: &Progress) -> String {
    let rate = progress
        .bytes_per_s
        .map(|per_s| format!(", {}/s", bytes(per_s)))
        .unwrap_or_default();
    let left = progress
        .left_s
        .map(|left_s| format!(", {} left", duration_s(left_s)))
        .unwrap_or_default();
    format!(
        "copying, {} of about {} rows, {}{rate}, {} of {} chunks{left}",
        rows(progress.rows_copied),
        rows(progress.rows_total),
        bytes(progress.bytes_copied),
        progress.chunks_done,
        progress.chunks
    )
}

fn table_lines(progress: &Progress) -> Vec<String> {
    let mut tables: Vec<_> = progress.tables.iter().collect();
    tables.sort_by_key(|(_, table)| std::cmp::Reverse(table.left_s.unwrap_or_default()));
    let width = tables
        .iter()
        .take(TABLES_SHOWN)
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    let line = |(name, table): &(&String, &reberth_replicate::progress::TableProgress)| {
        let left = table.left_s.map_or_else(|| "?".to_owned(), duration_s);
        let rate = table.rows_per_s.unwrap_or_default();
        format!(
            "  {name:<width$}  {:>7} of about {:>7} rows  {:>7} rows/s  {:>9}  {left} left",
            rows(table.rows),
            rows(table.rows_total),
            rows(rate),
            bytes(table.bytes)
        )
    };
    tables.iter().take(TABLES_SHOWN).map(line).collect()
}

/// How far behind, in words.
pub(super) fn lag(progress: &Progress) -> String {
    match (progress.lag_ms, progress.lag_bytes) {
        (Some(lag_ms), Some(lag_bytes)) => format!("{lag_ms} ms, {} behind", bytes(lag_bytes)),
        (Some(lag_ms), None) => format!("{lag_ms} ms behind"),
        (None, Some(lag_bytes)) => format!("{} behind", bytes(lag_bytes)),
        (None, None) => "lag not measured yet".to_owned(),
    }
}
