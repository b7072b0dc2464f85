//! How data moves, and what exists for that time only.

use reberth_model::design::{ArrivalWay, CopiedServer, Migration, ReplicationEngine, Service};
use reberth_model::estate::Estate;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const REBERTH: &str = "reberth";
const DMS: &str = "dms";
/// Port of databases whose own is not known.
const MYSQL_PORT: u16 = 3306;
/// Least disk of the runner in GiB.
const DISK_GIB_MIN: u64 = 50;

/// Designs the migration's own resources.
pub(crate) fn design(
    estate: &Estate,
    services: &[Service],
    decisions: &mut Decisions<'_>,
) -> Result<Migration, DesignError> {
    let has_postgres = estate.databases().any(|(_, source)| source.engine == "pg");
    let (why, engines): (&str, &[&str]) = if has_postgres {
        (
            "it follows PostgreSQL without the right of replication too; the module of DMS knows MySQL only",
            &[REBERTH],
        )
    } else {
        (
            "it proves every row by hashes and streams the way back; DMS carries rows only, and nothing back",
            &[REBERTH, DMS],
        )
    };
    let engine = decisions.decide(&Question {
        id: "migration.engine",
        value: REBERTH,
        alternative: DMS,
        why,
        may_be: Values::OneOf(engines),
    })?;
    let runner_type = decisions.decide(&Question {
        id: "migration.runner_type",
        value: "m7i.xlarge",
        alternative: "m7i.large",
        why: "four processors: two for the copy's hashes, one for the stream, one for everything else",
        may_be: Values::InstanceType(""),
    })?;
    let disk = decisions.number(&Question {
        id: "migration.runner_disk_gib",
        value: &disk_gib(estate).to_string(),
        alternative: "a larger disk",
        why: "the spool of log events may grow to a fifth of the data while the copy runs",
        may_be: Values::Number(20, 16_384),
    })?;
    Ok(Migration {
        engine: match engine.value.as_str() {
            DMS => ReplicationEngine::Dms,
            _ => ReplicationEngine::Reberth,
        },
        runner_type: runner_type.value,
        runner_disk_gib: disk,
        source_ports: source_ports(estate),
        copied_servers: copied_servers(estate, services),
    })
}

/// The servers of services whose disks are copied.
fn copied_servers(estate: &Estate, services: &[Service]) -> Vec<CopiedServer> {
    let copied = |service: &&Service| service.arrival.way == ArrivalWay::ApplicationMigration;
    let mut servers: Vec<CopiedServer> = services
        .iter()
        .filter(copied)
        .flat_map(|service| {
            let own = estate
                .servers()
                .filter(|(resource, _)| service.origin.from.contains(&resource.id));
            own.map(|(resource, server)| CopiedServer {
                name: resource.name.clone(),
                service: service.key.clone(),
                addresses: server.public_ipv4.clone(),
            })
        })
        .collect();
    servers.sort_by(|left, right| left.name.cmp(&right.name));
    servers
}

/// A fifth of all database storage, rounded up to ten.
fn disk_gib(estate: &Estate) -> u64 {
    let storage: u64 = estate
        .databases()
        .filter_map(|(_, source)| source.storage_mib)
        .sum();
    (storage / 1024 / 5).next_multiple_of(10).max(DISK_GIB_MIN)
}

fn source_ports(estate: &Estate) -> Vec<u16> {
    let mut ports: Vec<u16> = estate
        .databases()
        .map(|(_, source)| source.port.unwrap_or(MYSQL_PORT))
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
