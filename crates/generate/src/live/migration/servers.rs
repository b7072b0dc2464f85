//! What AWS Application Migration Service needs, where it copies the disks of servers.

use reberth_model::design::Design;

use crate::folder::{Output, Variable, output, variable};
use crate::hcl::{Body, code, list, template};
use crate::live::{arguments, module};

/// Whether the disks of any server are copied.
pub(super) fn has_content(design: &Design) -> bool {
    !design.migration.copied_servers.is_empty()
}

/// `servers.tf`.
pub(super) fn body(design: &Design) -> Body {
    let zone = design.network.zones.first().map_or("a", |zone| &zone.key);
    let servers = design.migration.copied_servers.iter();
    let mut addresses: Vec<&String> = servers.flat_map(|server| &server.addresses).collect();
    addresses.sort();
    addresses.dedup();
    let call = module("server_replication", "server-replication")
        .gap()
        .set("name", template("${local.name}-copy"))
        .set("source_addresses", list(addresses))
        .set("installer_arns", code("var.agent_installer_arns"))
        .set(
            "create_service_roles",
            code("var.create_migration_service_roles"),
        );
    Body::new().block(arguments(
        call,
        &[
            ("", ""),
            (
                "vpc_id",
                "data.terraform_remote_state.network.outputs.vpc_id",
            ),
            (
                "staging_subnet_id",
                &format!(
                    "data.terraform_remote_state.network.outputs.public_subnet_ids[\"{zone}\"]"
                ),
            ),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"compute\"]",
            ),
        ],
    ))
}

pub(super) fn variables() -> Vec<Variable> {
    vec![
        variable(
            "agent_installer_arns",
            "list(string)",
            "Roles or people that may install agents on the servers of the source; empty: whoever the account's own policies let.",
        )
        .default(list::<&str>([])),
        variable(
            "create_migration_service_roles",
            "bool",
            "Whether the roles of the service are made; false where the account has used it before.",
        )
        .default(true),
    ]
}

pub(super) fn outputs() -> Vec<Output> {
    vec![
        output(
            "replication_configuration_template",
            "For aws mgn create-replication-configuration-template --cli-input-json.",
            "module.server_replication.replication_configuration_template",
        ),
        output(
            "launch_configuration_template",
            "For aws mgn create-launch-configuration-template --cli-input-json.",
            "module.server_replication.launch_configuration_template",
        ),
        output(
            "agent_installer_role_arn",
            "Role that whoever installs agents takes on.",
            "module.server_replication.installer_role_arn",
        ),
    ]
}
