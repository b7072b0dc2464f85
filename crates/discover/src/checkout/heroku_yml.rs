//! `heroku.yml`: an application that Heroku builds as container images.

use reberth_model::estate::{CodeProcess, Codebase, Service};
use serde_norway::Value;

use super::{File, yaml};
use crate::scrubbed::scrubbed;

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let document = yaml::parse(file.text)?;
    let none = Value::Null;
    let part = |name: &str| document.get(name).unwrap_or(&none);
    let images = yaml::entries(part("build"), "docker");
    if !images.is_empty() {
        code.build.push("dockerfile".to_owned());
    }
    let runs = yaml::entries(&document, "run");
    for (name, run) in &runs {
        let told = yaml::command(Some(run)).or_else(|| yaml::command(run.get("command")));
        code.processes.push(process(file, name, told));
    }
    // An image that no command is told for runs its own.
    for (name, _) in images.iter().filter(|(name, _)| name != "release") {
        if !runs.iter().any(|(run, _)| run == name) {
            code.processes.push(process(file, name, None));
        }
    }
    let release = part("release");
    if let Some(command) = yaml::command(release.get("command")) {
        code.release_commands.push(scrubbed(&command));
    }
    for addon in yaml::items(part("setup"), "addons") {
        if let Some(plan) = yaml::text(addon, "plan").or_else(|| yaml::scalar(addon)) {
            code.services.push(Service {
                file: file.name.to_owned(),
                name: plan.split(':').next().unwrap_or_default().to_owned(),
                what: plan,
            });
        }
    }
    for place in [part("setup"), part("build")] {
        let settings = yaml::entries(place, "config");
        code.config_names
            .extend(settings.into_iter().map(|(name, _)| name));
    }
    Ok(())
}

fn process(file: &File<'_>, name: &str, command: Option<String>) -> CodeProcess {
    CodeProcess {
        file: file.name.to_owned(),
        name: name.to_owned(),
        command: command.as_deref().map(scrubbed),
        ..CodeProcess::default()
    }
}
