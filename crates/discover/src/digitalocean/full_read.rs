//! One read of a list from its first page to its last, and whether the list moved meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::page::Page;
use crate::item::Identified;

/// What one read of a list told: two reads of a list that stands still tell the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// The identifiers of all items.
    pub(super) ids: BTreeSet<String>,
    totals: BTreeSet<u64>,
    has_doubles: bool,
}

impl Summary {
    /// How the items and the total of a list that stands still contradict each other.
    pub(super) fn contradiction(&self) -> String {
        let totals: Vec<String> = self.totals.iter().map(u64::to_string).collect();
        format!(
            "the list says that it has {} items, and {} can be found in it, read after read",
            totals.join(" or "),
            self.ids.len()
        )
    }
}

/// One read of a list from its first page to its last.
pub(super) struct FullRead<T> {
    pub(super) items: BTreeMap<String, T>,
    pub(super) pages: usize,
    totals: BTreeSet<u64>,
    has_doubles: bool,
}

impl<T: Identified> FullRead<T> {
    /// Nothing read yet.
    pub(super) fn new() -> FullRead<T> {
        FullRead {
            items: BTreeMap::new(),
            pages: 0,
            totals: BTreeSet::new(),
            has_doubles: false,
        }
    }

    /// Adds a page; whether, by the total it tells, another must follow. Some lists tell a total but link no pages.
    pub(super) fn take(&mut self, page: Page<T>) -> bool {
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
    pub(super) fn is_calm(&self) -> bool {
        self.totals.len() <= 1 && !self.has_doubles
    }

    /// Whether as many items came as the list says it has.
    pub(super) fn is_complete(&self) -> bool {
        let counted = self.items.len() as u64;
        self.totals.iter().all(|total| *total == counted)
    }

    /// What the read told.
    pub(super) fn summary(&self) -> Summary {
        Summary {
            ids: self.items.keys().cloned().collect(),
            totals: self.totals.clone(),
            has_doubles: self.has_doubles,
        }
    }
}

/// The query of the link to the next page. Only the query: the link's host is not the configured one behind a proxy or replay,
/// and the token goes to the configured host alone.
pub(super) fn next_query<T>(page: &Page<T>, current: &str) -> Option<String> {
    let (_, query) = page.next.as_deref()?.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    (query != current && !query.is_empty()).then(|| query.to_owned())
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
        let mut read = FullRead::new();
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
