//! The report as one HTML file: style inside, nothing loaded from anywhere, no script.

mod costs;
mod element;
mod findings;
mod gaps;
mod headline;
mod inventory;

use reberth_model::assessment::Assessment;
use reberth_model::estate::Estate;

use super::words;
use element::{Html, element, link, section, text};

const STYLE: &str = include_str!("style.css");

/// The sections in their order, with the anchor of each.
const CONTENTS: [(&str, &str); 8] = [
    ("headline", "At a glance"),
    ("blockers", "What stops the migration"),
    ("findings", "Findings"),
    ("costs", "Costs"),
    ("waves", "What moves together"),
    ("estate", "What was found"),
    ("unknown", "What is unknown"),
    ("not-visible", "What is not visible"),
];

/// The report as one HTML file that needs nothing else. Every name that came from outside is escaped.
pub fn html(assessment: &Assessment, estate: &Estate) -> String {
    let parts = [
        headline::headline(assessment, estate),
        headline::blockers(assessment),
        findings::findings(assessment),
        costs::costs(assessment),
        headline::waves(assessment),
        inventory::inventory(estate),
        gaps::unknown(assessment),
        gaps::not_visible(estate),
    ];
    let sections = CONTENTS
        .iter()
        .zip(parts)
        .map(|((anchor, title), body)| section(anchor, title, body));
    let main = element("main", "", sections);
    page(
        assessment,
        estate,
        [masthead(assessment, estate), main, colophon(assessment)],
    )
}

fn page(assessment: &Assessment, estate: &Estate, body: [Html; 3]) -> String {
    let title = text(&format!(
        "Migration assessment, {} to AWS {}, {}",
        words::provider(&estate.provider),
        assessment.target_region,
        assessment.as_of
    ));
    let body = element("body", "", body);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n{body}\n</html>\n"
    )
}

fn masthead(assessment: &Assessment, estate: &Estate) -> Html {
    let route = format!(
        "{} to AWS {}",
        words::provider(&estate.provider),
        assessment.target_region
    );
    let account = estate.account.as_deref().unwrap_or("account not told");
    let contents = CONTENTS.iter().map(|(anchor, title)| link(anchor, title));
    element(
        "header",
        "",
        [
            element("p", "kicker", [text("Migration assessment")]),
            element("h1", "", [text(&route)]),
            element(
                "p",
                "lede",
                [text(&format!("{account} · as of {}", assessment.as_of))],
            ),
            element("nav", "", contents),
        ],
    )
}

fn colophon(assessment: &Assessment) -> Html {
    let line = |what: &str| element("p", "", [text(what)]);
    element(
        "footer",
        "",
        [
            line(&format!(
                "Judges the estate with SHA-256 {}.",
                assessment.estate_sha256
            )),
            line(&format!(
                "Catalog of checks {}. Unknown is never counted as pass. A line without a price stays without one.",
                assessment.catalog_version
            )),
            line(
                "This is not a full Well-Architected Framework Review: questions about people and organisation are for people.",
            ),
        ],
    )
}
