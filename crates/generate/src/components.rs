//! Documents of EC2 Image Builder: what an image is made of, step by step, from what was found on the servers.
//!
//! The service takes a document of 16,000 characters and no more, so long lists are cut into steps and steps are
//! packed into as many documents as they need. A text of the source reaches a script as a quoted word only
//! ([`bash::word`]), and its braces never open one of the service's own expressions.

mod bash;
mod site;
mod steps;

use reberth_model::design::{ArrivalWay, Design, FileForm, Service};
use std::collections::BTreeMap;

use steps::{Phase, Step};

/// Most characters of a document that is handed over as it is.
const DOCUMENT_CHARACTERS_MAX: usize = 16_000;
/// Most lines of one kind in the comment at its head; `design.json` has all of them.
const HEAD_LINES_MAX: usize = 30;

/// What the documents of a pipeline are told when an image is made.
const PARAMETERS: [(&str, &str, &str); 6] = [
    (
        "Repository",
        "none",
        "HTTPS address of the repository that holds the application, or none",
    ),
    ("Revision", "none", "Commit or tag of it"),
    ("ReleaseFolder", "none", "Where its files go"),
    (
        "CredentialSecret",
        "none",
        "Secret in Secrets Manager that holds a token for it, or none",
    ),
    ("Schedules", "off", "Whether scheduled work runs: on or off"),
    (
        "Runtimes",
        "strict",
        "What another version of a language than at the source does: strict fails, report only says so",
    ),
];

/// The documents of all services whose image a pipeline makes, by path.
pub(crate) fn files(design: &Design) -> BTreeMap<String, String> {
    let environment = &design.target.environment;
    let folder = format!("infra/live/{environment}/35-images/components");
    let services = by_pipeline(design);
    let documents = services.flat_map(|service| {
        let texts = texts(design, service).into_iter();
        names(design, service).into_iter().zip(texts)
    });
    documents
        .map(|(name, text)| (format!("{folder}/{name}"), text))
        .collect()
}

/// Services whose image a pipeline makes.
pub(crate) fn by_pipeline(design: &Design) -> impl Iterator<Item = &Service> {
    let services = design.services.iter();
    services.filter(|service| service.arrival.way == ArrivalWay::ImagePipeline)
}

/// Names of the documents of a service, in their order.
pub(crate) fn names(design: &Design, service: &Service) -> Vec<String> {
    let count = packed(design, service).len();
    (1..=count)
        .map(|number| match number {
            1 => format!("{}.yaml", service.key),
            _ => format!("{}-{number}.yaml", service.key),
        })
        .collect()
}

fn texts(design: &Design, service: &Service) -> Vec<String> {
    packed(design, service)
        .iter()
        .enumerate()
        .map(|(index, steps)| text(service, index, steps))
        .collect()
}

/// The steps in their order, in as few documents as hold them.
fn packed(design: &Design, service: &Service) -> Vec<Vec<Step>> {
    let mut files = design.files.iter();
    let mounts_shared = files.any(|own| own.service == service.key && own.form == FileForm::Shared);
    let mut documents: Vec<Vec<Step>> = vec![Vec::new()];
    for step in steps::of(service, mounts_shared) {
        let index = documents.len() - 1;
        let Some(last) = documents.last_mut() else {
            break;
        };
        last.push(step);
        let is_too_long = text(service, index, last).chars().count() > DOCUMENT_CHARACTERS_MAX;
        if is_too_long && last.len() > 1 {
            let step = last.pop();
            documents.push(step.into_iter().collect());
        }
    }
    documents
}

fn text(service: &Service, index: usize, steps: &[Step]) -> String {
    let mut text = if index == 0 {
        head(service)
    } else {
        String::new()
    };
    text.push_str(&format!(
        "name: {}\ndescription: What the servers of {} hold\nschemaVersion: 1.0\nparameters:\n",
        service.key, service.key
    ));
    for (name, default, description) in PARAMETERS {
        text.push_str(&format!(
            "  - {name}:\n      type: string\n      default: \"{default}\"\n      description: \"{description}\"\n"
        ));
    }
    text.push_str("phases:\n");
    for phase in Phase::ALL {
        let own: Vec<&Step> = steps.iter().filter(|step| step.phase == phase).collect();
        if !own.is_empty() {
            text.push_str(&format!("  - name: {}\n    steps:\n", phase.word()));
            text.extend(own.into_iter().map(step_text));
        }
    }
    text
}

fn step_text(step: &Step) -> String {
    let mut text = format!(
        "      - name: {}\n        action: ExecuteBash\n        inputs:\n          commands:\n            - |\n",
        step.name
    );
    for line in &step.script {
        text.push_str(format!("              {line}").trim_end());
        text.push('\n');
    }
    text
}

/// What a reader must know: which servers this was seen on, and what it leaves to people.
fn head(service: &Service) -> String {
    let contents = &service.arrival.contents;
    let mut lines = vec![match contents.seen.as_slice() {
        [] => format!(
            "Nobody looked inside the servers of {}: this makes an image of the system and the release only.",
            service.key
        ),
        seen => format!("Made from what was found on {}.", seen.join(", ")),
    }];
    if !contents.seen.is_empty() && !contents.unseen.is_empty() {
        lines.push(format!(
            "Nobody looked inside {}.",
            contents.unseen.join(", ")
        ));
    }
    lines.push(
        "Settings and secrets are no part of an image: servers read them when they start."
            .to_owned(),
    );
    if !contents.left_to_people.is_empty() {
        lines.push("Left to people:".to_owned());
        let left = contents.left_to_people.iter().take(HEAD_LINES_MAX);
        lines.extend(left.map(|left| format!("- {left}")));
        let further = contents.left_to_people.len().saturating_sub(HEAD_LINES_MAX);
        if further > 0 {
            lines.push(format!("- and {further} more, in design.json"));
        }
    }
    let comments = lines
        .iter()
        .map(|line| format!("# {}\n", bash::comment(line)));
    comments.collect()
}
