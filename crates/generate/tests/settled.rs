//! Designs with other choices than the recorded accounts have: their roots are applied and then settled as well.

use reberth_generate::generate;
use reberth_model::design::Design;
use reberth_testkit::terraform::settle;

use crate::designs;

fn check(name: &str, design: &Design) {
    let folder = designs::scratch(name);
    designs::write(&folder, &generate(design).unwrap().0);
    settle(name, &folder.join("infra/live")).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn accounts_of_an_organization() {
    check("settled-organization", &designs::organization());
}

#[test]
fn pods_with_subnets_of_their_own() {
    check("settled-other-platform", &designs::other_platform());
}
