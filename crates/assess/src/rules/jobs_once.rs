use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Process, Resource};

use super::{Context, Rule, evidence};

/// Lists what starts work at set times. Whether a job may run twice, only its owner knows: each needs a word from a person, or a fence in the
/// plan of the cutover.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-REL-07",
    problem: "Some jobs may run twice",
    reads: &["process", "job", "addon", "server"],
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
        .filter_map(|resource| match &resource.attributes {
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
            Attributes::Server(_) => Some(open(
                resource,
                "crontab",
                "its crontabs are not visible from outside",
            )),
            _ => None,
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
