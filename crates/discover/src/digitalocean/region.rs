//! A region, which some answers give by its short name and others whole.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Region {
    Slug(String),
    Whole { slug: String },
}

impl Region {
    pub(super) fn into_slug(self) -> String {
        match self {
            Region::Slug(slug) | Region::Whole { slug } => slug,
        }
    }
}
