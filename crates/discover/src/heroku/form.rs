//! Forms that stand in many answers.

use serde::Deserialize;

pub(super) use crate::host_name::host;
use crate::item::Identified;

/// Something named by another: `{"id": …, "name": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

/// Something of which only the identifier is given.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: String,
}

impl Identified for Named {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Names of optional things.
pub(super) fn name_of(named: Option<&Named>) -> Option<String> {
    named.map(|named| named.name.clone())
}

/// An address that may hold a password, of which only the host is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct HostOnly(pub(super) Option<String>);

impl<'de> Deserialize<'de> for HostOnly {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<HostOnly, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(HostOnly(text.as_deref().and_then(host)))
    }
}

/// The API's two forms of a moment (`2021-04-11 09:12:00 +0000` and RFC 3339) as RFC 3339.
pub(super) fn moment(text: &str) -> String {
    match text.strip_suffix(" +0000") {
        Some(utc) => format!("{}Z", utc.replacen(' ', "T", 1)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_moment_become_one() {
        assert_eq!(moment("2021-04-11 09:12:00 +0000"), "2021-04-11T09:12:00Z");
        assert_eq!(moment("2021-04-11T09:12:00Z"), "2021-04-11T09:12:00Z");
    }
}
