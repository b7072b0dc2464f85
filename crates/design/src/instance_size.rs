//! Instance types and classes, from the catalog's size tables: by memory first.

use reberth_model::design::Choice;

use crate::csv::fields;
use crate::error::DesignError;

const SERVER_SIZES: &str = include_str!("../../../catalog/do-sizes.csv");
const DATABASE_SIZES: &str = include_str!("../../../catalog/do-db-sizes.csv");
const POSTGRES_PLANS: &str = include_str!("../../../catalog/heroku-postgres-plans.csv");
const KEY_VALUE_PLANS: &str = include_str!("../../../catalog/heroku-kvs-plans.csv");

/// One row of a size table.
#[derive(Clone, Debug, PartialEq)]
struct SizeRow {
    size: String,
    memory_mib: u64,
    vcpus: u32,
    storage_gib: Option<u64>,
    candidate: String,
}

/// The instance type for a server of that size; `decision` is the one by which a policy may name it.
pub(crate) fn of_server(
    decision: &str,
    name: &str,
    size: &str,
    memory_mib: u64,
    vcpus: u32,
) -> Result<Choice, DesignError> {
    let rows = rows(SERVER_SIZES, "slug", "ec2_candidate", "disk_gb");
    choose(&rows, size, memory_mib, vcpus).ok_or_else(|| DesignError::UnknownSize {
        decision: decision.to_owned(),
        resource: format!("server {name}"),
        size: size.to_owned(),
    })
}

/// The instance class for a database node of that size.
pub(crate) fn of_database(decision: &str, name: &str, size: &str) -> Result<Choice, DesignError> {
    let rows = rows(DATABASE_SIZES, "size", "rds_candidate", "base_storage_gib");
    let plan = || of_plan(POSTGRES_PLANS, "heroku-postgresql", size, 6);
    choose(&rows, size, 0, 0)
        .or_else(plan)
        .ok_or_else(|| DesignError::UnknownSize {
            decision: decision.to_owned(),
            resource: format!("database {name}"),
            size: size.to_owned(),
        })
}

/// The node type for a cache of that size.
pub(crate) fn of_cache(decision: &str, name: &str, size: &str) -> Result<Choice, DesignError> {
    let rows = rows(
        DATABASE_SIZES,
        "size",
        "elasticache_candidate",
        "base_storage_gib",
    );
    let plan = || of_plan(KEY_VALUE_PLANS, "heroku-redis", size, 3);
    choose(&rows, size, 0, 0)
        .or_else(plan)
        .ok_or_else(|| DesignError::UnknownSize {
            decision: decision.to_owned(),
            resource: format!("cache {name}"),
            size: size.to_owned(),
        })
}

/// The first class of a platform's plan, whose table has classes in that column. Plans at the end of a family stand for all above them.
fn of_plan(table: &str, service: &str, plan: &str, column: usize) -> Option<Choice> {
    let name = format!("{service}:{plan}");
    let row = table
        .lines()
        .skip(1)
        .map(fields)
        .find(|row| row.first().is_some_and(|own| *own == name))?;
    let class = row
        .get(column)?
        .split_whitespace()
        .find(|word| word.contains('.'))?;
    Some(Choice {
        value: class.to_owned(),
        why: format!(
            "the nearest memory to the plan {plan} ({}); right-size from measured use later",
            row.get(1)?
        ),
    })
}

/// Storage that a database of that size comes with at the source.
pub(crate) fn database_storage_gib(size: &str) -> Option<u64> {
    rows(DATABASE_SIZES, "size", "rds_candidate", "base_storage_gib")
        .into_iter()
        .find(|row| row.size == size)
        .and_then(|row| row.storage_gib)
}

fn choose(rows: &[SizeRow], size: &str, memory_mib: u64, vcpus: u32) -> Option<Choice> {
    if let Some(row) = rows.iter().find(|row| row.size == size) {
        return Some(Choice {
            value: row.candidate.clone(),
            why: format!(
                "the same memory as {size} ({}); right-size from measured use later",
                memory(row.memory_mib)
            ),
        });
    }
    // A size the table does not know: the smallest row that has the memory, then the processors.
    let row = rows
        .iter()
        .filter(|row| memory_mib > 0 && row.memory_mib >= memory_mib)
        .min_by_key(|row| (row.memory_mib, vcpus.saturating_sub(row.vcpus)))?;
    Some(Choice {
        value: row.candidate.clone(),
        why: format!(
            "{size} is not in the size table; {} is the smallest known memory that holds its {}",
            memory(row.memory_mib),
            memory(memory_mib)
        ),
    })
}

fn memory(mib: u64) -> String {
    if mib.is_multiple_of(1024) {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    }
}

fn rows(table: &str, size: &str, candidate: &str, storage: &str) -> Vec<SizeRow> {
    let mut lines = table.lines().map(fields);
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|field| field == name);
    lines
        .filter_map(|row| {
            let field = |name: &str| row.get(column(name)?).map(String::as_str);
            Some(SizeRow {
                size: field(size)?.to_owned(),
                memory_mib: (field("memory_gb")?.parse::<f64>().ok()? * 1024.0) as u64,
                vcpus: field("vcpus")?.parse().ok()?,
                storage_gib: field(storage)?.parse().ok(),
                candidate: by_memory(field(candidate)?)?,
            })
        })
        .collect()
}

/// The alternative of a cell such as `t3.xlarge (vCPU match) or t3.large (memory match)` that matches by memory.
fn by_memory(cell: &str) -> Option<String> {
    let alternatives: Vec<&str> = cell
        .split(" or ")
        .flat_map(|part| part.split(" / "))
        .collect();
    alternatives
        .iter()
        .find(|alternative| alternative.contains("memory match"))
        .or(alternatives.first())
        .and_then(|alternative| alternative.split_whitespace().next())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_decides() {
        for (size, memory_mib, vcpus, expected) in [
            ("s-4vcpu-8gb", 8192, 4, "t3.large"),
            ("s-2vcpu-4gb", 4096, 2, "t3.medium"),
            ("c-4", 8192, 4, "c7i-flex.xlarge"),
            ("c-2", 4096, 2, "c7i-flex.large"),
            ("gd-not-listed", 60000, 8, "m7i.4xlarge"),
        ] {
            let choice = of_server("x", "web", size, memory_mib, vcpus).unwrap();
            assert_eq!(choice.value, expected, "{size}");
        }
        assert_eq!(
            of_database("x", "db", "db-s-4vcpu-8gb").unwrap().value,
            "db.m6g.large"
        );
        assert_eq!(database_storage_gib("db-s-6vcpu-16gb"), Some(270));
        assert_eq!(
            of_database("x", "db", "premium-4").unwrap().value,
            "db.r6g.xlarge"
        );
        assert_eq!(
            of_cache("x", "cache", "premium-5").unwrap().value,
            "cache.m6g.large"
        );
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        let error = of_server("x", "web", "so-huge", 9_000_000, 512).unwrap_err();
        assert_eq!(error.code(), "RB-DSG-005");
        assert!(of_database("x", "db", "gd-unknown").is_err());
    }
}
