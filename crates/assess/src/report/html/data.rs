//! How the data move, when, and what people still have to answer.

use reberth_model::assessment::{Assessment, Question, Risk};

use super::element::{Html, element, label, paragraph, table, text};
use crate::report::{schedule, words};

/// The method of each data store.
pub(super) fn methods(assessment: &Assessment) -> Vec<Html> {
    let rows = assessment.methods.iter().map(|method| {
        let hours = method
            .copy_hours
            .map_or_else(|| "not known".to_owned(), |hours| format!("{hours} h"));
        let carried = if method.automated {
            "✓ by this program"
        } else {
            "by hand for now"
        };
        let list = |items: &[String]| {
            element(
                "ul",
                "",
                items.iter().map(|item| element("li", "", [text(item)])),
            )
        };
        vec![
            text(&method.database.name),
            text(&method.engine),
            element(
                "div",
                "",
                [
                    text(words::method(method.method)),
                    element("div", "note", [text(carried)]),
                ],
            ),
            text(&hours),
            text(&method.write_stop),
            list(&method.before),
            list(&method.instead),
        ]
    });
    vec![
        paragraph(
            "The method follows from what the provider grants and from the size. It is certain when the probes before it have passed.",
        ),
        table(
            &[
                "Data store",
                "Engine",
                "How it moves",
                "#Full copy",
                "Time without writes",
                "Before that",
                "Instead",
            ],
            rows,
        ),
    ]
}

/// The waves on a line of days.
pub(super) fn timeline(assessment: &Assessment) -> Vec<Html> {
    let plans = schedule::plan(assessment);
    let rows = plans.iter().map(|plan| {
        vec![
            text(&plan.wave.number.to_string()),
            text(&plan.wave.name),
            text(&format!("{} h", plan.copy_hours)),
            text(&plan.unknown_sizes.to_string()),
            text(&format!("day {} to {}", plan.first_day, plan.last_day())),
        ]
    });
    vec![
        paragraph(schedule::BASIS),
        table(
            &[
                "#Wave",
                "Name",
                "#Full copy",
                "#Stores of unknown size",
                "When",
            ],
            rows,
        ),
    ]
}

/// What waits for a person, and the questions of the framework.
pub(super) fn questions(assessment: &Assessment) -> Vec<Html> {
    let rows = assessment.questions_for_people.iter().map(|open| {
        let of = match open.resources {
            0 => "whole estate".to_owned(),
            count => format!("{count} resource(s)"),
        };
        vec![
            element("code", "", [text(&open.check)]),
            text(&open.asks),
            text(&open.yes_when),
            text(&of),
        ]
    });
    let framework = assessment
        .questions
        .iter()
        .filter(|question| !question.checks.is_empty());
    let rest: Vec<&str> = assessment
        .questions
        .iter()
        .filter(|question| question.checks.is_empty())
        .map(|question| question.id.as_str())
        .collect();
    vec![
        paragraph(
            "No data answer these. Write each answer into reberth.yaml under answers, with name, day and what it rests on.",
        ),
        table(&["Check", "Is it so", "Yes when", "Asked of"], rows),
        element("h3", "", [text("The framework's questions")]),
        paragraph(
            "The risk is that of the worst check that is not waived, as the Well-Architected Tool reckons it; a question with something open is unanswered.",
        ),
        table(
            &[
                "Question",
                "Risk",
                "#By data",
                "#By people",
                "#Open",
                "Checks",
            ],
            framework.map(question),
        ),
        paragraph(&format!(
            "No check speaks to {} of the {} questions; they are about people and organisation: {}.",
            rest.len(),
            assessment.questions.len(),
            rest.join(", ")
        )),
    ]
}

fn question(question: &Question) -> Vec<Html> {
    let (symbol, word) = words::risk(question.risk);
    let class = match question.risk {
        Risk::High => "severity high",
        Risk::Medium => "severity medium",
        Risk::Unanswered | Risk::None | Risk::NotApplicable => "result",
    };
    vec![
        text(&question.id),
        label(class, symbol, word),
        text(&question.by_data.to_string()),
        text(&question.by_person.to_string()),
        text(&question.open.to_string()),
        text(&question.checks.join(", ")),
    ]
}
