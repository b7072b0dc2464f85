//! `app.json`: settings, formation, add-ons and buildpacks of an application for Heroku.

use std::collections::BTreeMap;

use reberth_model::estate::{CodeProcess, Codebase, Service};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::File;
use crate::scrubbed::scrubbed;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct App {
    env: Option<BTreeMap<String, IgnoredAny>>,
    formation: Option<BTreeMap<String, Formation>>,
    addons: Option<Vec<Addon>>,
    buildpacks: Option<Vec<Buildpack>>,
    scripts: Option<BTreeMap<String, String>>,
    image: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Formation {
    quantity: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Addon {
    Plan(String),
    Whole { plan: String },
}

#[derive(Debug, Deserialize)]
struct Buildpack {
    url: String,
}

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let app: App = serde_json::from_str(file.text).map_err(|error| {
        format!(
            "it has another form than documented, at line {}",
            error.line()
        )
    })?;
    code.config_names
        .extend(app.env.into_iter().flatten().map(|(name, _)| name));
    for (name, formation) in app.formation.into_iter().flatten() {
        code.processes.push(CodeProcess {
            file: file.name.to_owned(),
            name,
            instances: formation.quantity,
            ..CodeProcess::default()
        });
    }
    for addon in app.addons.into_iter().flatten() {
        let (Addon::Plan(plan) | Addon::Whole { plan }) = addon;
        code.services.push(Service {
            file: file.name.to_owned(),
            name: plan.split(':').next().unwrap_or_default().to_owned(),
            what: plan,
        });
    }
    let buildpacks = app.buildpacks.into_iter().flatten();
    code.buildpacks
        .extend(buildpacks.map(|buildpack| scrubbed(&buildpack.url)));
    if !code.buildpacks.is_empty() {
        code.build.push("buildpack".to_owned());
    }
    if app.image.is_some() {
        code.build.push("image".to_owned());
    }
    let scripts = app.scripts.into_iter().flatten();
    let deploy = scripts.filter(|(name, _)| name == "postdeploy");
    code.release_commands
        .extend(deploy.map(|(_, command)| scrubbed(&command)));
    Ok(())
}
