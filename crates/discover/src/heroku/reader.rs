//! Reads objects and lists of the two APIs.
//!
//! # Why no item is lost when a list moves
//!
//! Lists are cut into ranges by identifier: a part ends with the status 206 and the range after its last item. What is
//! made or deleted meanwhile moves no other item across that border, so each item that stood there throughout is in exactly one part.

use serde::de::DeserializeOwned;
use std::sync::OnceLock;

use crate::answer_cache::Validity;
use crate::client::{Answer, Ask};
use crate::item::{Identified, Item};
use crate::notes::{Notebook, Notes};
use crate::{Api, DiscoverError, OnProgress, Progress};

/// The most that one answer may hold.
const FIRST_RANGE: &str = "id ..; max=1000";
/// A million items; more means that the ranges go in a circle.
const PARTS_MAX: usize = 1_000;

/// Reads one account through the platform's API and the one of its data services.
pub(super) struct Reader<'a> {
    api: &'a Api,
    data_api: &'a Api,
    progress: OnProgress<'a>,
    notes: Notebook,
    /// Why the data services' host is not asked any more.
    data_fault: OnceLock<String>,
}

/// A part of a list, and where the list goes on.
struct Part<T> {
    items: Vec<Item<T>>,
    next: Option<String>,
}

/// What a list that is not there means.
#[derive(Clone, Copy)]
enum IfAbsent {
    Note,
    Silent,
}

impl<'a> Reader<'a> {
    pub(super) fn new(api: &'a Api, data_api: &'a Api, progress: OnProgress<'a>) -> Reader<'a> {
        Reader {
            api,
            data_api,
            progress,
            notes: Notebook::default(),
            data_fault: OnceLock::new(),
        }
    }

    pub(super) fn notes(&self) -> &Notebook {
        &self.notes
    }

    pub(super) fn into_notes(self) -> Notes {
        self.notes.into_notes()
    }

    pub(super) fn tell(&self, progress: Progress) {
        (self.progress)(progress);
    }

    /// One object of the platform's API; `None`, and a note, when it cannot be seen.
    pub(super) async fn object<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, DiscoverError> {
        let answer = self.ask(self.api, path).await?;
        Ok(self.notes.found(path, answer))
    }

    /// One object that need not exist; `None` without a note when it does not.
    pub(super) async fn object_if_any<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, DiscoverError> {
        match self.ask(self.api, path).await? {
            Answer::Absent(_) => Ok(None),
            answer => Ok(self.notes.found(path, answer)),
        }
    }

    /// One object, or list given whole, of the data services' API.
    pub(super) async fn data_object<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, DiscoverError> {
        let answer = self.ask_data(path).await?;
        Ok(self.notes.found(path, answer))
    }

    /// The same, for what not every plan has; `None` without a note when it is not there.
    pub(super) async fn data_object_if_any<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, DiscoverError> {
        match self.ask_data(path).await? {
            Answer::Absent(_) => Ok(None),
            answer => Ok(self.notes.found(path, answer)),
        }
    }

    /// The data services are another host, and nobody promised its answers: when it is broken as a whole, that costs what it would have told and
    /// not the account. It is then left alone.
    async fn ask_data<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, DiscoverError> {
        if let Some(reason) = self.data_fault.get() {
            return Ok(Answer::Broken(reason.clone()));
        }
        match self.ask(self.data_api, path).await {
            Err(error) if error.is_of_one_host() => {
                // A path that stays broken was counted when it was given up.
                if !error.is_of_one_path() {
                    self.data_api.count_broken();
                }
                let reason = format!("the data services stay broken: {error}");
                Ok(Answer::Broken(
                    self.data_fault.get_or_init(|| reason).clone(),
                ))
            }
            answer => answer,
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        api: &Api,
        path: &str,
    ) -> Result<Answer<T>, DiscoverError> {
        let parse = |bytes: &[u8]| serde_json::from_slice(bytes);
        api.get(path, Validity::Resumable, parse, self.progress)
            .await
    }

    /// All items of a list that are understood, ordered by identifier, none twice; the others are noted. `None`, and a note, when the list
    /// cannot be seen.
    pub(super) async fn list<T: DeserializeOwned + Identified>(
        &self,
        path: &str,
    ) -> Result<Option<Vec<T>>, DiscoverError> {
        let Some(items) = self.parts(path, IfAbsent::Note).await? else {
            return Ok(None);
        };
        Ok(Some(self.in_order(path, items)))
    }

    /// The same of a list that not every account has; `None` without a note when it is not there.
    pub(super) async fn list_if_any<T: DeserializeOwned + Identified>(
        &self,
        path: &str,
    ) -> Result<Option<Vec<T>>, DiscoverError> {
        let Some(items) = self.parts(path, IfAbsent::Silent).await? else {
            return Ok(None);
        };
        Ok(Some(self.in_order(path, items)))
    }

    fn in_order<T: Identified>(&self, path: &str, items: Vec<Item<T>>) -> Vec<T> {
        let mut items = self.notes.known(path, items);
        items.sort_by_key(Identified::id);
        items.dedup_by_key(|item: &mut T| item.id());
        self.tell(Progress::Read {
            what: path.to_owned(),
            found: items.len(),
        });
        items
    }

    async fn parts<T: DeserializeOwned>(
        &self,
        path: &str,
        if_absent: IfAbsent,
    ) -> Result<Option<Vec<Item<T>>>, DiscoverError> {
        let mut items = Vec::new();
        let mut range = FIRST_RANGE.to_owned();
        for _ in 0..PARTS_MAX {
            let ask = Ask {
                path,
                range: Some(&range),
                validity: Validity::Confirmed,
            };
            let parse = |body: crate::client::Body<'_>| {
                Ok(Part {
                    items: serde_json::from_slice(body.bytes)?,
                    next: body.next_range.map(str::to_owned),
                })
            };
            let answer = self.api.get_part(ask, parse, self.progress).await?;
            if matches!((&answer, if_absent), (Answer::Absent(_), IfAbsent::Silent)) {
                return Ok(None);
            }
            let Some(part) = self.notes.found(path, answer) else {
                return Ok(None);
            };
            items.extend(part.items);
            match part.next {
                Some(next) if next != range => range = next,
                _ => return Ok(Some(items)),
            }
        }
        let endless = DiscoverError::Unreadable {
            what: path.to_owned(),
            attempts: 1,
            last: format!("more than {PARTS_MAX} parts"),
        };
        let answer = self.api.give_up(path, endless, self.progress).await?;
        Ok(self.notes.found(path, answer))
    }

    /// A list that has no identifiers to range over, given whole.
    pub(super) async fn whole_list<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<Vec<T>>, DiscoverError> {
        let answer = self.ask::<Vec<Item<T>>>(self.api, path).await?;
        let items = self.notes.found(path, answer);
        Ok(items.map(|items| self.notes.known(path, items)))
    }

    /// The newest items of a list, at most `count`, which orders its items by `field`.
    pub(super) async fn newest<T: DeserializeOwned>(
        &self,
        path: &str,
        field: &str,
        count: u32,
    ) -> Result<Option<Vec<T>>, DiscoverError> {
        let range = format!("{field} ..; order=desc,max={count}");
        let ask = Ask {
            path,
            range: Some(&range),
            validity: Validity::Confirmed,
        };
        let parse =
            |body: crate::client::Body<'_>| serde_json::from_slice::<Vec<Item<T>>>(body.bytes);
        let answer = self.api.get_part(ask, parse, self.progress).await?;
        let items = self.notes.found(path, answer);
        Ok(items.map(|items| self.notes.known(path, items)))
    }
}
