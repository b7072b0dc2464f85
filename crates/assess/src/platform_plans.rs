//! The plans of the platform's own data services, from the tables of the catalog.

use reberth_model::money::Usd;

use crate::csv;

const POSTGRES: &str = include_str!("../../../catalog/heroku-postgres-plans.csv");
const KEY_VALUE: &str = include_str!("../../../catalog/heroku-kvs-plans.csv");

/// A plan of a data service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Price a month; `None` where no source tells it.
    pub(crate) monthly: Option<Usd>,
    /// Disk that the plan allows, in GiB; `None` for a plan without one.
    pub(crate) disk_gib: Option<u64>,
    /// Classes of RDS or ElastiCache to weigh, in the table's order.
    pub(crate) candidates: Vec<String>,
    /// Where it was read.
    pub(crate) source: String,
    /// When it was read.
    pub(crate) as_of: String,
}

/// The plan of a PostgreSQL or key-value service, by its name without the service: `premium-4`.
pub(crate) fn plan(service: &str, plan: &str) -> Option<Plan> {
    let wanted = format!("{service}:{plan}");
    match service {
        "heroku-postgresql" => csv::records(POSTGRES)
            .iter()
            .filter(|record| record.first() == Some(&wanted))
            .find_map(postgres),
        "heroku-redis" => csv::records(KEY_VALUE)
            .iter()
            .filter(|record| record.first() == Some(&wanted))
            .find_map(key_value),
        _ => None,
    }
}

fn postgres(record: &Vec<String>) -> Option<Plan> {
    let [
        _plan,
        _ram,
        disk,
        price,
        _ha,
        _follower,
        candidates,
        source,
        as_of,
    ] = record.as_slice()
    else {
        return None;
    };
    Some(Plan {
        monthly: amount(price),
        disk_gib: disk.parse().ok(),
        candidates: class_names(candidates),
        source: source.clone(),
        as_of: as_of.clone(),
    })
}

fn key_value(record: &Vec<String>) -> Option<Plan> {
    let [_plan, _memory, price, candidates, _ha, source, as_of] = record.as_slice() else {
        return None;
    };
    Some(Plan {
        monthly: amount(price),
        disk_gib: None,
        candidates: class_names(candidates),
        source: source.clone(),
        as_of: as_of.clone(),
    })
}

/// The number that a cell of prices begins with.
pub(crate) fn amount(cell: &str) -> Option<Usd> {
    let number: f64 = cell.split_whitespace().next()?.parse().ok()?;
    Usd::from_f64(number)
}

fn class_names(cell: &str) -> Vec<String> {
    cell.split_whitespace()
        .filter(|word| word.contains('.'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read() {
        let premium = plan("heroku-postgresql", "premium-4").expect("a plan");
        assert_eq!(premium.monthly, Usd::from_f64(1200.0));
        assert_eq!(
            (premium.disk_gib, premium.candidates.as_slice()),
            (Some(768), &["db.r6g.xlarge".to_owned()][..])
        );
        assert_eq!(
            plan("heroku-redis", "premium-5").map(|plan| plan.candidates),
            Some(vec!["cache.m6g.large".to_owned()])
        );
        assert_eq!(
            plan("heroku-postgresql", "private-4").and_then(|plan| plan.monthly),
            None
        );
        assert_eq!(plan("heroku-kafka", "basic-0"), None);
    }

    #[test]
    fn every_line_of_the_tables_is_read() {
        assert_eq!(
            csv::records(POSTGRES).iter().filter_map(postgres).count(),
            POSTGRES.lines().count() - 1
        );
        assert_eq!(
            csv::records(KEY_VALUE).iter().filter_map(key_value).count(),
            KEY_VALUE.lines().count() - 1
        );
    }
}
