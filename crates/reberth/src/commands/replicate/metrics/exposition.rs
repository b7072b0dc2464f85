//! The page: families of values, written out.

use std::fmt::Write;

use reberth_replicate::progress::Progress;

/// Phases of a stream, each a value of its own that is 1 for the present one.
const PHASES: [&str; 8] = [
    "connecting",
    "waiting",
    "copying",
    "completing",
    "copied",
    "replaying",
    "following",
    "paused",
];

/// One family of values: name, what it tells, `counter` or `gauge`, and how it is read.
type Family = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Progress) -> Option<f64>,
);

const FAMILIES: [Family; 22] = [
    (
        "reberth_replication_lag_seconds",
        "How long ago the position now applied was the end of the source's log. Missing while it is not known.",
        "gauge",
        |p| p.lag_ms.map(|ms| ms as f64 / 1e3),
    ),
    (
        "reberth_replication_lag_bytes",
        "Bytes of the source's log that are not applied yet. Missing while it is not known.",
        "gauge",
        |p| p.lag_bytes.map(|bytes| bytes as f64),
    ),
    (
        "reberth_replication_caught_up",
        "1 while the target is consistent and less than a second behind.",
        "gauge",
        |p| Some(f64::from(u8::from(p.is_caught_up()))),
    ),
    (
        "reberth_copy_rows_total",
        "Rows copied so far.",
        "counter",
        |p| Some(p.rows_copied as f64),
    ),
    (
        "reberth_copy_bytes_total",
        "Bytes copied so far, as they passed through.",
        "counter",
        |p| Some(p.bytes_copied as f64),
    ),
    (
        "reberth_copy_expected_rows",
        "Rows to copy, by the source's own estimate.",
        "gauge",
        |p| Some(p.rows_total as f64),
    ),
    (
        "reberth_copy_expected_bytes",
        "Bytes to copy, by the source's own estimate of its tables.",
        "gauge",
        |p| Some(p.bytes_total as f64),
    ),
    ("reberth_copy_chunks", "Chunks to copy.", "gauge", |p| {
        Some(p.chunks as f64)
    }),
    (
        "reberth_copy_chunks_done_total",
        "Chunks on the target.",
        "counter",
        |p| Some(p.chunks_done as f64),
    ),
    (
        "reberth_copy_remaining_seconds",
        "Time until the copy ends if it goes on as lately. Missing while it is not known.",
        "gauge",
        |p| p.left_s.map(|s| s as f64),
    ),
    (
        "reberth_copy_throttled",
        "1 while the copy is slowed for the source's sake.",
        "gauge",
        |p| Some(f64::from(u8::from(p.throttle.is_some()))),
    ),
    (
        "reberth_apply_transactions_total",
        "Transactions of the source applied by this process.",
        "counter",
        |p| Some(p.transactions_applied as f64),
    ),
    (
        "reberth_apply_changes_total",
        "Row changes applied by this process.",
        "counter",
        |p| Some(p.changes_applied as f64),
    ),
    (
        "reberth_spool_bytes",
        "Bytes of the source's log that wait in the spool on disk.",
        "gauge",
        |p| Some(p.spool_bytes as f64),
    ),
    (
        "reberth_spool_stopped",
        "1 while the spool takes no more of the source's log, because it or its disk is full; of PostgreSQL, since a transaction in progress could not be kept there.",
        "gauge",
        |p| Some(f64::from(u8::from(p.spool_warning.is_some()))),
    ),
    (
        "reberth_source_kept_bytes",
        "Bytes that the source keeps for the stream: log behind a replication slot, or noted keys. Missing while it is not known.",
        "gauge",
        |p| p.kept_bytes.map(|bytes| bytes as f64),
    ),
    (
        "reberth_source_kept_limit_bytes",
        "The size at which the source lets go of what it keeps, and the stream is lost. Missing where it sets no limit.",
        "gauge",
        |p| p.kept_bytes_most.map(|bytes| bytes as f64),
    ),
    (
        "reberth_retries_total",
        "Times that something was tried again after a passing error.",
        "counter",
        |p| Some(p.retries as f64),
    ),
    (
        "reberth_retrying",
        "1 while something is being tried again after a passing error.",
        "gauge",
        |p| Some(f64::from(u8::from(p.retrying.is_some()))),
    ),
    (
        "reberth_epoch",
        "Epoch under which this process writes.",
        "gauge",
        |p| Some(p.epoch as f64),
    ),
    (
        "reberth_source_log_file_number",
        "Number of the source's log file that is being applied.",
        "gauge",
        |p| {
            p.applied
                .as_ref()
                .and_then(|at| at.file().rsplit('.').next()?.parse().ok())
        },
    ),
    (
        "reberth_source_log_offset_bytes",
        "Offset in the source's log file up to which everything is applied.",
        "gauge",
        |p| p.applied.as_ref().map(|at| at.offset() as f64),
    ),
];

