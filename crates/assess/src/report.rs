//! The report that people read: one self-contained HTML file, and the same as Markdown.

mod html;
mod markdown;
mod words;

pub use html::html;
pub use markdown::markdown;
