//! `90-migration`: everything that goes away when the move is over.

mod cluster;
mod servers;

use reberth_model::design::{Design, ReplicationEngine};

use super::data::MYSQL;
use super::{Root, arguments, module};
use crate::folder::{Folder, Output, Variable, output, variable};
use crate::hcl::{Block, Body, Expression, block, code, list, object, template};

const TEXT: &str = "\
Everything that exists for the move only; nothing else may refer to it, and it is destroyed at the end. The runner goes out by the address of its zone's NAT
gateway (`nat_public_ips` of `00-network`): enter that address as a trusted source of each database before the copy. Nothing comes in: open a session with

    aws ssm start-session --target INSTANCE

Passwords of the source are put into Secrets Manager by a person, under the runner's own name (`NAME-runner/…`); it reads those, the passwords of
the new databases, and nothing else.";

/// Whether anything exists for the move only.
pub(super) fn has_content(design: &Design) -> bool {
    !design.databases.is_empty() || servers::has_content(design)
}

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let moves_databases = !design.databases.is_empty();
    let by_service = moves_databases && design.migration.engine == ReplicationEngine::Dms;
    let mut files = Vec::new();
    let mut reads = vec!["00-network", "10-security"];
    let mut outputs = Vec::new();
    let mut variables = Vec::new();
    if moves_databases {
        let runs = Body::new().block(targets(design)).block(runner(design));
        files.push(("main.tf", runs));
        reads.push("20-data");
        outputs.extend(database_outputs(by_service));
    }
    if by_service {
        files.push(("replication.tf", replication(design)));
        variables.extend(database_variables());
    }
    if servers::has_content(design) {
        files.push(("servers.tf", servers::body(design)));
        outputs.extend(servers::outputs());
        variables.extend(servers::variables());
    }
    if let Some(platform) = &design.platform {
        files.push(("cluster.tf", cluster::body(platform)));
        reads.push("30-platform");
    }
    Root {
        name: "90-migration",
        text: TEXT,
        reads: &reads,
        outputs,
        variables,
        files,
    }
    .folder(design)
}

fn database_outputs(by_service: bool) -> Vec<Output> {
    let mut outputs = vec![output(
        "runner_instance_id",
        "Id of the runner, for aws ssm start-session --target.",
        "module.runner.instance_id",
    )];
    if by_service {
        let value = "module.replication.task_arns";
        outputs.push(output(
            "replication_task_arns",
            "Replication tasks by database; a person starts them.",
            value,
        ));
    }
    outputs
}

fn database_variables() -> Vec<Variable> {
    vec![
        variable(
            "source_secret_arns",
            "map(string)",
            "Secrets with host, port, username and password of the source's databases, by key.",
        ),
        variable(
            "target_secret_arns",
            "map(string)",
            "Secrets with host, port, username and password of the new databases, by key.",
        ),
        variable(
            "source_ca_pem",
            "string",
            "Certificate of the authority that the source's databases are signed by, as its provider shows it.",
        ),
        variable(
            "target_ca_pem",
            "string",
            "Certificate of the authority of RDS in this region.",
        ),
    ]
}

/// The databases that are filled: their security groups and schemas.
fn targets(design: &Design) -> Block {
    let targets = design.databases.iter().map(|database| {
        let value = object([
            ("security_group", Expression::from(&database.security_group)),
            ("port", port(&database.engine).into()),
            ("schemas", list(&database.schemas)),
        ]);
        (&database.key, value)
    });
    block("locals", &[]).set("targets", object(targets))
}

/// Where RDS listens.
fn port(engine: &str) -> u32 {
    if engine == MYSQL { 3306 } else { 5432 }
}

fn runner(design: &Design) -> Block {
    let migration = &design.migration;
    let zone = design.network.zones.first().map_or("a", |zone| &zone.key);
    let ports = migration.source_ports.iter().map(|port| u32::from(*port));
    // The key of disks is the one that EC2 may use for everybody; without servers or nodes there is none.
    let has_disks = design.keys.iter().any(|key| key.key == "compute");
    let disk_key = if has_disks { "compute" } else { "data" };
    let groups = "{ for key, target in local.targets : key => { id = data.terraform_remote_state.security.outputs.security_group_ids[target.security_group], port = target.port } }";
    let call = module("runner", "migration-runner")
        .gap()
        .set("name", template("${local.name}-runner"))
        .set("instance_type", &migration.runner_type)
        .set("disk_gib", migration.runner_disk_gib)
        .set("source_ports", list(ports));
    arguments(
        call,
        &[
            ("", ""),
            (
                "vpc_id",
                "data.terraform_remote_state.network.outputs.vpc_id",
            ),
            (
                "subnet_id",
                &format!("data.terraform_remote_state.network.outputs.app_subnet_ids[\"{zone}\"]"),
            ),
            ("database_security_groups", groups),
            ("", ""),
            (
                "secret_arns",
                "compact(values(data.terraform_remote_state.data.outputs.master_secret_arns))",
            ),
            (
                "data_kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]",
            ),
            (
                "disk_kms_key_arn",
                &format!(
                    "data.terraform_remote_state.security.outputs.kms_key_arns[\"{disk_key}\"]"
                ),
            ),
        ],
    )
}

fn replication(design: &Design) -> Body {
    let databases = crate::hcl::call(
        "{ for key, target in local.targets : key => ",
        object([
            ("source_secret_arn", code("var.source_secret_arns[key]")),
            ("target_secret_arn", code("var.target_secret_arns[key]")),
            ("schemas", code("target.schemas")),
            (
                "security_group_id",
                code(
                    "data.terraform_remote_state.security.outputs.security_group_ids[target.security_group]",
                ),
            ),
            ("port", code("target.port")),
        ]),
    );
    let ports = design
        .migration
        .source_ports
        .iter()
        .map(|port| u32::from(*port));
    let call = module("replication", "replication-service")
        .gap()
        .set("name", template("${local.name}-move"))
        .set("databases", databases)
        .set("source_ports", list(ports));
    Body::new().block(arguments(
        call,
        &[
            ("source_ca_pem", "var.source_ca_pem"),
            ("target_ca_pem", "var.target_ca_pem"),
            ("", ""),
            (
                "vpc_id",
                "data.terraform_remote_state.network.outputs.vpc_id",
            ),
            (
                "subnet_ids",
                "values(data.terraform_remote_state.network.outputs.app_subnet_ids)",
            ),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]",
            ),
        ],
    ))
}
