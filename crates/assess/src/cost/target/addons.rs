//! Services that were added to applications and that no part of the target takes the place of: they are kept, at their price of today.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Addon, Estate, Resource};

use crate::cost::{Range, not_priced, priced};
use crate::csv;

const TABLE: &str = include_str!("../../../../../catalog/heroku-addons-to-aws.csv");

/// Services whose place another line of the target takes: databases and caches, jobs that the cluster runs, fixed addresses that NAT has, certificates.
const REPLACED: [&str; 8] = [
    "heroku-postgresql",
    "heroku-redis",
    "scheduler",
    "quotaguard",
    "quotaguardstatic",
    "fixie",
    "expeditedssl",
    "deployhooks",
];

/// A line for each add-on that stays.
pub(super) fn lines(estate: &Estate) -> Vec<CostLine> {
    let targets: Vec<(String, String)> = csv::records(TABLE).iter().filter_map(target).collect();
    let mut lines: Vec<CostLine> = estate
        .addons()
        .filter(|(_, addon)| !REPLACED.contains(&addon.service.as_str()))
        .map(|(resource, addon)| line(resource, addon, &targets))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines
}

/// The service, and what AWS has in its place.
fn target(record: &Vec<String>) -> Option<(String, String)> {
    let [
        service,
        _name,
        _category,
        _config,
        target,
        _migration,
        _price,
        _note,
    ] = record.as_slice()
    else {
        return None;
    };
    Some((service.clone(), target.clone()))
}

fn line(resource: &Resource, addon: &Addon, targets: &[(String, String)]) -> CostLine {
    let item = format!("{} kept: {} {}", resource.name, addon.service, addon.plan);
    let ids = vec![resource.id.clone()];
    let instead = targets
        .iter()
        .find(|(service, _)| *service == addon.service)
        .map_or("nothing that this build knows", |(_, target)| {
            target.as_str()
        });
    let Some(cost) = &resource.cost else {
        let why = format!("the provider does not tell its price; instead of it: {instead}");
        return not_priced(Side::Target, item, ids, why);
    };
    let working = format!(
        "as today, if its maker sells it outside of the platform at the same price; instead of it: {instead}"
    );
    let range = Range::exactly(cost.usd);
    let known = (HowKnown::Assumed, working);
    priced(
        Side::Target,
        item,
        ids,
        range,
        known,
        (&cost.source, "day of discovery"),
    )
}
