//! How long it takes to judge an estate of a thousand resources, and to write every form of its report.
//!
//! The estate is the recorded one, repeated under other ids and names until it has a thousand resources.

use std::io::Write;
use std::time::Instant;

use reberth_assess::{Question, Scenario, assess, estate_csv, html, markdown, scope_of_work_html};
use reberth_model::estate::{Estate, Resource};
use reberth_model::policy::Policy;

const RESOURCES: usize = 1000;
const ROUNDS: u32 = 5;

fn main() {
    let recorded: Estate =
        serde_json::from_str(include_str!("../tests/fixtures/edtech-estate.json"))
            .expect("the fixture is an estate");
    let estate = repeated(&recorded);
    let policy = Policy::parse(
        "schema: 1\nproject: p\nsource: {provider: digitalocean}\ntarget: {region: ap-south-1}\n",
    )
    .expect("a policy");
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let question = Question {
            estate: &estate,
            estate_bytes: b"",
            policy: &policy,
            today: "2026-11-22",
            design: None,
            price_lists: &[],
            scenario: &Scenario::default(),
        };
        let assessment = assess(question).expect("an assessment");
        let judged = begun.elapsed();
        let written = html(&assessment, &estate).len()
            + markdown(&assessment, &estate).len()
            + scope_of_work_html(&assessment, &estate).len()
            + estate_csv(&estate).len();
        writeln!(
            std::io::stdout(),
            "{} resources: judged in {} ms, judged and written in {} ms ({written} bytes)",
            estate.resources.len(),
            judged.as_millis(),
            begun.elapsed().as_millis()
        )
        .expect("standard output takes a line");
    }
}

fn repeated(recorded: &Estate) -> Estate {
    let copies = (0..).flat_map(|copy| {
        recorded.resources.iter().map(move |resource| Resource {
            id: format!("{}-{copy}", resource.id),
            name: format!("{}-{copy}", resource.name),
            ..resource.clone()
        })
    });
    Estate {
        resources: copies.take(RESOURCES).collect(),
        ..recorded.clone()
    }
}
