//! Reads objects and lists of the API, and keeps the account of what could not be read or understood.
//!
//! # Why no item is lost when a list moves
//!
//! Pages are cut by position. When an item is deleted while a list is being read, every later item moves forward by one,
//! and the one that crosses from page n + 1 to page n after page n was read is never seen. So a list of more than one page
//! is believed only when two full reads in a row found the same items, each under one unchanging total and without a
//! double. An item that an earlier read saw and the believed ones did not is asked for by its own id: the
//! answer 200 means it exists and is kept, 404 that it was deleted meanwhile.
//! A list that fits one page is one answer, which is consistent by itself.

use serde::de::{DeserializeOwned, DeserializeSeed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use reberth_model::estate::{NotVisible, Unmapped};

use super::page::{Identified, Item, Page, Stub, parse_field, parse_page, plain};
use crate::client::{Answer, Api};
use crate::{DiscoverError, OnProgress, Progress};

const PER_PAGE: u64 = 200;
/// A list that moved during every one of so many full reads is given up.
const FULL_READS_MAX: u32 = 8;
/// 200,000 items; more means that the links go in a circle.
const PAGES_MAX: usize = 1_000;

/// A list of the API.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collection<'a> {
    /// Path, without a query.
    pub(super) path: &'a str,
    /// Further query, for example `private=true`.
    pub(super) query: &'a str,
    /// Under which key the items stand.
    pub(super) key: &'a str,
    /// Under which key one item stands when it is asked for by id at `path/id`; `None` where the API has no such path.
    pub(super) item_key: Option<&'a str>,
}

impl<'a> Collection<'a> {
    pub(super) fn new(path: &'a str, key: &'a str) -> Collection<'a> {
        Collection {
            path,
            query: "",
            key,
            item_key: None,
        }
    }

    pub(super) fn with_items(self, item_key: &'a str) -> Collection<'a> {
        let item_key = Some(item_key);
        Collection { item_key, ..self }
    }
}

/// Reads one account through one [`Api`].
pub(super) struct Reader<'a> {
    api: &'a Api,
    progress: OnProgress<'a>,
    notes: Mutex<Notes>,
}

/// What could not be read or understood.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) not_visible: BTreeSet<NotVisible>,
    pub(super) unmapped: BTreeSet<Unmapped>,
}

/// One read of a list from its first page to its last.
struct FullRead<T> {
    items: BTreeMap<String, T>,
    pages: usize,
    totals: BTreeSet<u64>,
    has_doubles: bool,
}

impl<T: Identified> FullRead<T> {
    /// Adds a page; whether, by the total it tells, another must follow. Some lists tell a total but link no pages.
    fn take(&mut self, page: Page<T>) -> bool {
        let before = self.items.len();
        for item in page.items {
            let mut id = item.id();
            if id.is_empty() {
                id = format!("item {} without an identifier", self.items.len() + 1);
            }
            self.has_doubles |= self.items.insert(id, item).is_some();
        }
        self.pages += 1;
        self.totals.extend(page.total);
        let is_longer = page
            .total
            .is_some_and(|total| total > self.items.len() as u64);
        is_longer && self.items.len() > before
    }

    /// Whether nothing showed that the list moved between two pages.
    fn is_calm(&self) -> bool {
        self.totals.len() <= 1 && !self.has_doubles
    }

    fn is_complete(&self) -> bool {
        let counted = self.items.len() as u64;
        self.totals.iter().all(|total| *total == counted)
    }

    fn ids(&self) -> BTreeSet<String> {
        self.items.keys().cloned().collect()
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(api: &'a Api, progress: OnProgress<'a>) -> Reader<'a> {
        let notes = Mutex::default();
        Reader {
            api,
            progress,
            notes,
        }
    }

    pub(super) fn tell(&self, progress: Progress) {
        (self.progress)(progress);
    }

