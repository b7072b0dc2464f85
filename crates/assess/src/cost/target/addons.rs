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
    let targets: Vec<Known> = csv::records(TABLE).iter().filter_map(target).collect();
    let mut lines: Vec<CostLine> = estate
        .addons()
        .filter(|(_, addon)| !REPLACED.contains(&addon.service.as_str()))
        .map(|(resource, addon)| line(resource, addon, &targets))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines
}

/// A service that the table knows.
struct Known {
    service: String,
    category: String,
    /// What AWS has in its place.
    target: String,
}

fn target(record: &Vec<String>) -> Option<Known> {
    let [
        service,
        _name,
        category,
        _config,
        target,
        _migration,
        _price,
        _note,
    ] = record.as_slice()
    else {
        return None;
    };
    Some(Known {
        service: service.clone(),
        category: category.clone(),
        target: target.clone(),
    })
}

fn line(resource: &Resource, addon: &Addon, targets: &[Known]) -> CostLine {
    let item = format!("{} kept: {} {}", resource.name, addon.service, addon.plan);
    let ids = vec![resource.id.clone()];
    let instead = targets
        .iter()
        .find(|known| known.service == addon.service)
        .map_or("nothing that this build knows", |known| {
            known.target.as_str()
        });
    let instead = match is_queue(addon, targets) {
        true => format!("{instead}, a queue for which this build has no target price"),
        false => instead.to_owned(),
    };
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

/// Whether a service holds work that waits.
fn is_queue(addon: &Addon, targets: &[Known]) -> bool {
    let mut known = targets
        .iter()
        .filter(|known| known.service == addon.service);
    known.any(|known| matches!(known.category.as_str(), "queue" | "stream"))
}
