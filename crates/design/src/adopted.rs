//! What is in AWS already: each becomes one item of the design, under the name that it has there.
//!
//! A name cannot be changed in AWS without making the thing anew, so the item takes over the existing name. What no item of the design would become is
//! refused, because it would be dropped in silence.

use reberth_model::design::Design;
use reberth_model::policy::{Adoptable, Adopted};

use crate::error::DesignError;

/// Takes over what the policy lists.
pub(crate) fn take_over(design: &mut Design, listed: &[Adopted]) -> Result<(), DesignError> {
    let mut adopted = listed.to_vec();
    adopted.sort();
    for own in &adopted {
        let known = known(design, own.what);
        let name = own.name.clone().unwrap_or_default();
        if !known.contains(&name) {
            return Err(DesignError::NothingToAdopt {
                what: own.what.words(),
                name,
                known: match known.is_empty() {
                    true => "none".to_owned(),
                    false => known.join(", "),
                },
            });
        }
        rename(design, own, &name);
    }
    design.adopted = adopted;
    Ok(())
}

/// Names of the items that it may become; one without a name for what an account has once.
fn known(design: &Design, what: Adoptable) -> Vec<String> {
    let once = |is_there: bool| Vec::from_iter(is_there.then(String::new));
    let guards = &design.safeguards;
    let is_alone = guards.baseline && design.organization.is_none();
    match what {
        Adoptable::Account => {
            let accounts = design.organization.iter().flat_map(|own| &own.accounts);
            accounts.map(|own| own.key.clone()).collect()
        }
        Adoptable::Bucket => design.buckets.iter().map(|own| own.key.clone()).collect(),
        Adoptable::HostedZone => design
            .edge
            .zones
            .iter()
            .map(|own| own.name.clone())
            .collect(),
        Adoptable::ImageRepository => {
            let repositories = design.platform.iter().flat_map(|own| &own.repositories);
            repositories.map(|own| own.key.clone()).collect()
        }
        Adoptable::ConfigDeliveryChannel | Adoptable::ConfigRecorder => {
            once(guards.baseline && guards.record_configuration)
        }
        Adoptable::GuarddutyDetector | Adoptable::SecurityHub => once(is_alone),
        Adoptable::Organization => once(design.organization.is_some()),
    }
}

fn rename(design: &mut Design, own: &Adopted, name: &str) {
    match own.what {
        Adoptable::Bucket => {
            for bucket in design.buckets.iter_mut().filter(|one| one.key == name) {
                bucket.name.clone_from(&own.id);
                bucket.exists = true;
            }
        }
        Adoptable::ImageRepository => {
            let repositories = design
                .platform
                .iter_mut()
                .flat_map(|own| &mut own.repositories);
            for repository in repositories.filter(|one| one.key == name) {
                repository.name.clone_from(&own.id);
            }
        }
        _ => {}
    }
}
