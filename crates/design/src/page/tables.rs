//! The sections of the page that are tables.

use reberth_model::assessment::{CostLine, Side};
use reberth_model::design::{Delivered, Design, Organization, Peer, SwitchTarget, left_behind};
use reberth_model::money::Usd;

use super::markup::{Cell, heading, note, table};

/// Blocks that are kept free, and those that the network stays clear of.
pub(super) fn ranges(design: &Design) -> String {
    let network = &design.network;
    let reserved: Vec<Vec<Cell>> = network
        .reserved
        .iter()
        .map(|one| vec![Cell::code(&one.cidr), Cell::text(&one.purpose)])
        .collect();
    let avoided: Vec<Vec<Cell>> = network
        .avoided
        .iter()
        .map(|one| vec![Cell::code(&one.cidr), Cell::text(&one.why)])
        .collect();
    [
        note(&crate::sentence(&network.origin.why)),
        heading("Kept free"),
        table(&["block", "for"], &reserved, "Nothing is kept free."),
        heading("Stayed clear of"),
        table(&["block", "used by"], &avoided, "Nothing is in the way."),
    ]
    .concat()
}

/// The accounts of an organization, and the regions that they may use.
pub(super) fn accounts(organization: &Organization) -> String {
    let rows: Vec<Vec<Cell>> = organization
        .accounts
        .iter()
        .map(|one| {
            vec![
                Cell::code(&one.key),
                Cell::text(one.unit.word()),
                Cell::text(&one.email),
                Cell::text(&one.origin.why),
            ]
        })
        .collect();
    let regions = match organization.regions.is_empty() {
        true => "No region is shut.".to_owned(),
        false => format!("Open regions: {}.", organization.regions.join(", ")),
    };
    let header = ["account", "unit", "address of its root user", "what for"];
    table(&header, &rows, "") + &note(&regions)
}

/// Services, databases and caches.
pub(super) fn sizes(design: &Design) -> String {
    let services: Vec<Vec<Cell>> = design
        .services
        .iter()
        .map(|one| {
            vec![
                Cell::code(&one.key),
                Cell::text(&one.environment),
                Cell::code(&one.instance_type.value),
                Cell::number(format!("{} to {}", one.capacity.min, one.capacity.max)),
                Cell::text(&one.capacity.why),
            ]
        })
        .collect();
    let header = ["service", "environment", "type", "servers", "why"];
    table(&header, &services, "No service.") + &stores(design)
}

/// Databases and caches.
pub(super) fn stores(design: &Design) -> String {
    let mut text = heading("Databases") + &databases(design);
    if !design.caches.is_empty() {
        let caches: Vec<Vec<Cell>> = design
            .caches
            .iter()
            .map(|one| {
                vec![
                    Cell::code(&one.key),
                    Cell::text(format!("{} {}", one.engine.value, one.engine_version)),
                    Cell::code(&one.node_type.value),
                    Cell::number(one.nodes),
                ]
            })
            .collect();
        text.push_str(&heading("Caches"));
        text.push_str(&table(&["cache", "engine", "type", "nodes"], &caches, ""));
    }
    text
}

fn databases(design: &Design) -> String {
    let rows: Vec<Vec<Cell>> = design
        .databases
        .iter()
        .map(|one| {
            let zones = if one.multi_az { "two" } else { "one" };
            let growth = format!("{} to {}", one.storage_gib, one.storage_gib_max);
            vec![
                Cell::code(&one.key),
                Cell::text(format!("{} {}", one.engine, one.engine_version.value)),
                Cell::code(&one.instance_class.value),
                Cell::number(growth),
                Cell::text(zones),
                Cell::number(one.replicas.len()),
                Cell::number(one.parameters.len()),
            ]
        })
        .collect();
    let header = [
        "database",
        "engine",
        "class",
        "GiB",
        "zones",
        "replicas",
        "parameters",
    ];
    table(&header, &rows, "No database.")
}

/// Every rule that lets somebody in.
pub(super) fn traffic(design: &Design) -> String {
    let rows: Vec<Vec<Cell>> = design
        .security_groups
        .iter()
        .flat_map(|group| {
            group.ingress.iter().map(|rule| {
                let peer = match &rule.peer {
                    Peer::Internet => "the internet",
                    Peer::Distributions => "distributions",
                    Peer::Group(key) => key,
                };
                let ports = if rule.port_first == rule.port_last {
                    rule.port_first.to_string()
                } else {
                    format!("{}-{}", rule.port_first, rule.port_last)
                };
                vec![
                    Cell::code(&group.key),
                    Cell::code(peer),
                    Cell::text(&rule.protocol),
                    Cell::number(ports),
                    Cell::text(&rule.origin.why),
                ]
            })
        })
        .collect();
    table(
        &["group", "lets in", "protocol", "port", "why"],
        &rows,
        "Nobody is let in anywhere.",
    )
}

