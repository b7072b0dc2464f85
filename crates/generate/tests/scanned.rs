//! checkov over designs with other choices than the recorded accounts have: no finding that has no reason beside it.

use reberth_generate::generate;
use reberth_model::design::Design;
use reberth_testkit::terraform::{Finding, checkov};

use crate::designs;

fn check(name: &str, design: &Design) {
    let folder = designs::scratch(name);
    designs::write(&folder, &generate(design).unwrap().0);
    let (findings, passed) = checkov(&folder.join("infra")).unwrap();
    assert_eq!(findings, Vec::<Finding>::new(), "{name}");
    assert!(passed > 500, "{name}: only {passed} checks passed");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn checkov_finds_nothing_in_an_organization() {
    check("scanned-organization", &designs::organization());
}

#[test]
fn checkov_finds_nothing_in_other_choices() {
    check("scanned-other", &designs::other());
}
