//! `30-platform`: the cluster, its nodes, and the software that the cluster itself needs.

mod addons;
mod cluster;
pub(super) mod grants;
mod nodes;

use reberth_model::design::{Design, Grant, Platform, PodIdentity};

use super::Root;
use crate::folder::{Folder, output, variable};
use crate::hcl::{Block, Body, block, code, template};

const TEXT: &str = "\
The cluster, its nodes, and the add-ons that EKS itself keeps. What runs on it belongs to `40-apps` and to the charts of the applications, so that a change of an
application never plans a change of the cluster.

Enter the roles that apply this code and that deploy (`infrastructure_role_arn`, `deploy_role_arn`) before the first apply: whoever creates the cluster has no right
in it for that alone, and a cluster without entries can be given one by `aws eks create-access-entry` only. The API has no public endpoint unless the design says
so: `kubectl` and Helm run inside the network, on the runner of `90-migration` or on a build machine there.

An upgrade raises the version of the cluster by one, then the add-ons, then the nodes, each with a plan of its own.";

/// The root.
pub(super) fn root(design: &Design, platform: &Platform) -> Folder {
    let mut files = vec![
        ("main.tf", cluster::body(platform)),
        ("nodes.tf", nodes::body(platform)),
        ("addons.tf", addons::body(platform)),
    ];
    if writes_logs(platform) {
        files.push(("logs.tf", Body::new().block(log_group())));
    }
    Root {
        name: "30-platform",
        text: TEXT,
        reads: &["00-network", "10-security"],
        outputs: outputs(platform),
        variables: vec![
            variable(
                "infrastructure_role_arn",
                "string",
                "Role that applies this code; null gives it no right in the cluster.",
            )
            .default(code("null")),
            variable(
                "deploy_role_arn",
                "string",
                "Role with which the build machine deploys; null gives it no right in the cluster.",
            )
            .default(code("null")),
        ],
        files,
    }
    .folder(design)
}

fn outputs(platform: &Platform) -> Vec<crate::folder::Output> {
    let mut outputs = vec![
        output(
            "cluster_name",
            "Name of the cluster, for aws eks update-kubeconfig --name.",
            "module.cluster.name",
        ),
        output("cluster_arn", "ARN of the cluster.", "module.cluster.arn"),
        output(
            "cluster_endpoint",
            "Address of the cluster's API.",
            "module.cluster.endpoint",
        ),
        output(
            "cluster_certificate_authority",
            "Certificate of the authority that the API is signed by, in base64.",
            "module.cluster.certificate_authority",
        ),
        output(
            "cluster_security_group_id",
            "Security group that EKS made for control plane and nodes.",
            "module.cluster.security_group_id",
        ),
        output(
            "node_group_arns",
            "ARNs of the node groups by key.",
            "{ for key, group in module.node_group : key => group.arn }",
        ),
    ];
    if writes_logs(platform) {
        outputs.push(output(
            "application_log_group",
            "Log group that the lines of all pods go to.",
            "aws_cloudwatch_log_group.applications.name",
        ));
        outputs.push(output(
            "application_log_group_arn",
            "ARN of that group.",
            "aws_cloudwatch_log_group.applications.arn",
        ));
    }
    outputs
}

/// Whether some pod writes the cluster's logs.
pub(super) fn writes_logs(platform: &Platform) -> bool {
    let mut grants = platform.identities.iter().flat_map(|own| &own.grants);
    grants.any(|grant| *grant == Grant::WriteLogs)
}

/// Identities of add-ons, which name their roles themselves; all others belong to `40-apps`.
pub(super) fn is_of_addon(platform: &Platform, identity: &PodIdentity) -> bool {
    let mut addons = platform.cluster_addons.iter();
    addons.any(|addon| addon.identity.as_ref() == Some(&identity.key))
}

fn log_group() -> Block {
    block("resource", &["aws_cloudwatch_log_group", "applications"])
        .set("name", template("/${local.name}/applications"))
        .set("retention_in_days", 365_u32)
        .set(
            "kms_key_id",
            code("data.terraform_remote_state.network.outputs.log_kms_key_arn"),
        )
}
