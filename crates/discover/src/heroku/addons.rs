//! Services added to applications, and who shares them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use reberth_model::estate::{Addon, Attributes, Resource};
use reberth_model::money::MonthlyCost;

use super::form::{Named, Reference};
use super::processes::Price;
use super::reader::Reader;
use crate::DiscoverError;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;

/// The service of managed PostgreSQL.
pub(super) const POSTGRES: &str = "heroku-postgresql";
/// The service of managed stores of keys and values.
pub(super) const KEY_VALUE: &str = "heroku-redis";
/// The service that starts jobs at set times.
pub(super) const SCHEDULER: &str = "scheduler";

/// An add-on as lists tell it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AddonSummary {
    pub(super) id: String,
    pub(super) name: String,
    addon_service: Named,
    plan: Named,
    pub(super) app: Option<Named>,
    #[serde(default)]
    config_vars: Vec<String>,
    state: Option<String>,
    billed_price: Option<Price>,
}

#[derive(Debug, Deserialize)]
struct Attachment {
    id: String,
    addon: Reference,
    app: Reference,
}

impl Identified for AddonSummary {
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Identified for Attachment {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// All add-ons, and the applications each is attached to.
pub(super) struct Addons {
    pub(super) list: Vec<AddonSummary>,
    attached: BTreeMap<String, BTreeSet<String>>,
}

impl AddonSummary {
    /// The service's name, for example `heroku-postgresql`.
    pub(super) fn service(&self) -> &str {
        &self.addon_service.name
    }

    /// The plan without the service, for example `premium-4`.
    pub(super) fn plan(&self) -> &str {
        let name = self.plan.name.as_str();
        name.split_once(':').map_or(name, |(_, plan)| plan)
    }

    /// What it costs a month, unless that is a matter of contract.
    pub(super) fn monthly_cost(&self) -> Option<MonthlyCost> {
        let price = self.billed_price.as_ref()?;
        price.monthly(1, "api: add-on.billed_price")
    }
}

/// Reads the account's own add-ons and those of its teams, none twice.
pub(super) async fn read(reader: &Reader<'_>, teams: &[Named]) -> Result<Addons, DiscoverError> {
    let mut addons: BTreeMap<String, AddonSummary> = BTreeMap::new();
    let mut paths = vec!["/addons".to_owned()];
    paths.extend(
        teams
            .iter()
            .map(|team| format!("/teams/{}/addons", segment(&team.name))),
    );
    for path in paths {
        let list: Option<Vec<AddonSummary>> = reader.list(&path).await?;
        let list = list.into_iter().flatten();
        addons.extend(list.map(|addon| (addon.id.clone(), addon)));
    }
    let mut attached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let attachments: Option<Vec<Attachment>> = reader.list("/addon-attachments").await?;
    for attachment in attachments.unwrap_or_default() {
        let apps = attached.entry(attachment.addon.id).or_default();
        apps.insert(attachment.app.id);
    }
    Ok(Addons {
        list: addons.into_values().collect(),
        attached,
    })
}

pub(super) fn gather(addons: &Addons, gathered: &mut Gathered) {
    let nobody = BTreeSet::new();
    for addon in &addons.list {
        let owner = addon.app.as_ref().map(|app| app.id.clone());
        let users = addons.attached.get(&addon.id).unwrap_or(&nobody);
        if let Some(owner) = &owner {
            gathered.refer_known(&addon.id, "belongs_to", owner);
        }
        for app in users {
            gathered.refer_known(app, "uses", &addon.id);
        }
        let others = users.iter().filter(|app| Some(*app) != owner.as_ref());
        let mut config_vars = addon.config_vars.clone();
        config_vars.sort();
        gathered.add(Resource {
            id: addon.id.clone(),
            name: addon.name.clone(),
            region: None,
            // What a managed database costs stands there, and only there.
            cost: match addon.service() {
                POSTGRES | KEY_VALUE => None,
                _ => addon.monthly_cost(),
            },
            attributes: Attributes::Addon(Addon {
                service: addon.service().to_owned(),
                plan: addon.plan().to_owned(),
                app_id: owner.clone(),
                shared_with: others.cloned().collect(),
                config_vars,
                state: addon.state.clone(),
            }),
        });
    }
}
