//! Every code that this crate can print has a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_code_has_a_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = BTreeSet::new();
    for file in sources(&root.join("src")) {
        let source = fs::read_to_string(file).unwrap();
        let found = source
            .match_indices("\"RB-JRN-")
            .map(|(at, _)| source[at + 1..at + 11].to_owned());
        codes.extend(found);
    }
    assert!(
        codes.len() >= 20,
        "the codes were not found in the source: {codes:?}"
    );
    for code in codes {
        let page = root.join(format!("../../docs/errors/{code}.md"));
        let page = fs::read_to_string(page).unwrap_or_else(|error| panic!("{code}: {error}"));
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        for part in ["## Why", "## What to do", "## May I just retry?"] {
            assert!(page.contains(part), "{code}: {part}");
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inner = folders.iter().flat_map(|folder| sources(folder));
    files.iter().cloned().chain(inner).collect()
}
