//! The design that the tests generate files from: the committed result of the design stage.

use reberth_model::design::Design;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The design of the small estate.
pub(crate) fn small() -> Design {
    let bytes = std::fs::read(repository().join("crates/design/tests/golden/design.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The same design after a change, with its hash taken again.
pub(crate) fn changed(change: impl FnOnce(&mut Design)) -> Design {
    let mut design = small();
    change(&mut design);
    design.hash = design.content_hash().unwrap();
    design
}

/// A fresh folder for a test's files, under the build folder.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes generated files under a folder.
pub(crate) fn write(folder: &Path, files: &reberth_generate::Files) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
