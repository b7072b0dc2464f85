//! Generates the files of a design: Terraform modules and live roots, with their READMEs.
//!
//! Pure: the same design gives the same bytes, and nothing is written here. [`plan_write`] decides what a writer
//! may do on disk.

mod cluster_rights;
mod components;
mod error;
mod folder;
pub mod hcl;
mod live;
mod manifest;
mod modules;
mod monitoring;
mod prose;

pub use error::GenerateError;
pub use manifest::{MANIFEST_PATH, Manifest, Write, plan_write};

use reberth_model::design::Design;
use reberth_model::document::{SCHEMA, sha256_hex};
use std::collections::BTreeMap;

/// Generated files by path in the project.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Generates all files of a design, and the manifest of their hashes.
pub fn generate(design: &Design) -> Result<(Files, Manifest), GenerateError> {
    if design.content_hash()? != design.hash {
        return Err(GenerateError::Edited);
    }
    let mut texts: BTreeMap<String, String> = terraform(design)
        .into_iter()
        .map(|(path, body)| (path, body.to_string()))
        .collect();
    texts.extend(written(design));
    texts.extend(monitoring::files(design));
    texts.extend(components::files(design));
    let rights = design.platform.iter().filter_map(cluster_rights::text);
    texts.extend(rights.map(|text| (cluster_rights::path(design), text)));
    let roots = live::all(design);
    for folder in modules::of(&roots).iter().chain(&roots) {
        texts.insert(format!("{}/README.md", folder.path), folder.readme());
    }
    let roots: Vec<String> = roots.into_iter().map(|root| root.path).collect();
    texts.insert("infra/README.md".to_owned(), prose::readme(design, &roots));
    texts.insert(
        "docs/disaster-recovery.md".to_owned(),
        prose::recovery::text(design),
    );
    texts.insert(
        "docs/runbook.md".to_owned(),
        prose::runbook::text(design, &roots),
    );
    texts.insert("infra/.gitignore".to_owned(), prose::GITIGNORE.to_owned());
    let files: Files = texts
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    let manifest = Manifest {
        schema: SCHEMA,
        design: design.hash.clone(),
        files: files
            .iter()
            .map(|(path, content)| (path.clone(), sha256_hex(content)))
            .collect(),
    };
    Ok((files, manifest))
}

/// The Terraform files of a design that are built as trees, by path: what [`generate`] prints.
pub fn terraform(design: &Design) -> BTreeMap<String, hcl::Body> {
    let roots = live::all(design);
    modules::of(&roots)
        .iter()
        .chain(&roots)
        .flat_map(folder::Folder::trees)
        .collect()
}

/// The Terraform files that are written in its own language, by path.
pub fn written(design: &Design) -> BTreeMap<String, String> {
    let roots = live::all(design);
    let modules = modules::of(&roots);
    let folders = modules.iter().chain(&roots);
    folders
        .flat_map(|folder| {
            let files = folder.written.iter();
            files.map(|(name, text)| (format!("{}/{name}", folder.path), (*text).to_owned()))
        })
        .collect()
}
