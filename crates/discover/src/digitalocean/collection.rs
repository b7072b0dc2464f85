//! The lists of the API.

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
