//! Items of the API's lists, understood or at least named.

use serde::Deserialize;
use serde_json::Value;

/// An item of a list: understood, or at least named.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Item<T> {
    Known(T),
    Unreadable(Stub),
}

/// The little that is kept of an item whose form is not understood.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stub {
    id: Option<Value>,
    uuid: Option<Value>,
    name: Option<Value>,
}

/// How an item is told from its neighbours.
pub(crate) trait Identified {
    /// The provider's stable identifier; empty when it has none.
    fn id(&self) -> String;
}

impl Identified for Stub {
    fn id(&self) -> String {
        let known = self
            .id
            .as_ref()
            .or(self.uuid.as_ref())
            .or(self.name.as_ref());
        match known {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

impl<T: Identified> Identified for Item<T> {
    fn id(&self) -> String {
        match self {
            Item::Known(item) => item.id(),
            Item::Unreadable(stub) => stub.id(),
        }
    }
}
