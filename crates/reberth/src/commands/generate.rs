//! `reberth generate`: the files of the design, written beside what people changed and never over it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use reberth_generate::{Files, MANIFEST_PATH, Manifest, Write, plan_write};
use reberth_model::document::{sha256_hex, to_bytes};
use serde_json::{Value, json};

use crate::atomic_file;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::{self, Project, optional};
use crate::record::Record;
use crate::table::table;

const MADE_BY: &str = "reberth generate";

/// Writes `infra/` and its manifest.
pub(crate) fn run(project: &Project, output: &Output) -> Result<Exit, Failure> {
    project.policy()?;
    let design = project.design()?.document;
    let existing = optional(project::document::<Manifest>(
        &project.path(MANIFEST_PATH),
        MADE_BY,
    ))?
    .map(|loaded| loaded.document);
    if let Some(manifest) = &existing {
        check_paths(project, manifest)?;
    }
    let record = Record::begin(project, "generate", &json!({ "design": design.hash }))?;
    let generated = || -> Result<(Vec<Write>, Value), Failure> {
        let (files, manifest) = reberth_generate::generate(&design)?;
        let on_disk = hashes(project, existing.as_ref(), &files)?;
        let writes = plan_write(existing.as_ref(), &on_disk, &files);
        for write in &writes {
            carry_out(write, project, &files)?;
        }
        let hash = write_manifest(project, &manifest)?;
        let outputs = json!({ "manifest": hash, "files": files.len(), "writes": writes.len() });
        Ok((writes, outputs))
    };
    let writes = record.end(generated())?;
    output.report(text(&writes), &summary(&writes))?;
    Ok(Exit::Done)
}

/// The manifest comes from a folder that anyone may have edited: a path that leads out of it is not followed.
fn check_paths(project: &Project, manifest: &Manifest) -> Result<(), CliError> {
    let leads_out = |path: &&String| {
        !Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    match manifest.files.keys().find(leads_out) {
        None => Ok(()),
        Some(path) => Err(CliError::Unreadable {
            path: project.path(MANIFEST_PATH),
            line: 0,
            column: 0,
            message: format!("{path:?} leads out of the project"),
            made_by: MADE_BY,
        }),
    }
}

/// SHA-256 of what is on disk, for every path that the plan may speak of.
fn hashes(
    project: &Project,
    existing: Option<&Manifest>,
    files: &Files,
) -> Result<BTreeMap<String, String>, CliError> {
    let listed = existing.iter().flat_map(|manifest| manifest.files.keys());
    let paths = files
        .keys()
        .chain(listed)
        .flat_map(|path| [path.clone(), format!("{path}.proposed")]);
    let mut hashes = BTreeMap::new();
    for path in paths {
        let on_disk = project.path(&path);
        match fs::read(&on_disk) {
            Ok(bytes) => {
                hashes.insert(path, sha256_hex(&bytes));
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(CliError::file(&on_disk, "read", error)),
        }
    }
    Ok(hashes)
}

fn carry_out(write: &Write, project: &Project, files: &Files) -> Result<(), CliError> {
    let path = project.path(&write.path());
    match write {
        Write::File(name) | Write::Proposed(name) => {
            let content = files.get(name).map_or(&[][..], Vec::as_slice);
            atomic_file::replace(&path, content)
        }
        Write::Remove(_) => {
            fs::remove_file(&path).map_err(|error| CliError::file(&path, "removed", error))
        }
    }
}

/// Last of all: until then a run that was killed finds its own files again by their content.
fn write_manifest(project: &Project, manifest: &Manifest) -> Result<String, CliError> {
    let path = project.path(MANIFEST_PATH);
    let bytes =
        to_bytes(manifest).map_err(|error| CliError::file(&path, "written", error.into()))?;
    atomic_file::replace(&path, &bytes)?;
    Ok(sha256_hex(&bytes))
}

fn word(write: &Write) -> &'static str {
    match write {
        Write::File(_) => "wrote",
        Write::Proposed(_) => "proposed",
        Write::Remove(_) => "removed",
    }
}

fn summary(writes: &[Write]) -> Value {
    let lines: Vec<Value> = writes
        .iter()
        .map(|write| json!({ "did": word(write), "path": write.path() }))
        .collect();
    json!({ "writes": lines })
}

fn text(writes: &[Write]) -> String {
    if writes.is_empty() {
        return "every file is up to date".to_owned();
    }
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines = Vec::new();
    for write in writes {
        let path = write.path();
        match write {
            Write::File(_) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
                folders
                    .entry(folder.to_owned())
                    .or_default()
                    .push(name.to_owned());
            }
            // What touches a person's file is named by itself.
            Write::Proposed(_) | Write::Remove(_) => {
                lines.push(format!("{:<8} {path}", word(write)));
            }
        }
    }
    let rows: Vec<Vec<String>> = folders
        .into_iter()
        .map(|(folder, names)| vec![format!("wrote    {folder}/"), names.join("  ")])
        .collect();
    if !rows.is_empty() {
        lines.insert(
            0,
            table(&["", ""], &rows).trim_start_matches('\n').to_owned(),
        );
    }
    lines.join("\n")
}
