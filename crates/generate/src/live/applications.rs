//! `40-apps` on a cluster: what applications have in AWS beside the pods themselves.

use reberth_model::design::{
    Application, Design, Grant, ImageRepository, Platform, PodIdentity, WebEntry, Workload,
    WorkloadKind,
};

use super::platform::{grants, is_of_addon};
use super::{Root, arguments, entry, module, origin, sentence};
use crate::folder::{Folder, Output, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, object, template};

const TEXT: &str = "\
What applications have in AWS: repositories for their images, secrets for their settings, the roles of their pods, and the target groups through which load balancers
reach them. The pods themselves are installed by the charts of the applications.

Secrets are made empty. Their values go from the source straight into Secrets Manager and are in no file and no state.";

/// The root.
pub(super) fn root(design: &Design, platform: &Platform) -> Folder {
    let mut reads = vec!["00-network", "10-security"];
    if uses_buckets(platform) {
        reads.push("20-data");
    }
    reads.push("30-platform");
    Root {
        name: "40-apps",
        text: TEXT,
        reads: &reads,
        outputs: outputs(platform),
        variables: Vec::new(),
        files: files(platform),
    }
    .folder(design)
}

fn uses_buckets(platform: &Platform) -> bool {
    let mut grants = platform.identities.iter().flat_map(|own| &own.grants);
    grants.any(|grant| matches!(grant, Grant::UseBuckets(keys) if !keys.is_empty()))
}

fn files(platform: &Platform) -> Vec<(&'static str, Body)> {
    let mut files = Vec::new();
    if !platform.repositories.is_empty() {
        files.push(("repositories.tf", repositories(platform)));
    }
    if !platform.applications.is_empty() {
        files.push(("secrets.tf", secrets(platform)));
    }
    if own_identities(platform).next().is_some() {
        files.push(("identities.tf", identities(platform)));
    }
    if entries(platform).next().is_some() {
        files.push(("target_groups.tf", target_groups(platform)));
    }
    files
}

fn outputs(platform: &Platform) -> Vec<Output> {
    let mut outputs = Vec::new();
    if !platform.repositories.is_empty() {
        outputs.push(output(
            "repository_urls",
            "Where images are pushed to, by key.",
            "{ for key, repository in module.repository : key => repository.url }",
        ));
    }
    if !platform.applications.is_empty() {
        outputs.push(output(
            "secret_arns",
            "ARNs of the secrets that hold settings, by name.",
            "module.application_secrets.arns",
        ));
    }
    if own_identities(platform).next().is_some() {
        outputs.push(output(
            "role_arns",
            "Roles of pods by key.",
            "{ for key, identity in module.identity : key => identity.role_arn }",
        ));
    }
    if entries(platform).next().is_some() {
        outputs.push(output(
            "target_group_arns",
            "ARNs of the target groups by workload.",
            "{ for key, group in module.target_group : key => group.arn }",
        ));
        outputs.push(output(
            "target_group_arn_suffixes",
            "Ends of those ARNs by workload, by which metrics know them.",
            "{ for key, group in module.target_group : key => group.arn_suffix }",
        ));
    }
    outputs
}

fn repositories(platform: &Platform) -> Body {
    let value = |repository: &ImageRepository| {
        object([
            ("name", Expression::from(&repository.name)),
            ("images_kept", repository.images_kept.into()),
            ("encryption_key", (&repository.encryption_key).into()),
        ])
    };
    let entries = platform
        .repositories
        .iter()
        .map(|own| entry(&own.key, &own.origin, value(own)));
    let call = module("repository", "image-repository").set("for_each", code("local.repositories"));
    Body::new()
        .block(block("locals", &[]).set("repositories", Expression::Object(entries.collect())))
        .block(arguments(
            call,
            &[
                ("", ""),
                ("name", "each.value.name"),
                ("images_kept", "each.value.images_kept"),
                (
                    "kms_key_arn",
                    "data.terraform_remote_state.security.outputs.kms_key_arns[each.value.encryption_key]",
                ),
            ],
        ))
}

