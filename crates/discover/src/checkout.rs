//! The files of an application: how it is built, what it runs, when, on which ports, with which services.
//!
//! Files are read and never run. What a file says stays what the file says: nothing is guessed from names of folders. Values
//! of settings are stepped over, and secrets in command lines left out. A file that is not understood is named, and the
//! others are read.

mod app_json;
mod app_spec;
mod buildpacks;
mod compose;
mod crontab;
mod dockerfile;
mod exec_form;
mod heroku_yml;
mod procfile;
mod runtimes;
mod yaml;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use reberth_model::estate::{Attributes, Codebase, Edge, Estate, Resource, Unread};

/// No file of these kinds is larger.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// One kind of file and how it is read. To read another, add a line.
struct Source {
    names: &'static [&'static str],
    read: fn(&File<'_>, &mut Codebase) -> Result<(), String>,
}

/// A file of a checkout.
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

const SOURCES: &[Source] = &[
    Source {
        names: &["Procfile"],
        read: procfile::read,
    },
    Source {
        names: &["app.json"],
        read: app_json::read,
    },
    Source {
        names: &["heroku.yml"],
        read: heroku_yml::read,
    },
    Source {
        names: &[".do/app.yaml", ".do/app.yml", ".do/deploy.template.yaml"],
        read: app_spec::read,
    },
    Source {
        names: &[
            "compose.yaml",
            "compose.yml",
            "docker-compose.yaml",
            "docker-compose.yml",
        ],
        read: compose::read,
    },
    Source {
        names: &["Dockerfile"],
        read: dockerfile::read,
    },
    Source {
        names: &["crontab"],
        read: crontab::read,
    },
    Source {
        names: runtimes::FILES,
        read: runtimes::read,
    },
    Source {
        names: buildpacks::FILES,
        read: buildpacks::read,
    },
];

/// Files in which a program of the application plans work by itself: they are code, and only a person can read them.
const SCHEDULES_IN_CODE: [&str; 5] = [
    "config/schedule.rb",
    "config/sidekiq_cron.yml",
    "config/recurring.yml",
    "clock.rb",
    "celerybeat-schedule.py",
];

/// Reads the files of an application in `folder`. `Err`: the folder itself cannot be read.
pub fn read(folder: &Path) -> io::Result<Codebase> {
    fs::read_dir(folder)?;
    let mut code = Codebase::default();
    for source in SOURCES {
        for name in source.names {
            match text_of(folder, name) {
                Ok(None) => {}
                Ok(Some(text)) => take(source, name, &text, &mut code),
                Err(reason) => code.unread.push(unread(name, reason)),
            }
        }
    }
    for name in SCHEDULES_IN_CODE {
        if folder.join(name).is_file() {
            let reason = "work is planned in code: ask a person for it".to_owned();
            code.unread.push(unread(name, reason));
        }
    }
    finish(&mut code);
    Ok(code)
}

fn take(source: &Source, name: &str, text: &str, code: &mut Codebase) {
    code.files.push(name.to_owned());
    if let Err(reason) = (source.read)(&File { name, text }, code) {
        code.unread.push(unread(name, reason));
    }
}

fn unread(file: &str, reason: String) -> Unread {
    let file = file.to_owned();
    Unread { file, reason }
}

/// The text of a file; `None` when there is none. A link is not followed: it may lead out of the checkout.
fn text_of(folder: &Path, name: &str) -> Result<Option<String>, String> {
    let path = folder.join(name);
    let kind = match fs::symlink_metadata(&path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if kind.is_symlink() {
        return Err("it is a link, which is not followed".to_owned());
    }
    if !kind.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(&path).map_err(|error| error.to_string())?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("it is larger than {FILE_BYTES_MAX} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Orders everything, each once.
fn finish(code: &mut Codebase) {
    fn order<T: Ord>(items: &mut Vec<T>) {
        items.sort();
        items.dedup();
    }
    order(&mut code.files);
    order(&mut code.runtimes);
    order(&mut code.processes);
    order(&mut code.release_commands);
    order(&mut code.schedules);
    order(&mut code.services);
    order(&mut code.config_names);
    order(&mut code.unread);
    let rank = |build: &String| {
        ["dockerfile", "image", "buildpack"]
            .iter()
            .position(|known| known == build)
    };
    code.build.sort_by_key(rank);
    code.build.dedup();
    let mut seen = std::collections::BTreeSet::new();
    code.buildpacks.retain(|name| seen.insert(name.clone()));
}

/// The name of the application that a checkout is of: of its remote at Heroku, else of its folder.
pub fn name(folder: &Path) -> String {
    let config = text_of(folder, ".git/config").ok().flatten();
    let remote = config.as_deref().and_then(heroku_remote);
    let folder = folder.canonicalize();
    let own = folder.ok().and_then(|path| {
        let name = path.file_name()?;
        Some(name.to_string_lossy().into_owned())
    });
    remote.or(own).unwrap_or_default()
}

/// `shop` of `url = https://git.heroku.com/shop.git`.
fn heroku_remote(config: &str) -> Option<String> {
    let (_, after) = config.split_once("heroku.com")?;
    let name = after.trim_start_matches([':', '/']).lines().next()?;
    Some(name.trim().trim_end_matches(".git").to_owned())
}

/// Adds checkouts to an estate, each by the name of its application, which may be none of the estate's.
pub fn add(estate: &mut Estate, checkouts: BTreeMap<String, Codebase>) {
    for (name, mut code) in checkouts {
        let id = format!("codebase/{name}");
        code.app_id = app_id(estate, &name);
        if let Some(app) = &code.app_id {
            estate.edges.push(Edge {
                from: app.clone(),
                relation: "uses".to_owned(),
                to: id.clone(),
            });
        }
        *estate.counts.entry("codebase".to_owned()).or_default() += 1;
        estate.resources.push(Resource {
            id,
            name,
            region: None,
            cost: None,
            attributes: Attributes::Codebase(code),
        });
    }
    estate.sort();
}

fn app_id(estate: &Estate, name: &str) -> Option<String> {
    let mut apps = estate.of_kind("app");
    apps.find(|app| app.name == name).map(|app| app.id.clone())
}
