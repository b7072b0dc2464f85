//! Generates the files of a design: Terraform modules and live roots, with their READMEs.
//!
//! Pure: the same design gives the same bytes, and nothing is written here. [`plan_write`] decides what a writer
//! may do on disk.

mod error;
mod folder;
pub mod hcl;
mod live;
mod manifest;
mod modules;
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
    let roots = live::all(design);
    for folder in modules::all().iter().chain(&roots) {
        texts.insert(format!("{}/README.md", folder.path), folder.readme());
    }
    let roots: Vec<String> = roots.into_iter().map(|root| root.path).collect();
    texts.insert("infra/README.md".to_owned(), prose::readme(design, &roots));
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

/// The Terraform files of a design as trees, by path: what [`generate`] prints.
pub fn terraform(design: &Design) -> BTreeMap<String, hcl::Body> {
    modules::all()
        .iter()
        .chain(&live::all(design))
        .flat_map(folder::Folder::trees)
        .collect()
}
