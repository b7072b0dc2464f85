//! Applications, each with everything below it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use reberth_model::estate::{App, Attributes, ConfigVar, Resource};

use super::config_vars::ConfigVars;
use super::form::{Named, Reference, host, name_of};
use super::pipelines::Coupling;
use super::processes::{self, DynoSize};
use super::reader::Reader;
use super::telemetry_drains::{self, Owner};
use super::{Options, domains};
use crate::client::IN_FLIGHT_MAX;
use crate::gathered::Gathered;
use crate::item::Identified;
use crate::segment::segment;
use crate::{DiscoverError, Progress};

/// Releases that are looked through for the one that runs.
const RELEASES_MAX: u32 = 10;

/// An application as lists tell it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AppSummary {
    pub(super) id: String,
    pub(super) name: String,
    stack: Option<Named>,
    generation: Option<Named>,
    team: Option<Named>,
    space: Option<Named>,
    region: Option<Named>,
    internal_routing: Option<bool>,
    maintenance: Option<bool>,
    released_at: Option<String>,
    slug_size: Option<u64>,
    web_url: Option<String>,
}

impl Identified for AppSummary {
    fn id(&self) -> String {
        self.id.clone()
    }
}

#[derive(Debug, Deserialize)]
struct Stack {
    id: String,
    name: String,
    state: Option<String>,
    #[serde(default)]
    default: bool,
}

impl Identified for Stack {
    fn id(&self) -> String {
        self.id.clone()
    }
}

#[derive(Debug, Deserialize)]
struct Release {
    version: u64,
    slug: Option<Reference>,
    status: Option<String>,
    #[serde(default)]
    current: bool,
}

