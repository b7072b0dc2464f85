//! The roots of a project: folders with one state each, in the order in which they are applied.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ProvisionError;

const LIVE: &str = "infra/live";
/// The root that makes the bucket for all states.
pub(crate) const BOOTSTRAP: &str = "_bootstrap";
/// Accounts of the organisation come before what lives in them.
const ORGANISATION: &str = "org";

/// A folder that is planned and applied as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// `ENVIRONMENT/NN-name`.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
}

impl Root {
    /// The folder's own name.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// The roots in the order of their numbers: those of the generated files, and those that people put beside them.
///
/// The order is the one promise that roots give about each other: a root reads outputs of earlier ones only.
pub fn roots<'a>(
    project: &Path,
    generated: impl Iterator<Item = &'a str>,
) -> Result<Vec<Root>, ProvisionError> {
    let mut names: BTreeSet<String> = generated.filter_map(root_of).collect();
    for name in &names {
        if !project.join(LIVE).join(name).is_dir() {
            let what = format!("the generated root {LIVE}/{name} is not on disk");
            return Err(ProvisionError::NoRoot { what });
        }
    }
    names.extend(on_disk(&project.join(LIVE))?);
    if names.is_empty() {
        let what = format!("there is no root under {}", project.join(LIVE).display());
        return Err(ProvisionError::NoRoot { what });
    }
    let mut roots: Vec<Root> = names
        .into_iter()
        .map(|name| Root {
            folder: project.join(LIVE).join(&name),
            name,
        })
        .collect();
    roots.sort_by_key(|root| place(&root.name));
    Ok(roots)
}

/// `ENVIRONMENT/NN-name` of a generated file inside a root.
fn root_of(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix(LIVE)?.strip_prefix('/')?.split('/');
    let (environment, root, _file) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{environment}/{root}"))
}

fn place(name: &str) -> (bool, String, bool, String) {
    let (environment, root) = name.split_once('/').unwrap_or(("", name));
    (
        environment != ORGANISATION,
        environment.to_owned(),
        root != BOOTSTRAP,
        root.to_owned(),
    )
}

fn on_disk(live: &Path) -> Result<Vec<String>, ProvisionError> {
    let mut found = Vec::new();
    for environment in folders(live)? {
        for root in folders(&live.join(&environment))? {
            if has_terraform(&live.join(&environment).join(&root))? {
                found.push(format!("{environment}/{root}"));
            }
        }
    }
    Ok(found)
}

/// Folders in a folder that need not exist. Hidden ones are Terraform's own.
fn folders(parent: &Path) -> Result<Vec<String>, ProvisionError> {
    let listed = match fs::read_dir(parent) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|error| ProvisionError::file(parent, "read", error))?,
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| ProvisionError::file(parent, "read", error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

fn has_terraform(folder: &Path) -> Result<bool, ProvisionError> {
    let listed =
        fs::read_dir(folder).map_err(|error| ProvisionError::file(folder, "read", error))?;
    let is_terraform = |name: &str| name.ends_with(".tf") || name.ends_with(".tf.json");
    Ok(listed
        .flatten()
        .any(|entry| is_terraform(&entry.file_name().to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_come_in_the_order_of_applies() {
        let mut names = [
            "prod/20-data",
            "prod/_bootstrap",
            "prod/00-network",
            "org/00-accounts",
            "dev/00-network",
        ];
        names.sort_by_key(|name| place(name));
        let expected = [
            "org/00-accounts",
            "dev/00-network",
            "prod/_bootstrap",
            "prod/00-network",
            "prod/20-data",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn only_files_inside_a_root_name_it() {
        assert_eq!(
            root_of("infra/live/prod/20-data/main.tf").as_deref(),
            Some("prod/20-data")
        );
        assert_eq!(root_of("infra/live/prod/README.md"), None);
        assert_eq!(root_of("infra/modules/network/main.tf"), None);
    }
}