    /// Asks for one path and does not note anything.
    pub(super) async fn ask<T>(
        &self,
        path: &str,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Answer<T>, DiscoverError> {
        self.api.get(path, parse, self.progress).await
    }

    /// One object; `None`, and a note, when it cannot be seen.
    pub(super) async fn object<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, DiscoverError> {
        let answer = self
            .ask(path, |bytes| serde_json::from_slice(bytes))
            .await?;
        Ok(self.found_or_noted(path, answer))
    }

    /// All items of a list that are understood; the others are noted as unmapped. `None`, and a note, when the list cannot be seen.
    pub(super) async fn list<T>(
        &self,
        collection: Collection<'_>,
    ) -> Result<Option<Vec<T>>, DiscoverError>
    where
        T: DeserializeOwned + Identified,
    {
        let items = self.list_with(collection, &plain::<T>()).await?;
        Ok(items.map(|items| self.known(collection.path, items)))
    }

    /// All items of a list, each read by `seed`.
    pub(super) async fn list_with<S, T>(
        &self,
        collection: Collection<'_>,
        seed: &S,
    ) -> Result<Option<Vec<T>>, DiscoverError>
    where
        S: Clone + for<'de> DeserializeSeed<'de, Value = T>,
        T: Identified,
    {
        let mut seen: BTreeMap<String, T> = BTreeMap::new();
        let mut previous: Option<BTreeSet<String>> = None;
        for _ in 0..FULL_READS_MAX {
            let Some(read) = self.full_read(collection, seed).await? else {
                return Ok(None);
            };
            let (ids, is_calm) = (read.ids(), read.is_calm());
            let is_believed = is_calm
                && ((read.pages == 1 && read.is_complete()) || previous.as_ref() == Some(&ids));
            seen.extend(read.items);
            if is_believed {
                let items = self.settle(collection, seed, seen, &ids).await?;
                self.tell(Progress::Read {
                    what: collection.path.to_owned(),
                    found: items.len(),
                });
                return Ok(Some(items));
            }
            previous = is_calm.then_some(ids);
        }
        Err(DiscoverError::ListMoving {
            what: collection.path.to_owned(),
            reads: FULL_READS_MAX,
        })
    }

    /// Keeps the believed items, and of those seen earlier the ones that still exist.
    async fn settle<S, T>(
        &self,
        collection: Collection<'_>,
        seed: &S,
        seen: BTreeMap<String, T>,
        believed: &BTreeSet<String>,
    ) -> Result<Vec<T>, DiscoverError>
    where
        S: Clone + for<'de> DeserializeSeed<'de, Value = T>,
    {
        let mut items = Vec::new();
        for (id, item) in seen {
            if believed.contains(&id) {
                items.push(item);
            } else if let Some(key) = collection.item_key {
                let path = format!("{}/{}", collection.path, segment(&id));
                let answer = self
                    .ask(&path, |bytes| parse_field(bytes, key, seed))
                    .await?;
                if let Answer::Found(item) = answer {
                    items.push(item);
                }
            }
        }
        Ok(items)
    }

    async fn full_read<S, T>(
        &self,
        collection: Collection<'_>,
        seed: &S,
    ) -> Result<Option<FullRead<T>>, DiscoverError>
    where
        S: Clone + for<'de> DeserializeSeed<'de, Value = T>,
        T: Identified,
    {
        let mut read = FullRead {
            items: BTreeMap::new(),
            pages: 0,
            totals: BTreeSet::new(),
            has_doubles: false,
        };
        let joint = if collection.query.is_empty() { "" } else { "&" };
        let mut query = format!("{}{joint}page=1&per_page={PER_PAGE}", collection.query);
        loop {
            let path = format!("{}?{query}", collection.path);
            let answer = self
                .ask(&path, |bytes| parse_page(bytes, collection.key, seed))
                .await?;
            let Some(page) = self.found_or_noted(collection.path, answer) else {
                return Ok(None);
            };
            let next = next_query(&page, &query);
            let has_more = read.take(page);
            query = match next {
                _ if read.pages >= PAGES_MAX => return Err(endless(collection.path)),
                Some(next) => next,
                None if has_more => format!(
                    "{}{joint}page={}&per_page={PER_PAGE}",
                    collection.query,
                    read.pages + 1
                ),
                None => return Ok(Some(read)),
            };
        }
    }

    pub(super) fn found_or_noted<T>(&self, path: &str, answer: Answer<T>) -> Option<T> {
        match answer {
            Answer::Found(found) => Some(found),
            Answer::Refused(reason) | Answer::Absent(reason) => {
                self.note_not_visible(path, reason);
                None
            }
        }
    }

    fn known<T>(&self, path: &str, items: Vec<Item<T>>) -> Vec<T> {
        let mut known = Vec::new();
        for item in items {
            match item {
                Item::Known(item) => known.push(item),
                Item::Unreadable(stub) => self.note_unreadable(path, &stub),
            }
        }
        known
    }

    fn note_unreadable(&self, path: &str, stub: &Stub) {
        self.note_unmapped(path, stub.id());
    }

    pub(super) fn note_not_visible(&self, path: &str, reason: String) {
        let what = path.to_owned();
        self.lock().not_visible.insert(NotVisible { what, reason });
    }

    pub(super) fn note_unmapped(&self, path: &str, id: String) {
        let what = path.to_owned();
        self.lock().unmapped.insert(Unmapped { what, id });
    }

    pub(super) fn into_notes(self) -> Notes {
        self.notes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The query of the link to the next page. Only the query: the link's host is not the configured one behind a proxy or replay,
/// and the token goes to the configured host alone.
fn next_query<T>(page: &Page<T>, current: &str) -> Option<String> {
    let (_, query) = page.next.as_deref()?.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    (query != current && !query.is_empty()).then(|| query.to_owned())
}

fn endless(path: &str) -> DiscoverError {
    DiscoverError::Unreadable {
        what: path.to_owned(),
        attempts: 1,
        last: format!("more than {PAGES_MAX} pages"),
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            b'.' if !text.trim_matches('.').is_empty() => encoded.push('.'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Identified for u64 {
        fn id(&self) -> String {
            self.to_string()
        }
    }

    #[test]
    fn a_total_without_links_asks_for_more_until_a_page_brings_nothing() {
        let mut read = FullRead {
            items: BTreeMap::new(),
            pages: 0,
            totals: BTreeSet::new(),
            has_doubles: false,
        };
        let page = |items: Vec<u64>| Page {
            items,
            next: None,
            total: Some(5),
        };
        assert!(read.take(page(vec![1, 2, 3])));
        assert!(read.is_calm() && !read.is_complete());
        assert!(!read.take(page(vec![4, 5])));
        assert!(read.is_calm() && read.is_complete());
        assert!(!read.take(page(vec![5])));
        assert!(
            !read.is_calm(),
            "an item seen twice means that the list moved"
        );
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let cases = [
            ("a.example", "a.example"),
            ("..", "%2E%2E"),
            ("a/b?c", "a%2Fb%3Fc"),
            ("é", "%C3%A9"),
        ];
        for (text, expected) in cases {
            assert_eq!(segment(text), expected);
        }
    }

    #[test]
    fn the_next_page_is_taken_from_the_query_alone() {
        let next = |link: &str| {
            let page = Page::<()> {
                items: Vec::new(),
                next: Some(link.to_owned()),
                total: None,
            };
            next_query(&page, "page=1")
        };
        assert_eq!(
            next("https://evil.example/x?page=2&per_page=5").as_deref(),
            Some("page=2&per_page=5")
        );
        assert_eq!(next("https://api.example/x"), None);
        assert_eq!(next("https://api.example/x?page=1"), None);
    }
}
