//! The true core of Terraform reads what is generated for the recorded account, with the provider's own schema.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reberth_testkit::terraform::{Cloud, program};

use crate::folder::{DAY, Folder};

/// A folder after `generate`.
fn generated() -> Folder {
    let folder = Folder::discovered();
    let stages: [&[&str]; 3] = [&["assess", "--as-of", DAY], &["design"], &["generate"]];
    for stage in stages {
        folder.ok(stage);
    }
    folder
}

#[test]
fn the_true_core_finds_every_root_valid() {
    let folder = generated();
    let cloud = Cloud::start("validate").unwrap();
    let roots = folders(&folder.path.join("infra/live/prod"));
    assert!(roots.len() >= 9, "{roots:?}");
    for root in roots {
        terraform(&cloud, &root, &["init", "-backend=false", "-input=false"]);
        terraform(&cloud, &root, &["validate"]);
    }
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders
}

fn terraform(cloud: &Cloud, root: &Path, arguments: &[&str]) {
    let output = Command::new(program())
        .arg(format!("-chdir={}", root.display()))
        .args(arguments)
        .arg("-no-color")
        .envs(cloud.environment())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", root.display());
    assert!(!said.contains("Warning:"), "{}: {said}", root.display());
}
