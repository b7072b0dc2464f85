//! Tables on the terminal: plain columns, no colour, no borders.

use comfy_table::{Cell, CellAlignment, Table, presets};
use reberth_model::visible::visible;

/// A table of texts. Columns of numbers and amounts stand at the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    // A name from outside must not move the cursor or make a line of its own.
    let cell =
        |column: usize, text: &str| Cell::new(visible(text)).set_alignment(alignment(rows, column));
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
    fn a_name_can_neither_forge_a_line_nor_move_the_cursor() {
        let hostile = "db\nblockers\n  none\x1b[2J\x1b[1;1H\u{202E}".to_owned();
        let text = table(&["name"], &[vec![hostile]]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains('\x1b') && !text.contains('\u{202E}'));
    }

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
