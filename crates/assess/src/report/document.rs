//! A document that is written once and shown twice: as Markdown and as HTML. What is text in one is text in the other.

use super::html::element::{self, Html};
use super::markdown;

/// A part of a document, in its order.
pub(super) enum Block {
    /// A heading of the second level.
    Heading(&'static str),
    /// A heading of the third level.
    Subheading(String),
    /// Running text.
    Paragraph(String),
    /// A list without order.
    List(Vec<String>),
    /// A table with its heads.
    Table(&'static [&'static str], Vec<Vec<String>>),
}

/// The document as Markdown.
pub(super) fn to_markdown(title: &str, blocks: &[Block]) -> String {
    let parts: Vec<String> = blocks.iter().map(block_to_markdown).collect();
    format!("# {}\n\n{}", markdown::text(title), parts.join("\n"))
}

fn block_to_markdown(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("## {text}\n"),
        Block::Subheading(text) => format!("### {}\n", markdown::text(text)),
        Block::Paragraph(text) => format!("{}\n", markdown::text(text)),
        Block::List(items) => {
            let line = |item: &String| format!("- {}\n", markdown::text(item));
            items.iter().map(line).collect()
        }
        Block::Table(heads, rows) => {
            let row = |row: &Vec<String>| row.iter().map(|cell| markdown::text(cell)).collect();
            let heads: Vec<&str> = heads
                .iter()
                .map(|head| head.trim_start_matches('#'))
                .collect();
            markdown::table(&heads, rows.iter().map(row))
        }
    }
}

/// The document as the parts of an HTML page.
pub(super) fn to_html(blocks: &[Block]) -> Vec<Html> {
    blocks.iter().map(block_to_html).collect()
}

fn block_to_html(block: &Block) -> Html {
    let text = element::text;
    match block {
        Block::Heading(words) => element::element("h2", "", [text(words)]),
        Block::Subheading(words) => element::element("h3", "", [text(words)]),
        Block::Paragraph(words) => element::paragraph(words),
        Block::List(items) => {
            let items = items
                .iter()
                .map(|item| element::element("li", "", [text(item)]));
            element::element("ul", "", items)
        }
        Block::Table(heads, rows) => {
            let rows = rows
                .iter()
                .map(|row| row.iter().map(|cell| text(cell)).collect());
            element::table(heads, rows)
        }
    }
}
