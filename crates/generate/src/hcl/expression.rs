//! Values on the right of an equals sign.

use super::Comment;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A text that means itself: template marks in it are escaped.
    Text(String),
    /// A quoted text with `${…}` in it.
    Template(String),
    /// Any other expression on one line: a reference, a function call, a condition, a type.
    Code(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(u64),
    /// `[…]`.
    List(Vec<Expression>),
    /// `{…}`, always over several lines unless empty.
    Object(Vec<Entry>),
    /// `{ … }` on one line.
    Inline(Vec<Entry>),
    /// A call around a longer value: what opens it, such as `map(object(`, and the value.
    Call(String, Box<Expression>),
}

/// One entry of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// A comment above it.
    pub comment: Option<Comment>,
    /// Its key; quoted when it is no identifier.
    pub key: String,
    /// Its value.
    pub value: Expression,
}

/// An expression on one line, as it is.
pub fn code(text: impl Into<String>) -> Expression {
    Expression::Code(text.into())
}

/// A quoted text with `${…}` in it.
pub fn template(text: impl Into<String>) -> Expression {
    Expression::Template(text.into())
}

/// A call around a longer value; `open` ends with the brackets that are closed after it.
pub fn call(open: &str, value: Expression) -> Expression {
    Expression::Call(open.to_owned(), Box::new(value))
}

/// A list.
pub fn list<T: Into<Expression>>(items: impl IntoIterator<Item = T>) -> Expression {
    Expression::List(items.into_iter().map(Into::into).collect())
}

/// An object of keys and values.
pub fn object<K: Into<String>, V: Into<Expression>>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> Expression {
    Expression::Object(entries.into_iter().map(Entry::from).collect())
}

/// A short object on one line, of values that take one line each.
pub fn inline<K: Into<String>, V: Into<Expression>>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> Expression {
    Expression::Inline(entries.into_iter().map(Entry::from).collect())
}

impl<K: Into<String>, V: Into<Expression>> From<(K, V)> for Entry {
    fn from((key, value): (K, V)) -> Entry {
        Entry {
            comment: None,
            key: key.into(),
            value: value.into(),
        }
    }
}

impl Entry {
    /// An entry under a comment.
    pub fn commented(
        comment: impl Into<Comment>,
        key: &str,
        value: impl Into<Expression>,
    ) -> Entry {
        Entry {
            comment: Some(comment.into()),
            key: key.to_owned(),
            value: value.into(),
        }
    }
}

impl From<&str> for Expression {
    fn from(text: &str) -> Expression {
        Expression::Text(text.to_owned())
    }
}

impl From<&String> for Expression {
    fn from(text: &String) -> Expression {
        Expression::Text(text.clone())
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Expression {
        Expression::Text(text)
    }
}

impl From<bool> for Expression {
    fn from(value: bool) -> Expression {
        Expression::Bool(value)
    }
}

impl From<u32> for Expression {
    fn from(value: u32) -> Expression {
        Expression::Number(value.into())
    }
}

impl From<u64> for Expression {
    fn from(value: u64) -> Expression {
        Expression::Number(value)
    }
}
