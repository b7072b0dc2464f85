//! Which generated file may be written where: a file that a person changed is never overwritten.

use reberth_model::document::sha256_hex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Path of the manifest in the project.
pub const MANIFEST_PATH: &str = "infra/.reberth-manifest.json";

/// The generated files and the hash that each was written with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version, 1.
    pub schema: u32,
    /// Hash of the design that the files come from.
    pub design: String,
    /// SHA-256 by path of what was last generated there, whether a person has taken the file over or not.
    pub files: BTreeMap<String, String>,
}

/// One thing to do on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Write {
    /// Write the file: it is new, or nobody touched it since it was generated.
    File(String),
    /// A person changed or made the file: write the new version beside it as `NAME.proposed`.
    Proposed(String),
    /// The file is no longer generated and nobody touched it: remove it.
    Remove(String),
}

impl Write {
    /// Where on disk it happens.
    pub fn path(&self) -> String {
        match self {
            Write::File(path) | Write::Remove(path) => path.clone(),
            Write::Proposed(path) => format!("{path}.proposed"),
        }
    }
}

/// Decides what to do on disk.
///
/// `existing` is the manifest of the last time, if any; `on_disk` the SHA-256 of every file that is there now, at
/// least for the paths of `existing` and `files`. A file with the wanted content already is left alone.
pub fn plan_write(
    existing: Option<&Manifest>,
    on_disk: &BTreeMap<String, String>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Vec<Write> {
    let written = |path: &str| existing.and_then(|manifest| manifest.files.get(path));
    let mut writes = Vec::new();
    for (path, content) in files {
        let wanted = sha256_hex(content);
        match on_disk.get(path) {
            Some(present) if *present == wanted => {}
            Some(present) if written(path) != Some(present) => {
                // What was proposed the last time and not taken over is not proposed again.
                if written(path) != Some(&wanted)
                    && on_disk.get(&format!("{path}.proposed")) != Some(&wanted)
                {
                    writes.push(Write::Proposed(path.clone()));
                }
            }
            // Removed by a person after it was written: it stays removed.
            None if written(path) == Some(&wanted) => {}
            None if written(path).is_some() => writes.push(Write::Proposed(path.clone())),
            _ => writes.push(Write::File(path.clone())),
        }
    }
    for (path, hash) in existing.iter().flat_map(|manifest| &manifest.files) {
        if !files.contains_key(path) && on_disk.get(path) == Some(hash) {
            writes.push(Write::Remove(path.clone()));
        }
    }
    writes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the manifest, on disk and in the new files, each as content, and what shall be done.
    type Case = (
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
        Option<Write>,
    );

    fn hash(text: &str) -> String {
        sha256_hex(text.as_bytes())
    }

    #[test]
    fn a_changed_file_is_never_overwritten() {
        let path = "infra/main.tf".to_owned();
        let file = Some(Write::File(path.clone()));
        let proposed = Some(Write::Proposed(path.clone()));
        let remove = Some(Write::Remove(path.clone()));
        let cases: [Case; 11] = [
            (None, None, Some("new"), file.clone()),
            (None, Some("own"), Some("new"), proposed.clone()),
            (None, Some("new"), Some("new"), None),
            (Some("old"), Some("old"), Some("new"), file),
            (Some("old"), Some("own"), Some("new"), proposed.clone()),
            (Some("old"), Some("own"), Some("old"), None),
            (Some("old"), None, Some("new"), proposed),
            (Some("old"), None, Some("old"), None),
            (Some("old"), Some("old"), None, remove),
            (Some("old"), Some("own"), None, None),
            (Some("old"), None, None, None),
        ];
        for (manifest, disk, file, expected) in cases {
            let existing = manifest.map(|text| Manifest {
                schema: 1,
                design: String::new(),
                files: [(path.clone(), hash(text))].into(),
            });
            let on_disk = disk
                .map(|text| (path.clone(), hash(text)))
                .into_iter()
                .collect();
            let files = file
                .map(|text| (path.clone(), text.as_bytes().to_vec()))
                .into_iter()
                .collect();
            let writes = plan_write(existing.as_ref(), &on_disk, &files);
            assert_eq!(
                writes,
                Vec::from_iter(expected),
                "{manifest:?} {disk:?} {file:?}"
            );
        }
    }

    #[test]
    fn a_proposal_that_lies_there_already_is_not_written_again() {
        let path = "infra/main.tf".to_owned();
        let on_disk = [
            (path.clone(), hash("own")),
            (format!("{path}.proposed"), hash("new")),
        ]
        .into();
        let files = [(path, b"new".to_vec())].into();
        assert_eq!(plan_write(None, &on_disk, &files), []);
    }
}
