//! The envelope of the API's lists: `{"<key>": [...], "links": {...}, "meta": {"total": n}}`.
//!
//! The key differs from list to list, `links` and `meta` may be absent. Whatever else stands in the answer is stepped over
//! without being kept.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

use crate::item::Item;

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// `links.pages.next` as it stands there.
    pub(super) next: Option<String>,
    /// `meta.total`.
    pub(super) total: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Links {
    pages: Option<Pages>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pages {
    next: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    total: Option<u64>,
}

/// Reads a [`Page`] whose items stand under `key` and are each read by `item`.
pub(super) fn parse_page<S, T>(bytes: &[u8], key: &str, item: &S) -> serde_json::Result<Page<T>>
where
    S: Clone + for<'de> DeserializeSeed<'de, Value = T>,
{
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let page = PageSeed { key, item }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(page)
}

/// Reads the one value under `key` of an object, with `value`.
pub(super) fn parse_field<S, T>(bytes: &[u8], key: &str, value: &S) -> serde_json::Result<T>
where
    S: Clone + for<'de> DeserializeSeed<'de, Value = T>,
{
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let found = FieldSeed { key, value }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(found)
}

struct PageSeed<'a, S> {
    key: &'a str,
    item: &'a S,
}

impl<'de, S: Clone + DeserializeSeed<'de>> DeserializeSeed<'de> for PageSeed<'_, S> {
    type Value = Page<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Clone + DeserializeSeed<'de>> Visitor<'de> for PageSeed<'_, S> {
    type Value = Page<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut links, mut meta) = (None, None::<Links>, None::<Meta>);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                name if name == self.key => {
                    items = Some(map.next_value_seed(ItemsSeed(self.item))?)
                }
                "links" => links = map.next_value()?,
                "meta" => meta = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = || serde::de::Error::custom("the list is missing");
        Ok(Page {
            items: items.ok_or_else(missing)?,
            next: links
                .and_then(|links| links.pages)
                .and_then(|pages| pages.next),
            total: meta.and_then(|meta| meta.total),
        })
    }
}

/// Reads a list, or `null` as the empty list.
struct ItemsSeed<'a, S>(&'a S);

impl<'de, S: Clone + DeserializeSeed<'de>> DeserializeSeed<'de> for ItemsSeed<'_, S> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Clone + DeserializeSeed<'de>> Visitor<'de> for ItemsSeed<'_, S> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.0.clone())? {
            items.push(item);
        }
        Ok(items)
    }
}

struct FieldSeed<'a, S> {
    key: &'a str,
    value: &'a S,
}

impl<'de, S: Clone + DeserializeSeed<'de>> DeserializeSeed<'de> for FieldSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Clone + DeserializeSeed<'de>> Visitor<'de> for FieldSeed<'_, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == self.key {
                found = Some(map.next_value_seed(self.value.clone())?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| serde::de::Error::custom("the value is missing"))
    }
}

/// Reads items of a type that needs no other knowledge.
pub(super) fn plain<T>() -> PhantomData<Item<T>> {
    PhantomData
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Identified;

    #[derive(Debug, Deserialize)]
    struct Named {
        id: u64,
    }

    fn parse(text: &str) -> serde_json::Result<Page<Item<Named>>> {
        parse_page(text.as_bytes(), "things", &plain::<Named>())
    }

    #[test]
    fn links_meta_and_even_items_may_be_absent() {
        let whole = r#"{"x":[{}],"things":[{"id":7,"secret":"s"}],"links":{"pages":{"next":"u"}},"meta":{"total":9}}"#;
        let page = parse(whole).unwrap();
        assert_eq!((page.next.as_deref(), page.total), (Some("u"), Some(9)));
        for bare in [
            r#"{"things":[]}"#,
            r#"{"things":null,"links":{}}"#,
            r#"{"things":[],"links":null,"meta":{}}"#,
        ] {
            let page = parse(bare).unwrap();
            assert_eq!(
                (page.items.len(), page.next, page.total),
                (0, None, None),
                "{bare}"
            );
        }
    }

    #[test]
    fn an_item_of_another_form_is_named_not_lost() {
        let page = parse(r#"{"things":[{"id":"abc"},{"name":"n"},{"id":1}]}"#).unwrap();
        let known = page.items.iter().filter_map(|item| match item {
            Item::Known(named) => Some(named.id),
            Item::Unreadable(_) => None,
        });
        assert_eq!(known.collect::<Vec<_>>(), [1]);
        let stubs = page.items.iter().filter_map(|item| match item {
            Item::Unreadable(stub) => Some(stub.id()),
            Item::Known(_) => None,
        });
        assert_eq!(stubs.collect::<Vec<_>>(), ["abc", "n"]);
    }

    #[test]
    fn a_missing_list_and_a_cut_body_are_errors() {
        for wrong in [
            "",
            "{",
            r#"{"things":[{"id":1,"#,
            r#"{"other":[]}"#,
            "<html>",
            r#"{"things":[]}x"#,
            "[]",
            r#"{"things":3}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
