//! The tables of prices and sizes of the catalog.

use std::collections::BTreeMap;

use reberth_model::money::Usd;

use super::price_list::{self, PriceList};
use crate::csv;

const AWS_PRICES: &str = include_str!("../../../../catalog/aws-prices.csv");
const SERVER_SIZES: &str = include_str!("../../../../catalog/do-sizes.csv");
const DATABASE_SIZES: &str = include_str!("../../../../catalog/do-db-sizes.csv");

/// Prices of the target and sizes of the source.
pub(crate) struct PriceTable {
    aws: BTreeMap<Key, Price>,
    servers: BTreeMap<String, ServerSize>,
    databases: BTreeMap<String, DatabaseSize>,
}

/// Service, region, unit that is sold, and its attributes.
pub(crate) type Key = (String, String, String, String);

/// A price with where it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Price {
    /// For one unit.
    pub(crate) usd: Usd,
    /// What it is for: `hour`, `GB`, `zone-month`.
    pub(crate) unit: String,
    /// Where it was read.
    pub(crate) source: String,
    /// When it was true.
    pub(crate) as_of: String,
}

/// A size of server at the source.
pub(crate) struct ServerSize {
    /// Price a month.
    pub(crate) monthly: Price,
    /// EC2 instance types to weigh, in the table's order.
    pub(crate) candidates: Vec<String>,
    /// Their likes on Arm.
    pub(crate) arm_candidates: Vec<String>,
}

/// A size of managed database node at the source.
pub(crate) struct DatabaseSize {
    /// Price of one node a month.
    pub(crate) node_monthly: Price,
    /// RDS instance classes to weigh, in the table's order.
    pub(crate) rds_candidates: Vec<String>,
    /// ElastiCache node types to weigh.
    pub(crate) cache_candidates: Vec<String>,
}

impl PriceTable {
    /// The tables that this build carries.
    pub(crate) fn embedded() -> PriceTable {
        PriceTable {
            aws: csv::records(AWS_PRICES)
                .iter()
                .filter_map(aws_price)
                .collect(),
            servers: csv::records(SERVER_SIZES)
                .iter()
                .filter_map(server_size)
                .collect(),
            databases: csv::records(DATABASE_SIZES)
                .iter()
                .filter_map(database_size)
                .collect(),
        }
    }

    /// The same with the prices of `lists` before its own.
    pub(crate) fn with(mut self, lists: &[PriceList]) -> PriceTable {
        for (key, price) in lists.iter().flat_map(|list| &list.prices) {
            // The table words the attributes of a unit at greater length than the list.
            let (service, region, sku, attributes) = key;
            let of_unit = |old: &Key| (&old.0, &old.1, &old.2) == (service, region, sku);
            let same: Vec<Key> = self
                .aws
                .range(key.clone()..)
                .map(|(old, _)| old)
                .take_while(|old| of_unit(old) && old.3.starts_with(attributes.as_str()))
                .cloned()
                .collect();
            for old in same {
                self.aws.insert(old, price.clone());
            }
            self.aws.insert(key.clone(), price.clone());
        }
        self
    }

    /// The price of an hour with a commitment of one year; `None` when none was read.
    pub(crate) fn committed(&self, service: &str, region: &str, sku: &str) -> Option<&Price> {
        self.aws(service, region, (sku, price_list::COMMITTED))
            .or_else(|| self.aws(service, region, (sku, "Linux 1-yr")))
    }

    /// The price of an AWS unit, by its SKU and the beginning of its attributes; `None` when the table has none.
    pub(crate) fn aws(&self, service: &str, region: &str, unit: (&str, &str)) -> Option<&Price> {
        let (sku, attributes) = unit;
        let start = (
            service.to_owned(),
            region.to_owned(),
            sku.to_owned(),
            attributes.to_owned(),
        );
        let (key, price) = self.aws.range(start..).next()?;
        let found = (key.0.as_str(), key.1.as_str(), key.2.as_str()) == (service, region, sku);
        (found && key.3.starts_with(attributes)).then_some(price)
    }

    /// A server size of the source by name.
    pub(crate) fn server(&self, size: &str) -> Option<&ServerSize> {
        self.servers.get(size)
    }

    /// A database size of the source by name.
    pub(crate) fn database(&self, size: &str) -> Option<&DatabaseSize> {
        self.databases.get(size)
    }
}

/// Lines without a price are dropped here, so that looking one up finds nothing.
fn aws_price(record: &Vec<String>) -> Option<(Key, Price)> {
    let [
        service,
        region,
        sku,
        attributes,
        unit,
        usd,
        _method,
        source,
        as_of,
        _note,
    ] = record.as_slice()
    else {
        return None;
    };
    let key = (
        service.clone(),
        region.clone(),
        sku.clone(),
        attributes.clone(),
    );
    Some((key, price((usd, unit), source, as_of)?))
}

fn server_size(record: &Vec<String>) -> Option<(String, ServerSize)> {
    let [
        slug,
        _class,
        _memory,
        _vcpus,
        _disk,
        _transfer,
        monthly,
        _hourly,
        x86,
        arm,
        source,
        as_of,
    ] = record.as_slice()
    else {
        return None;
    };
    let size = ServerSize {
        monthly: price((monthly, "month"), source, as_of)?,
        candidates: type_names(x86),
        arm_candidates: type_names(arm),
    };
    Some((slug.clone(), size))
}

fn database_size(record: &Vec<String>) -> Option<(String, DatabaseSize)> {
    let [
        size,
        _memory,
        _vcpus,
        node,
        _storage,
        rds,
        rds_x86,
        cache,
        source,
        as_of,
        _note,
    ] = record.as_slice()
    else {
        return None;
    };
    let mut rds_candidates = type_names(rds);
    rds_candidates.extend(type_names(rds_x86));
    let found = DatabaseSize {
        node_monthly: price((node, "node-month"), source, as_of)?,
        rds_candidates,
        cache_candidates: type_names(cache),
    };
    Some((size.clone(), found))
}

fn price((usd, unit): (&str, &str), source: &str, as_of: &str) -> Option<Price> {
    Some(Price {
        usd: Usd::from_f64(usd.parse().ok()?)?,
        unit: unit.to_owned(),
        source: source.to_owned(),
        as_of: as_of.to_owned(),
    })
}

/// The type names in a cell such as `t3.xlarge (vCPU match) or t3.large (memory match)`: the words with a dot.
fn type_names(cell: &str) -> Vec<String> {
    cell.split_whitespace()
        .filter(|word| word.contains('.'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_size_tables_is_read() {
        let table = PriceTable::embedded();
        assert_eq!(table.servers.len(), SERVER_SIZES.lines().count() - 1);
        assert_eq!(table.databases.len(), DATABASE_SIZES.lines().count() - 1);
    }

    #[test]
    fn prices_that_nobody_read_are_not_there() {
        let table = PriceTable::embedded();
        let nat = table
            .aws("NAT", "ap-south-1", ("nat-hour", ""))
            .expect("read in a source");
        assert_eq!(nat.usd, Usd::from_f64(0.056).expect("a price"));
        assert_eq!(table.aws("KMS", "ap-south-1", ("cmk", "")), None);
        assert_eq!(
            table.server("s-4vcpu-8gb").expect("a size").candidates,
            ["t3.xlarge", "t3.large"]
        );
    }
}
