//! HTML that can only be built escaped: a string from outside becomes [`Html`] through [`text`] and no other way.

use std::fmt;

use reberth_model::visible::visible;

/// A piece of well-formed HTML.
pub(in crate::report) struct Html(String);

impl Html {
    /// A drawing, built by the module `svg` from numbers of ours and escaped texts.
    pub(super) fn of_svg(markup: String) -> Html {
        Html(markup)
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text, with everything that means something in HTML escaped, and nothing in it that turns the direction of writing.
pub(in crate::report) fn text(plain: &str) -> Html {
    let mut escaped = String::with_capacity(plain.len());
    for character in visible(plain).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Html(escaped)
}

/// An element. Tag and class are ours, never from outside.
pub(in crate::report) fn element(
    tag: &'static str,
    class: &'static str,
    children: impl IntoIterator<Item = Html>,
) -> Html {
    let inner: String = children.into_iter().map(|child| child.0).collect();
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    Html(format!("<{tag}{class}>{inner}</{tag}>"))
}

/// A section of the page with its heading.
pub(super) fn section(anchor: &'static str, title: &'static str, body: Vec<Html>) -> Html {
    let inner: String = body.into_iter().map(|child| child.0).collect();
    Html(format!(
        "\n<section id=\"{anchor}\">\n<h2>{}</h2>\n{inner}\n</section>\n",
        text(title)
    ))
}

/// A link to a section of this page.
pub(super) fn link(anchor: &'static str, title: &'static str) -> Html {
    Html(format!("<a href=\"#{anchor}\">{}</a>", text(title)))
}

/// A paragraph of text.
pub(in crate::report) fn paragraph(plain: &str) -> Html {
    element("p", "", [text(plain)])
}

/// A label with a symbol before its word.
pub(super) fn label(class: &'static str, symbol: &str, word: &str) -> Html {
    element("span", class, [text(&format!("{symbol} {word}"))])
}

/// A table; a head that begins with `#` is a column of numbers.
pub(in crate::report) fn table(
    heads: &[&'static str],
    rows: impl IntoIterator<Item = Vec<Html>>,
) -> Html {
    let class = |column: usize| {
        if heads.get(column).is_some_and(|head| head.starts_with('#')) {
            "number"
        } else {
            ""
        }
    };
    let cells = |tag: &'static str, cells: Vec<Html>| {
        let cells = cells
            .into_iter()
            .enumerate()
            .map(|(column, cell)| element(tag, class(column), [cell]));
        element("tr", "", cells)
    };
    let head = cells(
        "th",
        heads
            .iter()
            .map(|head| text(head.trim_start_matches('#')))
            .collect(),
    );
    let body = rows.into_iter().map(|row| cells("td", row));
    let table = element(
        "table",
        "",
        [element("thead", "", [head]), element("tbody", "", body)],
    );
    element("div", "table", [table])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(
            element("p", "", [text("<img onerror='x'>&\"")]).to_string(),
            "<p>&lt;img onerror=&#39;x&#39;&gt;&amp;&quot;</p>"
        );
    }
}
