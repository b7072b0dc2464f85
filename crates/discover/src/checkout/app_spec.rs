//! `.do/app.yaml`: the specification of an application for DigitalOcean's App Platform.

use reberth_model::estate::{CodeProcess, Codebase, Schedule, Service};
use serde_norway::Value;

use super::{File, yaml};
use crate::scrubbed::scrubbed;

/// Parts that run, other than jobs.
const COMPONENTS: [&str; 4] = ["services", "workers", "static_sites", "functions"];

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let document = yaml::parse(file.text)?;
    // A template for deploying holds the specification under `spec`.
    let spec = document.get("spec").unwrap_or(&document);
    settings(spec, code);
    for kind in COMPONENTS {
        for (name, component) in yaml::entries(spec, kind) {
            settings(component, code);
            build(component, code);
            code.processes.push(process(file, name, component));
        }
    }
    for (name, job) in yaml::entries(spec, "jobs") {
        settings(job, code);
        build(job, code);
        take_job(file, name, job, code);
    }
    for (name, database) in yaml::entries(spec, "databases") {
        let engine = yaml::text(database, "engine").unwrap_or_default();
        let version = yaml::text(database, "version").map(|version| format!(":{version}"));
        code.services.push(Service {
            file: file.name.to_owned(),
            name,
            what: format!(
                "{}{}",
                engine.to_ascii_lowercase(),
                version.unwrap_or_default()
            ),
        });
    }
    Ok(())
}

fn process(file: &File<'_>, name: String, component: &Value) -> CodeProcess {
    let ports = yaml::items(component, "internal_ports");
    let ports = component.get("http_port").into_iter().chain(ports);
    let mut ports: Vec<u16> = ports
        .filter_map(yaml::scalar)
        .filter_map(|port| port.parse().ok())
        .collect();
    ports.sort_unstable();
    let check = component.get("health_check");
    CodeProcess {
        file: file.name.to_owned(),
        name,
        command: yaml::text(component, "run_command").map(|command| scrubbed(&command)),
        ports,
        health_check: check.and_then(|check| yaml::text(check, "http_path")),
        instances: yaml::text(component, "instance_count").and_then(|count| count.parse().ok()),
        user: None,
    }
}

/// A job runs before or after a deployment, or at times.
fn take_job(file: &File<'_>, name: String, job: &Value, code: &mut Codebase) {
    let command = yaml::text(job, "run_command").map(|command| scrubbed(&command));
    let at = job
        .get("schedule")
        .and_then(|schedule| yaml::text(schedule, "cron"));
    match (at, command) {
        (Some(schedule), command) => code.schedules.push(Schedule {
            file: file.name.to_owned(),
            schedule,
            command: command.unwrap_or(name),
        }),
        (None, Some(command)) => code.release_commands.push(command),
        (None, None) => code.release_commands.push(format!("the job {name}")),
    }
}

fn settings(part: &Value, code: &mut Codebase) {
    let names = yaml::items(part, "envs")
        .into_iter()
        .filter_map(|env| yaml::text(env, "key"));
    code.config_names.extend(names);
}

fn build(component: &Value, code: &mut Codebase) {
    let method = if component.get("dockerfile_path").is_some() {
        "dockerfile"
    } else if component.get("image").is_some() {
        "image"
    } else {
        "buildpack"
    };
    code.build.push(method.to_owned());
    let slug = yaml::text(component, "environment_slug");
    code.buildpacks.extend(slug);
}
