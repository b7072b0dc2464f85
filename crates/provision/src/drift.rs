//! What was changed at the provider since the last apply, whoever did it.

use crate::changeset::Changeset;
use crate::error::ProvisionError;
use crate::site::Site;

/// What a look at the provider came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Nothing of this root was applied yet.
    NotApplied,
    /// All is as it was applied.
    None,
    /// This differs: `before` is what was applied, `after` what is there now.
    Found(Changeset),
}

/// Compares a root's state with what is there. Takes no lock and writes no state.
pub async fn drift(site: &Site) -> Result<Drift, ProvisionError> {
    match site.init().await {
        // Without a bucket for states nothing was ever applied.
        Err(ProvisionError::NoStateBucket { .. }) => return Ok(Drift::NotApplied),
        ready => ready?,
    }
    if site.state().await?.is_empty() {
        return Ok(Drift::NotApplied);
    }
    let file = site.store.drift_file();
    let out = format!("-out={}", file.display());
    let (has_drifted, _) = site.plan(&["-refresh-only", &out]).await?;
    let found = match has_drifted {
        false => Ok(Changeset::default()),
        true => site
            .show(&file)
            .await
            .map(|plan| Changeset::drift_of(&plan)),
    };
    site.store.discard_drift()?;
    // Terraform also says that there is something to write when only a data source was read again.
    match found? {
        found if found.is_empty() => Ok(Drift::None),
        found => Ok(Drift::Found(found)),
    }
}
