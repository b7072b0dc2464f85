//! The report that people read: one self-contained HTML file, the same as Markdown, a scope of work to sign, and the estate as a table.

mod document;
mod estate_csv;
mod how_it_moves;
mod html;
mod inside;
mod markdown;
mod schedule;
mod scope_of_work;
mod words;

pub use estate_csv::estate_csv;
pub use html::html;
pub use markdown::markdown;
pub use scope_of_work::{scope_of_work_html, scope_of_work_markdown};