#[derive(Debug, Deserialize)]
struct Slug {
    commit: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    process_types: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct BuildpackInstallation {
    ordinal: u64,
    buildpack: Buildpack,
}

#[derive(Debug, Deserialize)]
struct Buildpack {
    name: Option<String>,
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Feature {
    id: String,
    name: String,
    enabled: bool,
}

impl Identified for Feature {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Everything the account can see: its own list and those of its teams, none twice.
pub(super) async fn of_account(
    reader: &Reader<'_>,
    own: Vec<AppSummary>,
    teams: &[Named],
) -> Result<Vec<AppSummary>, DiscoverError> {
    let mut apps: BTreeMap<String, AppSummary> = BTreeMap::new();
    for team in teams {
        let path = format!("/teams/{}/apps", segment(&team.name));
        for app in reader.list::<AppSummary>(&path).await?.unwrap_or_default() {
            apps.insert(app.id.clone(), app);
        }
    }
    // The account's own list tells more of each.
    apps.extend(own.into_iter().map(|app| (app.id.clone(), app)));
    Ok(apps.into_values().collect())
}

pub(super) async fn gather(
    reader: &Reader<'_>,
    apps: &[AppSummary],
    couplings: &[Coupling],
    options: &Options<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let stacks: Vec<Stack> = reader.list("/stacks").await?.unwrap_or_default();
    let sizes: Vec<DynoSize> = reader.list("/dyno-sizes").await?.unwrap_or_default();
    // Collected, since the compiler must see one lifetime in all of them.
    let reads: Vec<_> = apps
        .iter()
        .map(|app| read_app(reader, app, &sizes, &stacks, couplings, options))
        .collect();
    let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    let mut done = 0;
    while let Some(found) = reads.try_next().await? {
        done += 1;
        reader.tell(Progress::Advanced {
            what: "applications",
            done,
            total: apps.len(),
        });
        gathered.absorb(found);
    }
    Ok(())
}

async fn read_app(
    reader: &Reader<'_>,
    app: &AppSummary,
    sizes: &[DynoSize],
    stacks: &[Stack],
    couplings: &[Coupling],
    options: &Options<'_>,
) -> Result<Gathered, DiscoverError> {
    let mut found = Gathered::default();
    let root = format!("/apps/{}", segment(&app.name));
    let releases: Option<Vec<Release>> = reader
        .newest(&format!("{root}/releases"), "version", RELEASES_MAX)
        .await?;
    let release = running(releases.unwrap_or_default());
    let slug: Option<Slug> = match release.as_ref().and_then(|release| release.slug.as_ref()) {
        Some(slug) => {
            let path = format!("{root}/slugs/{}", segment(&slug.id));
            reader.object_if_any(&path).await?
        }
        None => None,
    };
    processes::gather(reader, app, sizes, &mut found).await?;
    domains::gather(reader, app, &mut found).await?;
    super::people::gather_drains_and_webhooks(reader, app, &mut found).await?;
    let owner = Owner {
        kind: "app",
        root: &root,
        id: &app.id,
        name: &app.name,
        generation: app.generation.as_ref().map(|own| own.name.as_str()),
    };
    telemetry_drains::gather(reader, owner, &mut found).await?;
    let config = read_config(reader, &root, options).await?;
    let coupling = couplings.iter().find(|coupling| coupling.app.id == app.id);
    if let Some(coupling) = coupling {
        found.refer_known(&app.id, "belongs_to", &coupling.pipeline.id);
    }
    let stage = coupling.map(|coupling| coupling.stage.clone());
    let stack = name_of(app.stack.as_ref()).unwrap_or_default();
    found.add(Resource {
        id: app.id.clone(),
        name: app.name.clone(),
        region: name_of(app.region.as_ref()),
        cost: None,
        attributes: Attributes::App(App {
            stack_state: stacks
                .iter()
                .find(|known| known.name == stack)
                .and_then(|known| known.state.clone()),
            default_stack: stacks
                .iter()
                .find(|known| known.default)
                .map(|known| known.name.clone()),
            stack,
            generation: name_of(app.generation.as_ref()),
            team: name_of(app.team.as_ref()),
            space: name_of(app.space.as_ref()),
            internal: app.internal_routing.unwrap_or(false),
            maintenance: app.maintenance.unwrap_or(false),
            is_review_app: stage.as_deref() == Some("review"),
            stage,
            web_host: app.web_url.as_deref().and_then(host),
            buildpacks: read_buildpacks(reader, &root).await?,
            release_command: slug
                .as_ref()
                .and_then(|slug| slug.process_types.get("release"))
                .map(|command| {
                    let owner = format!("{}/release", app.name);
                    reader.notes().command(&owner, command)
                }),
            commit: slug.as_ref().and_then(|slug| slug.commit.clone()),
            release: release.map(|release| release.version),
            released_at: app.released_at.clone(),
            slug_bytes: slug.and_then(|slug| slug.size).or(app.slug_size),
            features: read_features(reader, &root).await?,
            config,
        }),
    });
    Ok(found)
}

/// The release that runs: the one said to be current, else the newest that succeeded.
fn running(mut releases: Vec<Release>) -> Option<Release> {
    releases.sort_by_key(|release| {
        let succeeded = release.status.as_deref() == Some("succeeded");
        (release.current, succeeded, release.version)
    });
    releases.pop()
}

async fn read_config(
    reader: &Reader<'_>,
    root: &str,
    options: &Options<'_>,
) -> Result<Option<Vec<ConfigVar>>, DiscoverError> {
    let vars: Option<ConfigVars> = reader.object(&format!("{root}/config-vars")).await?;
    Ok(vars.map(|vars| vars.describe(options.fingerprint)))
}

/// Names of the buildpacks; of one given by address only its host, since the address may hold a token.
async fn read_buildpacks(reader: &Reader<'_>, root: &str) -> Result<Vec<String>, DiscoverError> {
    let path = format!("{root}/buildpack-installations");
    let mut found: Vec<BuildpackInstallation> = reader.whole_list(&path).await?.unwrap_or_default();
    found.sort_by_key(|installation| installation.ordinal);
    let named = |buildpack: Buildpack| {
        let is_address = |name: &str| name.contains("://");
        match buildpack.name.filter(|name| !is_address(name)) {
            Some(name) => name,
            None => match buildpack.url.as_deref().and_then(host) {
                Some(host) => format!("a buildpack from {host}"),
                None => "a buildpack without a name".to_owned(),
            },
        }
    };
    Ok(found
        .into_iter()
        .map(|installation| named(installation.buildpack))
        .collect())
}

async fn read_features(reader: &Reader<'_>, root: &str) -> Result<Vec<String>, DiscoverError> {
    let features: Option<Vec<Feature>> = reader.list(&format!("{root}/features")).await?;
    let enabled: BTreeSet<String> = features
        .into_iter()
        .flatten()
        .filter(|feature| feature.enabled)
        .map(|feature| feature.name)
        .collect();
    Ok(enabled.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_release_runs_else_the_newest_that_succeeded() {
        let release = |version, status: &str, current| Release {
            version,
            slug: None,
            status: Some(status.to_owned()),
            current,
        };
        let version = |releases| running(releases).map(|release| release.version);
        let failed_last = vec![release(8, "succeeded", false), release(9, "failed", false)];
        assert_eq!(version(failed_last), Some(8));
        let rolled_back = vec![
            release(8, "succeeded", true),
            release(9, "succeeded", false),
        ];
        assert_eq!(version(rolled_back), Some(8));
        assert_eq!(version(Vec::new()), None);
    }
}
