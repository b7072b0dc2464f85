//! From the policy's words about the fence to what the cutover works with.

use std::time::Duration;

use reberth_cutover::{FencedBy, ProviderFence};
use reberth_model::policy::{DatabasePolicy, FenceBy, FencePolicy};

use crate::failure::{CliError, Failure};

/// Longest wait for a provider, in seconds.
const FENCE_WAIT_S_MAX: u64 = 3_600;

/// What fences the source of a database.
pub(crate) fn fenced_by(database: &DatabasePolicy) -> Result<FencedBy, Failure> {
    let fence = &database.fence;
    let has_programs = !fence.shut.is_empty() || !fence.open.is_empty();
    if has_programs && fence.by != FenceBy::Provider {
        return Err(refuse(database, "shut and open belong to `by: provider`").into());
    }
    if !(1..=FENCE_WAIT_S_MAX).contains(&fence.wait_s) {
        return Err(refuse(database, "wait_s must be between 1 and 3600").into());
    }
    Ok(match fence.by {
        FenceBy::Accounts => FencedBy::Accounts,
        FenceBy::ReadOnly => FencedBy::ReadOnly,
        FenceBy::Provider => FencedBy::Provider(ProviderFence {
            shut: fence.shut.clone(),
            open: fence.open.clone(),
            wait: Duration::from_secs(fence.wait_s),
        }),
    })
}

/// Refuses another way of fencing than the one that PostgreSQL has.
pub(crate) fn require_default(database: &DatabasePolicy) -> Result<(), Failure> {
    if database.fence == FencePolicy::default() {
        return Ok(());
    }
    let why =
        "a PostgreSQL source is fenced by triggers and roles; `fence` is for MySQL and MariaDB";
    Err(refuse(database, why).into())
}

fn refuse(database: &DatabasePolicy, why: &str) -> CliError {
    CliError::Argument {
        argument: "fence",
        given: format!("what reberth.yaml says for {}", database.name),
        why: why.to_owned(),
    }
}
