//! The report as one HTML file: style inside, nothing loaded from anywhere, no script.

mod bill;
mod charts;
mod costs;
mod data;
pub(super) mod element;
mod findings;
mod gaps;
mod headline;
mod inventory;
pub(super) mod page;
mod picture;
mod svg;

use reberth_model::assessment::Assessment;
use reberth_model::estate::Estate;

use super::words;
use element::{Html, element, link, section, text};

/// The sections in their order, with the anchor of each.
const CONTENTS: [(&str, &str); 12] = [
    ("headline", "At a glance"),
    ("blockers", "What stops the migration"),
    ("costs", "Costs"),
    ("timeline", "When"),
    ("methods", "How the data move"),
    ("findings", "Findings"),
    ("questions", "Questions for people"),
    ("waves", "What moves together"),
    ("picture", "The estate as a picture"),
    ("estate", "What was found"),
    ("unknown", "What is unknown"),
    ("not-visible", "What is not visible"),
];

/// The report as one HTML file that needs nothing else. Every name that came from outside is escaped.
pub fn html(assessment: &Assessment, estate: &Estate) -> String {
    let parts = [
        headline::headline(assessment),
        headline::blockers(assessment),
        costs::costs(assessment),
        data::timeline(assessment),
        data::methods(assessment),
        findings::findings(assessment),
        data::questions(assessment),
        headline::waves(assessment),
        picture::picture(estate),
        inventory::inventory(estate),
        gaps::unknown(assessment),
        gaps::not_visible(estate),
    ];
    let sections = CONTENTS
        .iter()
        .zip(parts)
        .map(|((anchor, title), body)| section(anchor, title, body));
    let main = element("main", "", sections);
    let title = format!(
        "Migration assessment, {} to AWS {}, {}",
        words::provider(&estate.provider),
        assessment.target_region,
        assessment.as_of
    );
    page::page(
        &title,
        [masthead(assessment, estate), main, colophon(assessment)],
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
                [text(&format!(
                    "{account} · {} resources · as of {}",
                    estate.resources.len(),
                    assessment.as_of
                ))],
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
