//! The scope of work: what moves in which wave, who does what, when it is accepted, what is risked, and how long it takes. To be signed.

use reberth_model::assessment::{Assessment, CheckResult, Method, Severity};
use reberth_model::estate::Estate;

use super::document::{Block, to_html, to_markdown};
use super::how_it_moves::HowItMoves;
use super::html::page;
use super::inside;
use super::schedule::{self, WavePlan};
use super::words;

/// The scope of work as Markdown.
pub fn scope_of_work_markdown(assessment: &Assessment, estate: &Estate) -> String {
    to_markdown(&title(assessment, estate), &blocks(assessment, estate))
}

/// The scope of work as one HTML file that needs nothing else.
pub fn scope_of_work_html(assessment: &Assessment, estate: &Estate) -> String {
    let title = title(assessment, estate);
    page::document(
        &title,
        "Scope of work",
        to_html(&blocks(assessment, estate)),
    )
}

fn title(assessment: &Assessment, estate: &Estate) -> String {
    format!(
        "Scope of work: {} to AWS {}",
        words::provider(&estate.provider),
        assessment.target_region
    )
}

fn blocks(assessment: &Assessment, estate: &Estate) -> Vec<Block> {
    let plans = schedule::plan(assessment);
    let mut blocks = vec![
        Block::Paragraph(subject(assessment, estate)),
        Block::Heading("What moves"),
    ];
    let how = HowItMoves::of(estate);
    blocks.extend(plans.iter().flat_map(|plan| wave(plan, &how)));
    blocks.extend(stays(assessment));
    blocks.extend(inside::blocks(estate));
    blocks.extend(timeline(&plans));
    blocks.extend(duties());
    blocks.extend(acceptance(assessment));
    blocks.extend(risks(assessment));
    blocks.extend(money(assessment));
    blocks.push(Block::Heading("Signed"));
    let blank = || vec![String::new(), String::new(), String::new(), String::new()];
    blocks.push(Block::Table(
        &["For", "Name", "Day", "Signature"],
        ["the customer", "the operator"]
            .map(|party| {
                let mut row = blank();
                row[0] = party.to_owned();
                row
            })
            .into(),
    ));
    blocks
}

fn subject(assessment: &Assessment, estate: &Estate) -> String {
    format!(
        "Account {}, as found on {}: {} resources. Estate SHA-256 {}. What is not in the estate is not in this scope.",
        estate.account.as_deref().unwrap_or("not told"),
        assessment.as_of,
        estate.resources.len(),
        assessment.estate_sha256
    )
}

fn wave(plan: &WavePlan, how: &HowItMoves) -> Vec<Block> {
    let wave = plan.wave;
    let rows = wave
        .members
        .iter()
        .map(|member| {
            let method = plan
                .methods
                .iter()
                .find(|method| method.database == *member);
            vec![
                words::kind(&member.kind),
                member.name.clone(),
                method.map_or_else(
                    || how.words(member),
                    |method| words::method(method.method).to_owned(),
                ),
                method.map_or_else(String::new, |method| method.write_stop.clone()),
            ]
        })
        .collect();
    vec![
        Block::Subheading(format!(
            "Wave {}: {} ({})",
            wave.number,
            wave.name,
            wave.environment
                .as_deref()
                .unwrap_or("environment not labelled")
        )),
        Block::Table(
            &["Kind", "Name", "How it moves", "Time without writes"],
            rows,
        ),
    ]
}

fn stays(assessment: &Assessment) -> Vec<Block> {
    let unmoved: Vec<String> = assessment
        .methods
        .iter()
        .filter(|method| method.method == Method::Unknown)
        .map(|method| {
            format!(
                "{} ({}): {}",
                method.database.name, method.engine, method.why
            )
        })
        .collect();
    if unmoved.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Subheading("No method is known for".to_owned()),
        Block::List(unmoved),
    ]
}

