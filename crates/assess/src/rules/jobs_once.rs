use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Codebase, Estate, Inside, Process, Resource, Server};

use super::{Context, Rule, evidence};
use crate::server_inside;

/// Lists what starts work at set times. Whether a job may run twice, only its owner knows: each needs a word from a person, or a fence in the
/// plan of the cutover.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-07",
    problem: "Some jobs may run twice",
    reads: &["process", "job", "addon", "server", "codebase"],
    check,
};

/// Programs that start jobs at set times.
const CLOCKS: &[&str] = &[
    "clock",
    "beat",
    "cron",
    "whenever",
    "scheduler",
    "que-scheduler",
];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    estate
        .resources
        .iter()
        .flat_map(|resource| match &resource.attributes {
            Attributes::Server(server) => of_server(resource, server),
            Attributes::Codebase(code) => of_code(resource, code),
            _ => of_platform(resource).into_iter().collect(),
        })
        .collect()
}

fn of_platform(resource: &Resource) -> Option<Evidence> {
    match &resource.attributes {
        Attributes::Process(process) if process.instances > 0 => clock(resource, process),
        Attributes::Job(job) => {
            let when = job.schedule.as_deref().unwrap_or("at times not known");
            Some(open(
                resource,
                "schedule",
                &format!("{when}: {}", job.command),
            ))
        }
        Attributes::Addon(addon) if addon.service == "scheduler" => Some(open(
            resource,
            "jobs",
            "its jobs are in no API; a person must list them",
        )),
        _ => None,
    }
}

fn of_server(resource: &Resource, server: &Server) -> Vec<Evidence> {
    match &server.inside {
        None => vec![open(
            resource,
            "crontab",
            "its crontabs are not visible from outside",
        )],
        Some(inside) => seen_inside(resource, inside),
    }
}

/// Each entry of its own; what an ordinary account could not see stays open.
fn seen_inside(resource: &Resource, inside: &Inside) -> Vec<Evidence> {
    let schedules = server_inside::schedules(inside).into_iter();
    let mut found: Vec<Evidence> = schedules
        .map(|entry| {
            let value = format!("{}: {} ({})", entry.schedule, entry.command, entry.place);
            open(resource, "inside.schedules", &value)
        })
        .collect();
    let hidden = inside.unknown.iter().filter(|what| what.contains("cron"));
    found.extend(hidden.map(|what| open(resource, "inside.unknown", what)));
    if found.is_empty() {
        let value = "nothing but the system's own timers";
        found.push(evidence(
            resource,
            CheckResult::Pass,
            "inside.schedules",
            value,
        ));
    }
    found
}

fn of_code(resource: &Resource, code: &Codebase) -> Vec<Evidence> {
    let schedules = code.schedules.iter();
    schedules
        .map(|entry| {
            let value = format!("{}: {} ({})", entry.schedule, entry.command, entry.file);
            open(resource, "schedules", &value)
        })
        .collect()
}

fn clock(resource: &Resource, process: &Process) -> Option<Evidence> {
    let text = format!("{} {}", resource.name, process.command).to_lowercase();
    let is_clock = CLOCKS.iter().any(|word| text.contains(word));
    is_clock.then(|| {
        let value = format!(
            "{} instance(s) of `{}`: must run on one side only",
            process.instances, process.command
        );
        open(resource, "command", &value)
    })
}

fn open(resource: &Resource, attribute: &str, value: &str) -> Evidence {
    evidence(resource, CheckResult::Unknown, attribute, value)
}