/// A stream, as its values are labelled.
pub(super) struct Stream<'a> {
    pub(super) database: &'a str,
    pub(super) direction: &'static str,
    pub(super) engine: &'static str,
    pub(super) progress: &'a Progress,
}

/// The page for some streams.
pub(super) fn page(streams: &[Stream<'_>]) -> String {
    let mut page = String::new();
    build_info(&mut page);
    phases(&mut page, streams);
    for (name, help, kind, read) in FAMILIES {
        let values: Vec<_> = streams
            .iter()
            .filter_map(|stream| Some((labels(stream), read(stream.progress)?)))
            .collect();
        family(&mut page, name, help, kind, &values);
    }
    tables(&mut page, streams);
    page
}

fn build_info(page: &mut String) {
    let labels = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    family(
        page,
        "reberth_build_info",
        "The version of this process; always 1.",
        "gauge",
        &[(labels, 1.0)],
    );
}

fn phases(page: &mut String, streams: &[Stream<'_>]) {
    let mut values = Vec::new();
    for stream in streams {
        let present = match stream.progress.phase.as_str() {
            "" => "connecting",
            phase => phase,
        };
        for phase in PHASES {
            let labels = format!("{},phase=\"{phase}\"", labels(stream));
            values.push((labels, f64::from(u8::from(phase == present))));
        }
    }
    family(
        page,
        "reberth_replication_phase",
        "1 for the phase that the stream is in.",
        "gauge",
        &values,
    );
}

fn tables(page: &mut String, streams: &[Stream<'_>]) {
    let (mut rows, mut left) = (Vec::new(), Vec::new());
    for stream in streams {
        for (table, copied) in &stream.progress.tables {
            let labels = format!("{},table=\"{}\"", labels(stream), escape(table));
            left.extend(copied.left_s.map(|s| (labels.clone(), s as f64)));
            rows.push((labels, copied.rows as f64));
        }
    }
    family(
        page,
        "reberth_copy_table_rows",
        "Rows on the target, of the tables that are being copied.",
        "gauge",
        &rows,
    );
    family(
        page,
        "reberth_copy_table_remaining_seconds",
        "Time until the table is copied if it goes on as lately.",
        "gauge",
        &left,
    );
}

fn labels(stream: &Stream<'_>) -> String {
    format!(
        "database=\"{}\",direction=\"{}\",engine=\"{}\"",
        escape(stream.database),
        stream.direction,
        stream.engine
    )
}

fn family(page: &mut String, name: &str, help: &str, kind: &str, values: &[(String, f64)]) {
    if values.is_empty() {
        return;
    }
    // Writing into a String cannot fail.
    let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    for (labels, value) in values {
        let _ = writeln!(page, "{name}{{{labels}}} {value}");
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_missing_and_labels_are_escaped() {
        let progress = Progress {
            phase: "copying".to_owned(),
            rows_copied: 7,
            ..Progress::default()
        };
        let page = page(&[Stream {
            database: "a\"b\\c\nd",
            direction: "forward",
            engine: "mysql",
            progress: &progress,
        }]);
        assert!(
            page.contains(
                "reberth_copy_rows_total{database=\"a\\\"b\\\\c\\nd\",direction=\"forward\",engine=\"mysql\"} 7\n"
            ),
            "{page}"
        );
        assert!(
            page.contains("phase=\"copying\"} 1\n") && page.contains("phase=\"paused\"} 0\n"),
            "{page}"
        );
        assert!(!page.contains("lag_seconds"), "{page}");
    }
}
