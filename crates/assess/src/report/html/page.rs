//! The frame of a page: style inside, nothing loaded from anywhere, no script.

use super::element::{Html, element, text};

const STYLE: &str = include_str!("../style.css");

/// A page with this title and body.
pub(in crate::report) fn page(title: &str, body: impl IntoIterator<Item = Html>) -> String {
    let title = text(title);
    let body = element("body", "", body);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n{body}\n</html>\n"
    )
}

/// A page of running text under a heading.
pub(in crate::report) fn document(title: &str, kicker: &str, parts: Vec<Html>) -> String {
    let header = element(
        "header",
        "",
        [
            element("p", "kicker", [text(kicker)]),
            element("h1", "", [text(title)]),
        ],
    );
    page(title, [header, element("main", "document", parts)])
}
