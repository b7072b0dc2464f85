//! EC2 for each server, and the disks.

use reberth_model::assessment::{CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Estate, Resource, Server};

use crate::cost::price_table::{Price, PriceTable};
use crate::cost::{HOURS_PER_MONTH, Range, not_priced, priced};

/// Room above the measured use.
const CPU_HEADROOM: f64 = 1.3;
/// From here on memory is short, and the same amount will not do.
const MEMORY_P99_PERCENT_MAX: f64 = 85.0;

/// One line for each server, then one for all disks.
pub(super) fn lines(estate: &Estate, region: &str, prices: &PriceTable) -> Vec<CostLine> {
    let mut lines: Vec<CostLine> = estate
        .servers()
        .map(|(resource, server)| server_line(resource, server, region, prices))
        .collect();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    lines.extend(disks_line(estate, region, prices));
    lines
}

fn server_line(
    resource: &Resource,
    server: &Server,
    region: &str,
    prices: &PriceTable,
) -> CostLine {
    let ids = vec![resource.id.clone()];
    let candidates = prices
        .server(&server.size)
        .map_or(&[][..], |size| &size.candidates);
    let weighed: Vec<(&str, &Price)> = candidates
        .iter()
        .filter_map(|name| {
            Some((
                name.as_str(),
                prices.aws("EC2", region, (name, "Linux on-demand"))?,
            ))
        })
        .collect();
    let Some((chosen, how_known, reason)) = choose(&weighed, server) else {
        let why = format!(
            "no instance type with a price in {region} is known for size {}",
            server.size
        );
        return not_priced(Side::Target, format!("{}: EC2", resource.name), ids, why);
    };
    let month = |price: &Price| price.usd.times(HOURS_PER_MONTH);
    let months = weighed.iter().map(|(_, price)| month(price));
    let likely = month(chosen.1);
    let range = Range {
        low: months.clone().min().unwrap_or(likely),
        likely,
        high: months.max().unwrap_or(likely),
    };
    let working = format!(
        "{HOURS_PER_MONTH} h x {:.5}; {reason}",
        chosen.1.usd.as_f64()
    );
    let item = format!("{}: EC2 {}", resource.name, chosen.0);
    priced(
        Side::Target,
        item,
        ids,
        range,
        (how_known, working),
        (&chosen.1.source, &chosen.1.as_of),
    )
}

type Choice<'a> = ((&'a str, &'a Price), HowKnown, String);

/// With measurements the cheapest candidate whose processors hold the use; without, the first, which matches the processors of today.
fn choose<'a>(weighed: &[(&'a str, &'a Price)], server: &Server) -> Option<Choice<'a>> {
    let first = *weighed.first()?;
    let Some(p95) = server
        .utilisation
        .as_ref()
        .and_then(|measured| measured.cpu_p95_percent)
    else {
        let reason = "matches today's size; its use is not measured".to_owned();
        return Some((first, HowKnown::Assumed, reason));
    };
    let needed = f64::from(server.vcpus) * p95 / 100.0 * CPU_HEADROOM;
    let need = format!(
        "p95 {p95:.0} % of {} vCPU and 30 % room need {needed:.1} vCPU",
        server.vcpus
    );
    let holding = weighed
        .iter()
        .filter(|(name, _)| f64::from(processors(name)) >= needed);
    let Some(chosen) = holding.min_by_key(|(_, price)| price.usd) else {
        let reason = format!("{need}, more than any candidate has: size up");
        return Some((first, HowKnown::Assumed, reason));
    };
    let reason = format!("{need}{}{}", memory_note(server), burstable_note(chosen.0));
    Some((*chosen, HowKnown::Derived, reason))
}

fn memory_note(server: &Server) -> String {
    match server
        .utilisation
        .as_ref()
        .and_then(|measured| measured.memory_p99_percent)
    {
        Some(p99) if p99 >= MEMORY_P99_PERCENT_MAX => format!("; memory p99 {p99:.0} %: size up"),
        _ => String::new(),
    }
}

fn burstable_note(instance_type: &str) -> &'static str {
    if instance_type.starts_with('t') {
        "; burstable: watch its credits"
    } else {
        ""
    }
}

/// Virtual processors of an instance type by the size in its name: 2 up to `large`, 4 for `xlarge`, 4 for each `N` of `Nxlarge`.
pub(crate) fn processors(instance_type: &str) -> u32 {
    let size = instance_type.rsplit('.').next().unwrap_or_default();
    match size.strip_suffix("xlarge") {
        Some("") => 4,
        Some(count) => count.parse::<u32>().unwrap_or(1) * 4,
        None => 2,
    }
}

fn disks_line(estate: &Estate, region: &str, prices: &PriceTable) -> Option<CostLine> {
    let mut gib = 0;
    let mut ids = Vec::new();
    for resource in &estate.resources {
        let size_gib = match &resource.attributes {
            Attributes::Server(server) => server.disk_gib,
            Attributes::Volume(volume) => volume.size_gib,
            _ => continue,
        };
        gib += size_gib;
        ids.push(resource.id.clone());
    }
    if ids.is_empty() {
        return None;
    }
    let item = format!("EBS gp3, {gib} GiB");
    let Some(price) = prices.aws("EBS", region, ("gp3", "storage")) else {
        return Some(not_priced(
            Side::Target,
            item,
            ids,
            format!("no price of gp3 in {region} was read"),
        ));
    };
    let working = format!("{gib} GiB as today x {:.5}", price.usd.as_f64());
    let range = Range::exactly(price.usd.times(gib));
    Some(priced(
        Side::Target,
        item,
        ids,
        range,
        (HowKnown::Derived, working),
        (&price.source, &price.as_of),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read_from_the_name() {
        for (name, count) in [
            ("t3.medium", 2),
            ("m7i.large", 2),
            ("t3.xlarge", 4),
            ("c8i.2xlarge", 8),
            ("r7g.16xlarge", 64),
        ] {
            assert_eq!(processors(name), count, "{name}");
        }
    }
}
