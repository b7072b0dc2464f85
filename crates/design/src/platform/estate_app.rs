//! What the estate says of each application: its processes, jobs, names, added services and stores.

use reberth_model::design::Design;
use reberth_model::estate::{Addon, App, Attributes, Domain, Estate, Job, Process, Resource};
use std::collections::{BTreeMap, BTreeSet};

use super::reserved_namespaces::is_reserved;
use crate::name::{self, Keys};

/// Longest environment, as the policy allows it.
const ENVIRONMENT_LENGTH_MAX: usize = 24;
/// Longest namespace that leaves room for the names made of it.
const KEY_LENGTH_MAX: usize = 40;
const PRODUCTION: &str = "production";
const BELONGS_TO: &str = "belongs_to";
const ROUTES_TO: &str = "routes_to";

/// An application of the source with everything that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct EstateApp<'a> {
    /// Stable key, also its namespace.
    pub(crate) key: String,
    /// The environment it is labelled with.
    pub(crate) environment: String,
    /// The resource.
    pub(crate) resource: &'a Resource,
    /// Its attributes.
    pub(crate) app: &'a App,
    /// Kinds of process, ordered by name.
    pub(crate) processes: Vec<(&'a Resource, &'a Process)>,
    /// Work that runs at times, ordered by id.
    pub(crate) jobs: Vec<(&'a Resource, &'a Job)>,
    /// Host names that lead to it, ordered by name.
    pub(crate) domains: Vec<(&'a Resource, &'a Domain)>,
    /// Services that it uses, its own and those of others, ordered by id.
    pub(crate) addons: Vec<(&'a Resource, &'a Addon)>,
}

impl EstateApp<'_> {
    /// Whether it was made for one change under review, and goes with it.
    pub(crate) fn is_preview(&self) -> bool {
        self.app.is_review_app
    }
}

/// All applications, ordered by key. Applications under review get keys too, since databases and messages speak of them.
pub(crate) fn apps<'a>(
    estate: &'a Estate,
    environment: &str,
    previous: Option<&Design>,
) -> Vec<EstateApp<'a>> {
    let index = Index::of(estate);
    let mut keys = Keys::applications(previous, estate);
    let mut apps: Vec<EstateApp<'a>> = estate
        .apps()
        .map(|(resource, app)| EstateApp {
            key: key(resource, &mut keys),
            environment: environment_of(app, environment),
            processes: index
                .processes
                .get(resource.id.as_str())
                .cloned()
                .unwrap_or_default(),
            jobs: index
                .jobs
                .get(resource.id.as_str())
                .cloned()
                .unwrap_or_default(),
            domains: index
                .domains
                .get(resource.id.as_str())
                .cloned()
                .unwrap_or_default(),
            addons: index
                .addons
                .get(resource.id.as_str())
                .cloned()
                .unwrap_or_default(),
            resource,
            app,
        })
        .collect();
    apps.sort_by(|left, right| left.key.cmp(&right.key));
    apps
}

/// Its own name, unless a namespace of that name belongs to the cluster.
fn key(resource: &Resource, keys: &mut Keys) -> String {
    let plain = name::key(&resource.name, KEY_LENGTH_MAX);
    let free = match is_reserved(&plain) {
        true => format!("app-{plain}"),
        false => resource.name.clone(),
    };
    keys.give(&free, [&resource.id], KEY_LENGTH_MAX)
}

/// Production is the environment of the policy; so is an application of which nothing is said.
fn environment_of(app: &App, environment: &str) -> String {
    match app.stage.as_deref() {
        None | Some(PRODUCTION) => environment.to_owned(),
        Some(stage) => name::key(stage, ENVIRONMENT_LENGTH_MAX),
    }
}

/// Which application, and through which service, a database or cache belongs to.
#[derive(Clone, Debug)]
pub(crate) struct StoreOwner<'a> {
    /// The application that owns the service.
    pub(crate) app: &'a EstateApp<'a>,
    /// The service.
    pub(crate) addon: (&'a Resource, &'a Addon),
}

impl StoreOwner<'_> {
    /// A name that people understand: that of the application and of the setting, instead of one that the platform made up.
    pub(crate) fn store_name(&self) -> String {
        let setting = self
            .addon
            .1
            .config_vars
            .iter()
            .min_by_key(|name| (name.len(), (*name).clone()));
        let word = setting.map_or(self.addon.0.name.as_str(), |name| {
            name.strip_suffix("_URL").unwrap_or(name)
        });
        format!(
            "{}-{}",
            self.app.key,
            word.to_ascii_lowercase().replace("database", "db")
        )
    }
}

/// The owner of a store, where one is known.
pub(crate) fn owner<'a>(
    estate: &Estate,
    apps: &'a [EstateApp<'a>],
    store_id: &str,
) -> Option<StoreOwner<'a>> {
    let addon_id = estate
        .edges
        .iter()
        .find(|edge| edge.from == store_id && edge.relation == BELONGS_TO)
        .map(|edge| edge.to.as_str())?;
    apps.iter().find_map(|app| {
        let addon = app.addons.iter().find(|(resource, addon)| {
            resource.id == addon_id && addon.app_id.as_deref() == Some(app.resource.id.as_str())
        })?;
        Some(StoreOwner { app, addon: *addon })
    })
}

/// Everything by the id of its application.
#[derive(Default)]
struct Index<'a> {
    processes: BTreeMap<&'a str, Vec<(&'a Resource, &'a Process)>>,
    jobs: BTreeMap<&'a str, Vec<(&'a Resource, &'a Job)>>,
    domains: BTreeMap<&'a str, Vec<(&'a Resource, &'a Domain)>>,
    addons: BTreeMap<&'a str, Vec<(&'a Resource, &'a Addon)>>,
}

impl<'a> Index<'a> {
    fn of(estate: &'a Estate) -> Index<'a> {
        let mut index = Index::default();
        let mut routes: BTreeMap<&str, &str> = BTreeMap::new();
        for edge in estate
            .edges
            .iter()
            .filter(|edge| edge.relation == ROUTES_TO)
        {
            routes.insert(&edge.from, &edge.to);
        }
        for resource in &estate.resources {
            index.add(resource, &routes);
        }
        for list in index.processes.values_mut() {
            list.sort_by_key(|(resource, _)| (&resource.name, &resource.id));
        }
        for list in index.domains.values_mut() {
            list.sort_by_key(|(resource, _)| (resource.name.starts_with('*'), &resource.name));
        }
        index
    }

    fn add(&mut self, resource: &'a Resource, routes: &BTreeMap<&'a str, &'a str>) {
        match &resource.attributes {
            Attributes::Process(process) => {
                let list = self.processes.entry(&process.app_id).or_default();
                list.push((resource, process));
            }
            Attributes::Job(job) => self
                .jobs
                .entry(&job.app_id)
                .or_default()
                .push((resource, job)),
            Attributes::Domain(domain) => {
                if let Some(app) = routes.get(resource.id.as_str()) {
                    self.domains
                        .entry(app)
                        .or_default()
                        .push((resource, domain));
                }
            }
            Attributes::Addon(addon) => {
                let users = addon.app_id.iter().chain(&addon.shared_with);
                for app in users.collect::<BTreeSet<_>>() {
                    self.addons.entry(app).or_default().push((resource, addon));
                }
            }
            _ => {}
        }
    }
}