fn timeline(plans: &[WavePlan]) -> Vec<Block> {
    let rows = plans
        .iter()
        .map(|plan| {
            let unknown = match plan.unknown_sizes {
                0 => String::new(),
                count => format!(" and {count} of unknown size"),
            };
            vec![
                plan.wave.number.to_string(),
                plan.wave.name.clone(),
                format!("{} h{unknown}", plan.copy_hours),
                format!("day {} to {}", plan.first_day, plan.last_day()),
            ]
        })
        .collect();
    vec![
        Block::Heading("Timeline"),
        Block::Paragraph(schedule::BASIS.to_owned()),
        Block::Table(&["#Wave", "Name", "Full copy", "When"], rows),
    ]
}

fn duties() -> Vec<Block> {
    let row = |what: &str, customer: &str, operator: &str| {
        vec![what.to_owned(), customer.to_owned(), operator.to_owned()]
    };
    vec![
        Block::Heading("Who does what"),
        Block::Table(
            &["What", "Customer", "Operator"],
            vec![
                row(
                    "Access with the least rights, and its end",
                    "grants and revokes",
                    "asks, and reports its use",
                ),
                row(
                    "What blocks, and questions for people",
                    "decides and mends",
                    "lists and advises",
                ),
                row(
                    "Infrastructure as code",
                    "reviews and approves",
                    "designs, generates, applies",
                ),
                row(
                    "Copy, stream and verification of data",
                    "consents to what it changes",
                    "carries out, and shows the proof",
                ),
                row(
                    "Test of the application at the target",
                    "carries out",
                    "supports",
                ),
                row(
                    "Rehearsal of the cutover",
                    "takes part",
                    "carries out and measures",
                ),
                row("Go or no-go", "decides", "shows the evidence"),
                row(
                    "Outside parties that call in or allow addresses",
                    "tells them",
                    "names the addresses",
                ),
                row(
                    "End of the source",
                    "cancels",
                    "confirms that nobody writes there",
                ),
            ],
        ),
    ]
}

fn acceptance(assessment: &Assessment) -> Vec<Block> {
    let mut criteria = vec![
        "Every resource of a wave runs at the target, or is named as left behind with a reason.".to_owned(),
        "Each database is compared with its source, row by row through hashes; there is no difference.".to_owned(),
        "No acknowledged write is lost or doubled over the cutover.".to_owned(),
        "Nobody writes at the source after the switch; a refused write proves it.".to_owned(),
        "The way back was rehearsed, and stays open until the watch ends.".to_owned(),
    ];
    let open = assessment.blockers.len();
    if open > 0 {
        criteria.push(format!(
            "None of the {open} blockers of the assessment is left, or each that may be waived is."
        ));
    }
    vec![Block::Heading("When it is accepted"), Block::List(criteria)]
}

fn risks(assessment: &Assessment) -> Vec<Block> {
    let grave = assessment
        .checks
        .iter()
        .filter(|check| check.severity <= Severity::High)
        .filter(|check| matches!(check.result, CheckResult::Fail | CheckResult::Waived));
    let rows = words::gravest_first(grave)
        .into_iter()
        .map(|check| {
            vec![
                check.problem.clone().unwrap_or_else(|| check.title.clone()),
                words::severity(check.severity).to_owned(),
                words::names(&check.resources),
                check.remedy.clone(),
            ]
        })
        .collect();
    let open = assessment.questions_for_people.len();
    vec![
        Block::Heading("What is risked"),
        Block::Table(&["Risk", "Severity", "Where", "What reduces it"], rows),
        Block::Paragraph(format!(
            "{open} questions wait for people; until they are answered what they ask about is unknown, not safe."
        )),
    ]
}

fn money(assessment: &Assessment) -> Vec<Block> {
    let row = |what: &str, total: &reberth_model::assessment::Total| {
        vec![
            what.to_owned(),
            words::amount(Some(total.low)),
            words::amount(Some(total.likely)),
            words::amount(Some(total.high)),
            total.lines_not_priced.to_string(),
        ]
    };
    let totals = &assessment.totals;
    vec![
        Block::Heading("What it costs"),
        Block::Paragraph("US dollars by the assessment, of the providers' bills only: the work of people is agreed apart from this. A line without a price is missing from its sum.".to_owned()),
        Block::Table(
            &["", "#Low", "#Likely", "#High", "#Lines not priced"],
            vec![
                row("now, a month", &totals.source),
                row("at the target, a month", &totals.target),
                row("the move, once", &totals.once),
            ],
        ),
    ]
}
