//! The printed tables.

use comfy_table::{Table, presets};

/// Prints a line of the report.
#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints a table, columns of figures to the right.
pub(crate) fn print(head: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    say(&format!("{table}\n"));
}

/// The median of figures; 0 of none.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}
