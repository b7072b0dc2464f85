//! Tables on the terminal: plain columns, no colour, no borders.

use comfy_table::{Cell, CellAlignment, Table, presets};

/// A table of texts. Columns of numbers and amounts stand at the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |column: usize, text: &str| Cell::new(text).set_alignment(alignment(rows, column));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(
        header
            .iter()
            .enumerate()
            .map(|(column, text)| cell(column, text)),
    );
    table.add_rows(rows.iter().map(|row| {
        row.iter()
            .enumerate()
            .map(|(column, text)| cell(column, text))
            .collect::<Vec<_>>()
    }));
    table.trim_fmt()
}

fn alignment(rows: &[Vec<String>], column: usize) -> CellAlignment {
    let is_number = |text: &String| text.trim_start_matches('$').parse::<f64>().is_ok();
    let is_numeric = rows
        .iter()
        .all(|row| row.get(column).is_some_and(is_number));
    if is_numeric {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_the_right() {
        let row = |kind: &str, found: &str| vec![kind.to_owned(), found.to_owned()];
        let text = table(
            &["kind", "found"],
            &[row("server", "11"), row("cache", "2")],
        );
        assert_eq!(text, " kind    found\n server     11\n cache       2");
    }
}
