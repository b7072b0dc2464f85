//! Pieces of HTML. Whatever is not markup is escaped here.

/// A text that cannot be read as markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A section with its heading.
pub(super) fn section(anchor: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{anchor}\">\n<h2>{}</h2>\n{body}</section>\n",
        escaped(title)
    )
}

/// A heading within a section.
pub(super) fn heading(title: &str) -> String {
    format!("<h3>{}</h3>\n", escaped(title))
}

/// A paragraph that explains.
pub(super) fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", escaped(text))
}

/// One cell of a table.
pub(super) enum Cell {
    /// Plain words.
    Text(String),
    /// A name, a block, an id.
    Code(String),
    /// A number.
    Number(String),
}

impl Cell {
    /// Plain words.
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A name, a block, an id.
    pub(super) fn code(text: impl Into<String>) -> Cell {
        Cell::Code(text.into())
    }

    /// A number.
    pub(super) fn number(number: impl ToString) -> Cell {
        Cell::Number(number.to_string())
    }

    fn markup(&self) -> String {
        match self {
            Cell::Text(text) => format!("<td>{}</td>", escaped(text)),
            Cell::Code(text) => format!("<td><code>{}</code></td>", escaped(text)),
            Cell::Number(text) => format!("<td class=\"number\">{}</td>", escaped(text)),
        }
    }
}

/// A table; a sentence in its place when there is no row.
pub(super) fn table(header: &[&str], rows: &[Vec<Cell>], empty: &str) -> String {
    if rows.is_empty() {
        return note(empty);
    }
    let header: String = header
        .iter()
        .enumerate()
        .map(|(index, title)| {
            let is_number = rows
                .iter()
                .all(|row| matches!(row.get(index), Some(Cell::Number(_))));
            let class = if is_number { " class=\"number\"" } else { "" };
            format!("<th{class}>{}</th>", escaped(title))
        })
        .collect();
    let rows: String = rows
        .iter()
        .map(|row| {
            let cells: String = row.iter().map(Cell::markup).collect();
            format!("<tr>{cells}</tr>\n")
        })
        .collect();
    format!(
        "<div class=\"table\"><table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let row = vec![Cell::text("<script>"), Cell::code("\"'&")];
        let html = table(&["a", "b"], &[row], "none");
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("&quot;&#39;&amp;"), "{html}");
    }
}