/// Names that are switched, and what is delivered.
pub(super) fn names(design: &Design) -> String {
    let switched: Vec<Vec<Cell>> = design
        .edge
        .zones
        .iter()
        .flat_map(|zone| &zone.switched)
        .map(|name| {
            let target = match &name.target {
                SwitchTarget::Distribution(key) => format!("distribution {key}"),
                SwitchTarget::Ingress(key) => format!("load balancer {key}"),
            };
            vec![
                Cell::code(&name.source.name),
                Cell::code(name.source.values.join(", ")),
                Cell::text(target),
            ]
        })
        .collect();
    let delivered: Vec<Vec<Cell>> = design
        .edge
        .distributions
        .iter()
        .map(|one| {
            let what = match &one.delivers {
                Delivered::Ingress(key) => format!("load balancer {key}"),
                Delivered::Bucket(key) => format!("bucket {key}"),
            };
            let names = [&one.domain].into_iter().chain(&one.alternative_names);
            let names: Vec<&str> = names.map(String::as_str).collect();
            vec![
                Cell::code(&one.key),
                Cell::code(names.join(", ")),
                Cell::text(what),
            ]
        })
        .collect();
    let kept: usize = design
        .edge
        .zones
        .iter()
        .map(|zone| zone.records.len())
        .sum();
    [
        heading("Switched by the cutover"),
        table(
            &["name", "answers now", "answers then"],
            &switched,
            "No name is switched.",
        ),
        note(&format!(
            "{kept} further sets of records are carried as they are."
        )),
        heading("Distributions"),
        table(&["distribution", "names", "delivers"], &delivered, "None."),
    ]
    .concat()
}

/// Every decision with what it beat.
pub(super) fn decisions(design: &Design) -> String {
    let rows: Vec<Vec<Cell>> = design
        .decisions
        .iter()
        .map(|one| {
            let why = match &one.overridden {
                Some(reason) => format!("The policy decides it: {reason}"),
                None => crate::sentence(&one.why),
            };
            vec![
                Cell::code(&one.id),
                Cell::code(&one.value),
                Cell::text(&one.alternative),
                Cell::text(why),
            ]
        })
        .collect();
    let intro = "Each can be made otherwise by an entry of overrides in reberth.yaml, by its name and with a reason.";
    note(intro) + &table(&["decision", "chosen", "over", "why"], &rows, "None.")
}

/// The lines of the target's bill, as the assessment reckons them.
pub(super) fn bill(costs: &[CostLine]) -> String {
    let lines: Vec<&CostLine> = costs
        .iter()
        .filter(|line| line.side == Side::Target)
        .collect();
    let amount =
        |amount: Option<Usd>| amount.map_or("not priced".to_owned(), |usd| usd.to_string());
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|line| {
            vec![
                Cell::text(&line.item),
                Cell::number(amount(line.low)),
                Cell::number(amount(line.likely)),
                Cell::number(amount(line.high)),
                Cell::text(&line.working),
            ]
        })
        .collect();
    let unpriced = lines.iter().filter(|line| line.likely.is_none()).count();
    let mut text = note(
        "US dollars a month, as the assessment reckons them from the estate; report/assessment.html has sources and sums. Overrides made since are not in it.",
    );
    if unpriced > 0 {
        let said = format!("{unpriced} lines have no price: any sum of the others is incomplete.");
        text.push_str(&note(&said));
    }
    text + &table(
        &["item", "least", "likely", "most", "reckoned"],
        &rows,
        "The assessment has no lines for the target.",
    )
}

/// What was found and is left where it is.
pub(super) fn not_carried(design: &Design) -> String {
    let rows: Vec<Vec<Cell>> = left_behind(&design.not_carried)
        .into_iter()
        .map(|row| {
            let names: Vec<&str> = row.names.into_iter().collect();
            vec![
                Cell::text(row.kind),
                Cell::code(names.join(", ")),
                Cell::text(row.why),
            ]
        })
        .collect();
    table(
        &["kind", "names", "why"],
        &rows,
        "Everything that was found is carried.",
    )
}