fn secrets(platform: &Platform) -> Body {
    let pair = |application: &Application| {
        let settings = &application.settings;
        let carried = format!("Settings of {}, with the releases", application.key);
        let bound = format!(
            "Addresses of the databases and caches of {}",
            application.key
        );
        [
            Entry::commented(origin(&application.origin), &settings.secret, carried),
            Entry::from((&settings.bound_secret, bound)),
        ]
    };
    let secrets = platform.applications.iter().flat_map(pair);
    let key = "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]";
    let call = module("application_secrets", "application-secrets")
        .gap()
        .set("secrets", code("local.secrets"))
        .set("kms_key_arn", code(key));
    Body::new()
        .block(block("locals", &[]).set("secrets", Expression::Object(secrets.collect())))
        .block(call)
}

fn own_identities(platform: &Platform) -> impl Iterator<Item = &PodIdentity> {
    let own = platform.identities.iter();
    own.filter(|identity| !is_of_addon(platform, identity))
}

fn identities(platform: &Platform) -> Body {
    let entries = own_identities(platform).map(|identity| {
        Entry::commented(
            origin(&identity.origin),
            &identity.key,
            grants::value(identity, platform),
        )
    });
    let locals = block("locals", &[]).set("identities", Expression::Object(entries.collect()));
    let body = if own_identities(platform).any(|own| own.grants.contains(&Grant::BindTargetGroups))
    {
        Body::new()
            .block(block("data", &["aws_caller_identity", "current"]))
            .block(block("data", &["aws_partition", "current"]))
    } else {
        Body::new()
    };
    body.block(locals).block(identity_call())
}

fn identity_call() -> Block {
    let call = module("identity", "pod-identity")
        .set("for_each", code("local.identities"))
        .gap()
        .set("name", template("${local.name}-${each.key}"));
    arguments(
        call,
        &[
            (
                "cluster_name",
                "data.terraform_remote_state.platform.outputs.cluster_name",
            ),
            ("namespace", "each.value.namespace"),
            ("service_account", "each.value.service_account"),
            ("managed_policies", "each.value.managed_policies"),
            ("statements", "each.value.statements"),
        ],
    )
}

/// Workloads that a load balancer stands before.
fn entries(platform: &Platform) -> impl Iterator<Item = (&Workload, &WebEntry)> {
    platform
        .workloads
        .iter()
        .filter_map(|workload| match &workload.kind {
            WorkloadKind::Web(entry) if entry.ingress.is_some() => Some((workload, entry)),
            _ => None,
        })
}

fn target_groups(platform: &Platform) -> Body {
    let groups = entries(platform).map(|(workload, web)| {
        let mut comment = origin(&workload.origin);
        comment.push(format!("Health: {}", sentence(&web.health_path.why)));
        let value = object([
            ("port", Expression::from(u32::from(web.port))),
            ("health_path", (&web.health_path.value).into()),
            ("healthy_codes", (&web.healthy_codes).into()),
            ("deregistration_seconds", web.deregistration_seconds.into()),
            ("sticky", web.sticky.into()),
        ]);
        Entry::commented(comment, &workload.key, value)
    });
    let call = module("target_group", "target-group")
        .set("for_each", code("local.target_groups"))
        .gap()
        .set("name", template("${local.name}-${each.key}"));
    Body::new()
        .block(block("locals", &[]).set("target_groups", Expression::Object(groups.collect())))
        .block(arguments(
            call,
            &[
                (
                    "vpc_id",
                    "data.terraform_remote_state.network.outputs.vpc_id",
                ),
                ("port", "each.value.port"),
                ("health_path", "each.value.health_path"),
                ("healthy_codes", "each.value.healthy_codes"),
                (
                    "deregistration_seconds",
                    "each.value.deregistration_seconds",
                ),
                ("sticky", "each.value.sticky"),
            ],
        ))
}
