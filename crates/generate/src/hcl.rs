//! A typed tree of Terraform's language, and the printer that writes it as `terraform fmt` would.
//!
//! Generated files are built as trees and never as text, so that the tests can walk what is written: every
//! argument against the provider's schema, every reference against what is declared.

mod expression;
mod print;

pub use expression::{Entry, Expression, call, code, inline, list, object, template};

/// The content of a file or of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    items: Vec<Item>,
}

/// One item of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `name = value`.
    Attribute(String, Expression),
    /// A nested block.
    Block(Block),
    /// A comment on lines of its own; it belongs to the item after it.
    Comment(Comment),
    /// A blank line between groups of attributes.
    Gap,
}

/// A comment of one or more paragraphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment(Vec<String>);

impl Comment {
    /// Its paragraphs; each starts on a line of its own.
    pub fn paragraphs(&self) -> &[String] {
        &self.0
    }
}

impl From<&str> for Comment {
    fn from(text: &str) -> Comment {
        Comment(vec![text.to_owned()])
    }
}

impl From<String> for Comment {
    fn from(text: String) -> Comment {
        Comment(vec![text])
    }
}

impl From<Vec<String>> for Comment {
    fn from(paragraphs: Vec<String>) -> Comment {
        Comment(paragraphs)
    }
}

/// A block: `resource "aws_vpc" "this" { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    kind: String,
    labels: Vec<String>,
    body: Body,
}

impl Body {
    /// An empty body.
    pub fn new() -> Body {
        Body::default()
    }

    /// Its items in order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Its blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(|item| match item {
            Item::Block(block) => Some(block),
            _ => None,
        })
    }

    /// Its attributes in order.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Expression)> {
        self.items.iter().filter_map(|item| match item {
            Item::Attribute(name, value) => Some((name.as_str(), value)),
            _ => None,
        })
    }

    /// Adds `name = value`.
    pub fn set(mut self, name: &str, value: impl Into<Expression>) -> Body {
        self.items
            .push(Item::Attribute(name.to_owned(), value.into()));
        self
    }

    /// Adds a block.
    pub fn block(mut self, block: Block) -> Body {
        self.items.push(Item::Block(block));
        self
    }

    /// Adds a block under a comment.
    pub fn commented(mut self, comment: impl Into<Comment>, block: Block) -> Body {
        self.items.push(Item::Comment(comment.into()));
        self.block(block)
    }
}

/// A block of that kind with those labels.
pub fn block(kind: &str, labels: &[&str]) -> Block {
    Block {
        kind: kind.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        body: Body::default(),
    }
}

impl Block {
    /// `resource`, `data`, `dynamic`, `lifecycle`, …
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its labels in order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Its content.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Adds `name = value`.
    pub fn set(mut self, name: &str, value: impl Into<Expression>) -> Block {
        let item = Item::Attribute(name.to_owned(), value.into());
        self.body.items.push(item);
        self
    }

    /// Adds `name = value` when there is a value.
    pub fn set_some<T: Into<Expression>>(self, name: &str, value: Option<T>) -> Block {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Adds a blank line, which parts groups of attributes.
    pub fn gap(mut self) -> Block {
        self.body.items.push(Item::Gap);
        self
    }

    /// Adds a comment before the next item.
    pub fn comment(mut self, text: impl Into<Comment>) -> Block {
        self.body.items.push(Item::Comment(text.into()));
        self
    }

    /// Adds a nested block.
    pub fn nest(mut self, block: Block) -> Block {
        self.body.items.push(Item::Block(block));
        self
    }

    /// Adds nested blocks.
    pub fn nest_all(self, blocks: impl IntoIterator<Item = Block>) -> Block {
        blocks.into_iter().fold(self, Block::nest)
    }
}
