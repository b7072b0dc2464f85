//! The design as one HTML file: the network as a picture, sizes, traffic, decisions, and the bill. Style inside, nothing
//! loaded from anywhere, no script. Every name that came from outside is escaped.

mod arrival;
mod cluster;
mod markup;
mod picture;
mod tables;

use reberth_model::assessment::CostLine;
use reberth_model::design::Design;

use markup::{escaped, section};

const STYLE: &str = include_str!("page/style.css");

/// A section: its anchor, its title, its content.
type Section = (&'static str, &'static str, String);

/// The page of a design. `costs` are the lines of the assessment that the design follows.
pub fn page(design: &Design, costs: &[CostLine]) -> String {
    let contents = contents(design, costs);
    let sections: String = contents
        .iter()
        .map(|(anchor, title, body)| section(anchor, title, body))
        .collect();
    let target = &design.target;
    let title = format!(
        "Target of {}, {} in AWS {}",
        target.project, target.environment, target.region
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}<main>\n{sections}</main>\n<footer>Design <code>{}</code></footer>\n</body>\n</html>\n",
        masthead(design, &title, &contents),
        escaped(&design.hash),
        title = escaped(&title),
    )
}

/// The sections in their order.
fn contents(design: &Design, costs: &[CostLine]) -> Vec<Section> {
    let network = format!("{}{}", picture::network(design), tables::ranges(design));
    let mut contents = vec![("network", "The network", network)];
    if let Some(organization) = &design.organization {
        contents.push(("accounts", "The accounts", tables::accounts(organization)));
    }
    match &design.platform {
        None => contents.extend([
            ("sizes", "What runs", tables::sizes(design)),
            ("arrival", "How servers arrive", arrival::servers(design)),
        ]),
        Some(platform) => contents.extend([
            ("cluster", "The cluster", cluster::cluster(platform)),
            ("placement", "Does it fit", cluster::placement(platform)),
            ("workloads", "What runs", cluster::workloads(platform)),
            ("stores", "Databases and caches", tables::stores(design)),
            (
                "services",
                "Added services and settings",
                cluster::services_and_settings(platform),
            ),
        ]),
    }
    contents.extend([
        ("traffic", "Who may talk to whom", tables::traffic(design)),
        ("names", "Names and delivery", tables::names(design)),
        ("decisions", "Decisions", tables::decisions(design)),
        ("bill", "The bill", tables::bill(costs)),
        ("files", "Where it is written", arrival::places(design)),
        (
            "left",
            "Not part of this design",
            tables::not_carried(design),
        ),
    ]);
    contents
}

fn masthead(design: &Design, title: &str, contents: &[Section]) -> String {
    let overridden = design
        .decisions
        .iter()
        .filter(|decision| decision.overridden.is_some())
        .count();
    let replicas: usize = design.databases.iter().map(|one| one.replicas.len()).sum();
    let mut cards = vec![(design.network.zones.len(), "availability zones")];
    cards.extend(cluster::cards(design));
    cards.push((design.databases.len(), "databases"));
    if replicas > 0 || design.platform.is_none() {
        cards.push((replicas, "read replicas"));
    }
    cards.extend([
        (design.decisions.len(), "decisions"),
        (overridden, "of them by the policy"),
    ]);
    let cards: String = cards
        .iter()
        .map(|(count, what)| {
            format!("<div class=\"card\"><p class=\"figure\">{count}</p><p>{what}</p></div>\n")
        })
        .collect();
    let links: String = contents
        .iter()
        .map(|(anchor, title, _)| format!("<a href=\"#{anchor}\">{title}</a>\n"))
        .collect();
    format!(
        "<header>\n<p class=\"kicker\">Design of the target</p>\n<h1>{}</h1>\n<nav>\n{links}</nav>\n<div class=\"cards\">\n{cards}</div>\n</header>\n",
        escaped(title)
    )
}
