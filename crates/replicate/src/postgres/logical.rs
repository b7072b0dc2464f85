//! Following a source by logical decoding: a slot keeps the log, the server decodes it, the changes of many transactions become one step.

pub(crate) mod apply;
pub(crate) mod backlog;
pub mod bag;
pub(crate) mod change;
pub mod decode;
pub mod fold;
pub(crate) mod follow;
pub(crate) mod gather;
pub(crate) mod literal;
pub mod old_rows;
mod one_row;
mod ordered;
pub(crate) mod reader;
mod relations;
pub(crate) mod room;
pub mod slot;
mod streamed;
mod waiting;
pub(crate) mod write;
