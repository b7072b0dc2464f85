//! The platform: the recorded estate of a learning application, and estates that are worse.

use reberth_design::{design, notes};
use reberth_model::design::Design;
use reberth_model::estate::Estate;
use reberth_model::policy::Policy;

const ESTATE: &str = include_str!("../../assess/tests/fixtures/lms-estate.json");

fn policy(region: &str) -> Policy {
    Policy::parse(&format!(
        "schema: 1\nproject: lms\nsource: {{provider: heroku}}\ntarget: {{region: {region}}}\n"
    ))
    .unwrap()
}

fn lms() -> Estate {
    serde_json::from_str(ESTATE).unwrap()
}

fn made() -> Design {
    design(&lms(), &policy("us-east-1"), "assessment", None).unwrap()
}

#[test]
fn the_recorded_estate_becomes_a_cluster_in_which_everything_fits() {
    let made = made();
    let platform = made.platform.as_ref().unwrap();
    let notes: Vec<String> = notes(&made).into_iter().map(|note| note.item).collect();
    assert_eq!(
        notes,
        [
            "added service bonsai-curly-11532",
            "added service memcachier-dimensional-33828"
        ]
    );
    let keys: Vec<&str> = platform
        .workloads
        .iter()
        .map(|own| own.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "courseware-pdf-renderer-run",
            "courseware-pdf-renderer-web",
            "courseware-production-clock",
            "courseware-production-release",
            "courseware-production-run",
            "courseware-production-web",
            "courseware-production-worker",
            "courseware-production-worker-critical",
            "courseware-staging-clock",
            "courseware-staging-run",
            "courseware-staging-web",
            "courseware-staging-worker",
        ]
    );
    let scenarios = platform.placements.iter().flat_map(|own| &own.scenarios);
    assert!(scenarios.clone().all(|own| own.fits));
    assert_eq!(scenarios.count(), 5 + 3);
}
