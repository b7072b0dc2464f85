//! What becomes of services that were added to applications at the source.

use serde::{Deserialize, Serialize};

/// What becomes of one service that was added to an application.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct AddonFate {
    /// The service, for example `papertrail`.
    pub service: String,
    /// Id of the resource.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its plan.
    pub plan: String,
    /// Name of the application that owns it; `None` where none does.
    pub application: Option<String>,
    /// What becomes of it.
    pub fate: Fate,
    /// Why, and what is left to do.
    pub why: String,
}

/// What becomes of a service.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Something of this design takes its place.
    Replaced,
    /// It is kept with its maker, outside of the source's platform.
    Kept,
    /// Nothing is needed in its place.
    Dropped,
    /// A person must decide.
    Undecided,
}

impl Fate {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Replaced => "replaced",
            Fate::Kept => "kept",
            Fate::Dropped => "dropped",
            Fate::Undecided => "undecided",
        }
    }
}
