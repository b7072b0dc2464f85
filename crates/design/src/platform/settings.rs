//! What becomes of each setting of an application.

use reberth_model::design::{Setting, SettingFate};
use reberth_model::estate::ConfigVar;
use std::collections::BTreeMap;

use super::addon_fates;
use super::estate_app::EstateApp;

/// Names that hold keys of an AWS account, which pods get by their identity.
const AWS_KEYS: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];
/// The port that the platform gives a web process; the design gives its own.
const PORT: &str = "PORT";

/// Databases and caches of the design, by the id of the service that they come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Stores {
    /// Keys of databases.
    pub(super) databases: BTreeMap<String, String>,
    /// Keys of caches.
    pub(super) caches: BTreeMap<String, String>,
}

/// Every setting of an application, ordered by name; `None` where the source did not show them.
pub(super) fn of(app: &EstateApp<'_>, stores: &Stores) -> Option<Vec<Setting>> {
    let config = app.app.config.as_ref()?;
    let mut settings: Vec<Setting> = config
        .iter()
        .map(|variable| setting(variable, app, stores))
        .collect();
    settings.sort();
    Some(settings)
}

fn setting(variable: &ConfigVar, app: &EstateApp<'_>, stores: &Stores) -> Setting {
    let (fate, why) = of_addon(&variable.name, app, stores).unwrap_or_else(|| of_name(variable));
    Setting {
        name: variable.name.clone(),
        fate,
        why,
    }
}

/// What becomes of a setting that an added service gives.
fn of_addon(name: &str, app: &EstateApp<'_>, stores: &Stores) -> Option<(SettingFate, String)> {
    let gives = |names: &[String]| names.iter().any(|own| own == name);
    let (resource, addon) = app
        .addons
        .iter()
        .find(|(_, addon)| gives(&addon.config_vars))?;
    if let Some(key) = stores.databases.get(&resource.id) {
        return Some((
            SettingFate::Database(key.clone()),
            format!("{} is moved into it", resource.name),
        ));
    }
    if let Some(key) = stores.caches.get(&resource.id) {
        return Some((
            SettingFate::Cache(key.clone()),
            format!("takes the place of {}", resource.name),
        ));
    }
    Some(addon_fates::of_setting(&addon.service))
}

fn of_name(variable: &ConfigVar) -> (SettingFate, String) {
    let name = variable.name.as_str();
    if AWS_KEYS.contains(&name) {
        let why = "keys that do not expire: pods have an identity of their own; leave them out once what they open lets its role in";
        return (SettingFate::Undecided, why.to_owned());
    }
    if name == PORT {
        return (
            SettingFate::Dropped,
            "the design says which port the container listens on".to_owned(),
        );
    }
    if name.ends_with("DATABASE_URL") || name == "REDIS_URL" {
        let why = "it looks like the address of a store, but no added service gives it: say which one it names";
        return (SettingFate::Undecided, why.to_owned());
    }
    if name.contains("BUCKET") {
        let why = "it names a bucket that is there already: let the role of the application's pods in, and the keys can go";
        return (SettingFate::Carried, why.to_owned());
    }
    (SettingFate::Carried, "as at the source".to_owned())
}
