//! The design as one HTML file: the network as a picture, sizes, traffic, decisions, and the bill. Style inside, nothing
//! loaded from anywhere, no script. Every name that came from outside is escaped.

mod markup;
mod picture;
mod tables;

use reberth_model::assessment::CostLine;
use reberth_model::design::Design;

use markup::{escaped, section};

const STYLE: &str = include_str!("page/style.css");

/// The sections in their order, with the anchor of each.
const CONTENTS: [(&str, &str); 7] = [
    ("network", "The network"),
    ("sizes", "What runs"),
    ("traffic", "Who may talk to whom"),
    ("names", "Names and delivery"),
    ("decisions", "Decisions"),
    ("bill", "The bill"),
    ("left", "Not part of this design"),
];

/// The page of a design. `costs` are the lines of the assessment that the design follows.
pub fn page(design: &Design, costs: &[CostLine]) -> String {
    let bodies = [
        format!("{}{}", picture::network(design), tables::ranges(design)),
        tables::sizes(design),
        tables::traffic(design),
        tables::names(design),
        tables::decisions(design),
        tables::bill(costs),
        tables::not_carried(design),
    ];
    let sections: String = CONTENTS
        .iter()
        .zip(bodies)
        .map(|((anchor, title), body)| section(anchor, title, &body))
        .collect();
    let target = &design.target;
    let title = format!(
        "Target of {}, {} in AWS {}",
        target.project, target.environment, target.region
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}<main>\n{sections}</main>\n<footer>Design <code>{}</code></footer>\n</body>\n</html>\n",
        masthead(design, &title),
        escaped(&design.hash),
        title = escaped(&title),
    )
}

fn masthead(design: &Design, title: &str) -> String {
    let overridden = design
        .decisions
        .iter()
        .filter(|decision| decision.overridden.is_some())
        .count();
    let replicas: usize = design.databases.iter().map(|one| one.replicas.len()).sum();
    let cards = [
        (design.network.zones.len(), "availability zones"),
        (design.services.len(), "services"),
        (design.databases.len(), "databases"),
        (replicas, "read replicas"),
        (design.decisions.len(), "decisions"),
        (overridden, "of them by the policy"),
    ];
    let cards: String = cards
        .iter()
        .map(|(count, what)| {
            format!("<div class=\"card\"><p class=\"figure\">{count}</p><p>{what}</p></div>\n")
        })
        .collect();
    let links: String = CONTENTS
        .iter()
        .map(|(anchor, title)| format!("<a href=\"#{anchor}\">{title}</a>\n"))
        .collect();
    format!(
        "<header>\n<p class=\"kicker\">Design of the target</p>\n<h1>{}</h1>\n<nav>\n{links}</nav>\n<div class=\"cards\">\n{cards}</div>\n</header>\n",
        escaped(title)
    )
}
