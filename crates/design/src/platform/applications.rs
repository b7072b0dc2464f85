//! Applications: a namespace, a service account, an image and settings for each.

use reberth_model::design::{
    AppSettings, Application, Bucket, ClusterAddon, ClusterChart, Grant, ImageBuild,
    ImageRepository, Origin, PodIdentity,
};
use reberth_model::estate::{Attributes, Estate, Resource};
use std::collections::BTreeMap;

use super::cluster;
use super::estate_app::EstateApp;
use super::settings::{self, Stores};
use crate::name::{self, Keys};

const CONTAINER: &str = "container";
const IMAGES_KEPT: u32 = 30;
/// Longest key of a repository and of an identity: project, environment and key make up names of 64 characters.
const KEY_LENGTH_MAX: usize = 40;
const SYSTEM_NAMESPACE: &str = "kube-system";

/// The applications, ordered by key.
pub(super) fn list(
    apps: &[&EstateApp<'_>],
    estate: &Estate,
    stores: &Stores,
    project: &str,
    repository_keys: Keys,
) -> (Vec<Application>, Vec<ImageRepository>) {
    let (of_app, repositories) = repositories(apps, estate, project, repository_keys);
    let applications = apps
        .iter()
        .map(|app| {
            let folder = format!("{project}/{}/{}", app.environment, app.key);
            Application {
                name: app.resource.name.clone(),
                environment: app.environment.clone(),
                namespace: app.key.clone(),
                service_account: app.key.clone(),
                identity: identity_key(&app.key),
                repository: of_app.get(&app.resource.id).cloned().unwrap_or_default(),
                build: build(app),
                settings: AppSettings {
                    secret: format!("{folder}/settings"),
                    bound_secret: format!("{folder}/bound"),
                    settings: settings::of(app, stores),
                },
                origin: Origin {
                    from: vec![app.resource.id.clone()],
                    why: format!("replaces the application {}", app.resource.name),
                },
                key: app.key.clone(),
            }
        })
        .collect();
    (applications, repositories)
}

fn build(app: &EstateApp<'_>) -> ImageBuild {
    if app.app.stack == CONTAINER {
        return ImageBuild::Dockerfile;
    }
    ImageBuild::Buildpacks(app.app.buildpacks.clone())
}

/// One repository for all applications of a pipeline, since the same image goes through it; one for each other application.
fn repositories(
    apps: &[&EstateApp<'_>],
    estate: &Estate,
    project: &str,
    mut keys: Keys,
) -> (BTreeMap<String, String>, Vec<ImageRepository>) {
    // Pipelines come first: an application that has left one is named by its repository too, and must not take it along.
    let mut groups: BTreeMap<(bool, String), (String, Vec<String>)> = BTreeMap::new();
    for app in apps {
        let pipeline = pipeline(estate, &app.resource.id);
        let (id, name) = pipeline.map_or_else(
            || (app.resource.id.clone(), app.resource.name.clone()),
            |own| (own.id.clone(), own.name.clone()),
        );
        groups
            .entry((pipeline.is_none(), id))
            .or_insert_with(|| (name, Vec::new()))
            .1
            .push(app.resource.id.clone());
    }
    let mut of_app = BTreeMap::new();
    let mut repositories: Vec<ImageRepository> = groups
        .into_iter()
        .map(|((_, id), (name, members))| {
            let key = keys.give(&name, [&id], KEY_LENGTH_MAX);
            of_app.extend(members.iter().map(|app| (app.clone(), key.clone())));
            let mut from = members;
            if !from.contains(&id) {
                from.push(id);
            }
            from.sort();
            ImageRepository {
                name: format!("{project}/{key}"),
                images_kept: IMAGES_KEPT,
                encryption_key: cluster::ENCRYPTION_KEY.to_owned(),
                origin: Origin {
                    from,
                    why: "an image is built once and goes from one environment to the next by its digest".to_owned(),
                },
                key,
            }
        })
        .collect();
    repositories.sort_by(|left, right| left.key.cmp(&right.key));
    (of_app, repositories)
}

fn pipeline<'a>(estate: &'a Estate, app_id: &str) -> Option<&'a Resource> {
    let edges = estate
        .edges
        .iter()
        .filter(|edge| edge.from == app_id && edge.relation == "belongs_to");
    edges
        .filter_map(|edge| {
            estate
                .of_kind("pipeline")
                .find(|resource| resource.id == edge.to)
        })
        .find(|resource| matches!(resource.attributes, Attributes::Pipeline(_)))
}

fn identity_key(app: &str) -> String {
    name::shortened(&format!("app-{app}"), KEY_LENGTH_MAX)
}

/// What pods may do in AWS: those of the applications, and those of the cluster's own parts.
pub(super) fn identities(
    applications: &[Application],
    buckets: &[Bucket],
    addons: &[ClusterAddon],
    charts: &[ClusterChart],
) -> Vec<PodIdentity> {
    let all: Vec<String> = applications.iter().map(|own| own.key.clone()).collect();
    let buckets: Vec<String> = buckets.iter().map(|own| own.key.clone()).collect();
    let mut identities: Vec<PodIdentity> = applications
        .iter()
        .map(|own| of_application(own, &buckets))
        .collect();
    for addon in addons.iter().filter_map(|own| own.identity.as_ref()) {
        let (account, grant) = match addon.as_str() {
            "vpc-cni" => ("aws-node", Grant::AssignAddresses),
            _ => ("ebs-csi-controller-sa", Grant::AttachVolumes),
        };
        identities.push(of_part(addon, SYSTEM_NAMESPACE, account, grant));
    }
    for chart in charts {
        let Some(key) = &chart.identity else {
            continue;
        };
        let grant = match key.as_str() {
            "aws-load-balancer-controller" => Grant::BindTargetGroups,
            "cluster-autoscaler" => Grant::ScaleNodeGroups,
            "fluent-bit" => Grant::WriteLogs,
            _ => Grant::ReadSecrets(all.clone()),
        };
        identities.push(of_part(
            key,
            &chart.namespace,
            &chart.service_account,
            grant,
        ));
    }
    identities.sort_by(|left, right| left.key.cmp(&right.key));
    identities
}

fn of_application(own: &Application, buckets: &[String]) -> PodIdentity {
    let grants = if buckets.is_empty() {
        Vec::new()
    } else {
        vec![Grant::UseBuckets(buckets.to_vec())]
    };
    PodIdentity {
        key: own.identity.clone(),
        namespace: own.namespace.clone(),
        service_account: own.service_account.clone(),
        grants,
        origin: Origin {
            from: own.origin.from.clone(),
            why: "a role in place of keys that do not expire; give it what the application opens in AWS".to_owned(),
        },
    }
}

fn of_part(key: &str, namespace: &str, service_account: &str, grant: Grant) -> PodIdentity {
    PodIdentity {
        key: key.to_owned(),
        namespace: namespace.to_owned(),
        service_account: service_account.to_owned(),
        grants: vec![grant],
        origin: Origin {
            from: Vec::new(),
            why: "exactly what it needs, and only its own service account".to_owned(),
        },
    }
}
