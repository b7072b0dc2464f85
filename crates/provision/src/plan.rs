//! Planning one root: what would be done, held against the rules, and kept under its hash.

use crate::changeset::Changeset;
use crate::error::ProvisionError;
use crate::rules::judge;
use crate::site::Site;
use crate::store::PlanRecord;

/// What planning came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The root is as its files say.
    UpToDate,
    /// There is something to do; it is kept until it is applied or planned again.
    Changes(Box<PlanRecord>),
}

/// Plans a root and keeps the plan in the place of an earlier one.
///
/// The state's mark is read before the plan is made. Were somebody to apply in between, the mark would be too old and the plan refused
/// later: never the other way round.
///
/// The lock of the log is held to the end: an apply that has just compared the stored plan with the approved one must not find another in
/// its place.
pub async fn plan(site: &Site) -> Result<Planned, ProvisionError> {
    let log = site.store.open_log()?;
    if log.try_lock().is_err() {
        let root = site.root.name.clone();
        return Err(ProvisionError::Busy { root });
    }
    site.check_no_errored_state()?;
    site.store.discard()?;
    site.prepare().await?;
    let files_sha256 = site.files_sha256()?;
    let state = site.state().await?;
    let file = site.store.new_plan_file();
    let (has_changes, _) = site.plan(&[&format!("-out={}", file.display())]).await?;
    if !has_changes {
        site.store.discard()?;
        return Ok(Planned::UpToDate);
    }
    let document = site.show(&file).await?;
    let bytes = std::fs::read(&file).map_err(|error| ProvisionError::file(&file, "read", error))?;
    let record = PlanRecord {
        root: site.root.name.clone(),
        plan_sha256: reberth_model::document::sha256_hex(&bytes),
        files_sha256,
        state,
        tool: site.tool.described(),
        changeset: Changeset::of(&document),
        findings: judge(&document, &site.surroundings),
    };
    site.store.keep(&record)?;
    drop(log);
    Ok(Planned::Changes(Box::new(record)))
}
