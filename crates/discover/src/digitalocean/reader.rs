//! Reads objects and lists of the API, and keeps the account of what could not be read or understood.
//!
//! # Why no item is lost when a list moves
//!
//! Pages are cut by position. When an item is deleted while a list is being read, every later item moves forward by one,
//! and the one that crosses from page n + 1 to page n after page n was read is never seen. So a list of more than one page
//! is believed only when two full reads in a row found the same items, each under one unchanging total and without a
//! double. An item that an earlier read saw and the believed ones did not is asked for by its own id: the
//! answer 404 means that it was deleted meanwhile, and any other that it is kept.
//! A list that fits one page is one answer, which is consistent by itself.
//!
//! A list can also contradict itself without moving: its total and its items never agree, read after read. When
//! [`STILL_READS`] full reads in a row tell exactly the same, the list stands still; its items are kept, and what its total
//! says is noted as not visible.

use serde::de::{DeserializeOwned, DeserializeSeed};
use std::collections::{BTreeMap, BTreeSet};

use super::collection::Collection;
use super::full_read::{FullRead, next_query};
use super::page::{parse_field, parse_page, plain};
use crate::answer_cache::Validity;
use crate::client::{Answer, Api};
use crate::item::Identified;
use crate::notes::{Notebook, Notes};
use crate::segment::segment;
use crate::{DiscoverError, OnProgress, Progress};

const PER_PAGE: u64 = 200;
/// A list that moved during every one of so many full reads is given up.
const FULL_READS_MAX: u32 = 8;
/// Full reads in a row that tell the same, after which a list that contradicts itself is not thought to be moving.
const STILL_READS: u32 = 4;
/// 200,000 items; more means that the links go in a circle.
const PAGES_MAX: usize = 1_000;

/// Reads one account through one [`Api`].
pub(super) struct Reader<'a> {
    api: &'a Api,
    progress: OnProgress<'a>,
    notes: Notebook,
}

impl<'a> Reader<'a> {
    pub(super) fn new(api: &'a Api, progress: OnProgress<'a>) -> Reader<'a> {
        let notes = Notebook::default();
        Reader {
            api,
            progress,
            notes,
        }
    }

    pub(super) fn tell(&self, progress: Progress) {
        (self.progress)(progress);
    }

    /// Asks for one path and does not note anything. A run that was interrupted may have the answer.
    pub(super) async fn ask<T>(
        &self,
        path: &str,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Answer<T>, DiscoverError> {
        self.ask_as(path, Validity::Resumable, parse).await
    }

    /// The same, with a say in when a kept answer serves.
    pub(super) async fn ask_as<T>(
        &self,
        path: &str,
        validity: Validity,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Answer<T>, DiscoverError> {
        self.api.get(path, validity, parse, self.progress).await
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
        Ok(items.map(|items| self.notes.known(collection.path, items)))
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
        let (mut previous, mut same) = (None, 0);
        for _ in 0..FULL_READS_MAX {
            let Some(read) = self.full_read(collection, seed).await? else {
                return Ok(None);
            };
            let summary = read.summary();
            same = if previous.as_ref() == Some(&summary) {
                same + 1
            } else {
                1
            };
            let is_whole = read.pages == 1 && read.is_complete();
            let is_believed = read.is_calm() && (is_whole || same >= 2);
            let is_complete = read.is_complete();
            seen.extend(read.items);
            if is_believed || same >= STILL_READS {
                if !is_complete {
                    self.note_not_visible(collection.path, summary.contradiction());
                }
                let ids = summary.ids;
                let items = self.settle(collection, seed, seen, &ids).await?;
                self.tell(Progress::Read {
                    what: collection.path.to_owned(),
                    found: items.len(),
                });
                return Ok(Some(items));
            }
            previous = Some(summary);
        }
        let moving = DiscoverError::ListMoving {
            what: collection.path.to_owned(),
            reads: FULL_READS_MAX,
        };
        let answer = self
            .api
            .give_up::<Vec<T>>(collection.path, moving, self.progress)
            .await?;
        Ok(self.found_or_noted(collection.path, answer))
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
                    .ask_as(&path, Validity::Confirmed, |bytes| {
                        parse_field(bytes, key, seed)
                    })
                    .await?;
                match answer {
                    Answer::Found(item) => items.push(item),
                    Answer::Refused(_) | Answer::Broken(_) => items.push(item),
                    Answer::Absent(_) => {}
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
        let mut read = FullRead::new();
        let joint = if collection.query.is_empty() { "" } else { "&" };
        let mut query = format!("{}{joint}page=1&per_page={PER_PAGE}", collection.query);
        loop {
            let path = format!("{}?{query}", collection.path);
            let answer = self
                .ask_as(&path, Validity::Confirmed, |bytes| {
                    parse_page(bytes, collection.key, seed)
                })
                .await?;
            let Some(page) = self.found_or_noted(collection.path, answer) else {
                return Ok(None);
            };
            let next = next_query(&page, &query);
            let has_more = read.take(page);
            query = match next {
                _ if read.pages >= PAGES_MAX => {
                    let answer = self
                        .api
                        .give_up(collection.path, endless(collection.path), self.progress)
                        .await?;
                    return Ok(self.found_or_noted(collection.path, answer));
                }
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
        self.notes.found(path, answer)
    }

    pub(super) fn note_not_visible(&self, path: &str, reason: String) {
        self.notes.not_visible(path, reason);
    }

    /// Notes an item at `path` that is not understood.
    pub(super) fn note_unmapped(&self, path: &str, id: String) {
        self.notes.unmapped(path, id);
    }

    pub(super) fn into_notes(self) -> Notes {
        self.notes.into_notes()
    }
}

fn endless(path: &str) -> DiscoverError {
    DiscoverError::Unreadable {
        what: path.to_owned(),
        attempts: 1,
        last: format!("more than {PAGES_MAX} pages"),
    }
}
