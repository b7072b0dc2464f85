//! How a source is fenced at the cutover.

use serde::{Deserialize, Serialize};

/// How the source is fenced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FencePolicy {
    /// What shuts it.
    #[serde(default)]
    pub by: FenceBy,
    /// `by: provider`: a program and its arguments that have the provider change the passwords of the accounts that can write. Without it a person
    /// does that. It may run more than once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shut: Vec<String>,
    /// `by: provider`: what lets the application's account in again, with the password that its reference holds. It may run more than once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// `by: provider`: how long that may take, in seconds.
    #[serde(default = "default_fence_wait_s")]
    pub wait_s: u64,
}

fn default_fence_wait_s() -> u64 {
    600
}

impl Default for FencePolicy {
    fn default() -> FencePolicy {
        FencePolicy {
            by: FenceBy::default(),
            shut: Vec::new(),
            open: Vec::new(),
            wait_s: default_fence_wait_s(),
        }
    }
}

impl FencePolicy {
    pub(super) fn is_default(&self) -> bool {
        *self == FencePolicy::default()
    }
}

/// What shuts a source of the MySQL family.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FenceBy {
    /// Every account that can write is locked, and its sessions are ended.
    #[default]
    Accounts,
    /// The server is set `read_only`, and the sessions that were open are ended.
    ReadOnly,
    /// The provider changes the passwords of the accounts that can write, and their sessions are ended.
    Provider,
}
