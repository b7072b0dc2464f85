//! Availability zones of the regions, from the catalog.

use crate::error::DesignError;

const CATALOG: &str = include_str!("../../../../catalog/aws-zones.csv");

/// Ids of the zones that a region offers to every account, in the catalog's order.
pub(super) fn of_region(region: &str) -> Result<Vec<String>, DesignError> {
    rows()
        .find(|(name, _)| *name == region)
        .map(|(_, ids)| ids.split_whitespace().map(str::to_owned).collect())
        .ok_or_else(|| DesignError::UnknownRegion {
            region: region.to_owned(),
            known: rows().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
        })
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOG.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        Some((fields.next()?, fields.next()?))
    })
}
