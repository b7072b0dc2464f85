//! Every module passes the tests that it is generated with, by the true core and the provider's true schema.

use reberth_generate::{Files, generate};
use reberth_testkit::terraform::{Cloud, terraform};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::designs;

/// The modules of all designs: no single one calls every module.
fn modules() -> (PathBuf, BTreeSet<String>) {
    let folder = designs::scratch("module-tests");
    let mut modules = BTreeSet::new();
    for design in designs::all() {
        let (mut files, _): (Files, _) = generate(&design).unwrap();
        files.retain(|path, _| path.starts_with("infra/modules/"));
        modules.extend(
            files
                .keys()
                .filter_map(|path| path.split('/').nth(2).map(str::to_owned)),
        );
        designs::write(&folder, &files);
    }
    (folder, modules)
}

#[test]
fn every_module_passes_its_own_tests() {
    let (folder, modules) = modules();
    let source = designs::repository().join("crates/generate/src/modules");
    assert_eq!(modules, tested(&source));
    let cloud = Cloud::start("modules").unwrap();
    for module in modules {
        let path = folder.join("infra/modules").join(&module);
        terraform(&cloud, &path, &["init"]).unwrap();
        let said = terraform(&cloud, &path, &["test"]).unwrap();
        assert!(said.contains(" passed, 0 failed."), "{module}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Names of the modules beside whose code a test stands.
fn tested(source: &Path) -> BTreeSet<String> {
    let folders = std::fs::read_dir(source).unwrap().map(|one| one.unwrap());
    folders
        .filter(|folder| folder.path().join("module.tftest.hcl").is_file())
        .map(|folder| folder.file_name().into_string().unwrap().replace('_', "-"))
        .collect()
}
