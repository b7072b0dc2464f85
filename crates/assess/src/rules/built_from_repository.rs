use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Lists which revision of the code runs. That it is in the repository, and that what it is built from is pinned, the repository must show.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-OPS-08",
    problem: "What runs cannot be rebuilt from version control",
    reads: &["app", "server"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let apps = estate.apps().map(|(resource, app)| {
        let value = match (app.stack.as_str(), &app.commit) {
            ("container", _) => {
                "a container image: the place of its Dockerfile is not known".to_owned()
            }
            (_, Some(commit)) => format!("{commit}; the repository was not read"),
            (_, None) => "the platform does not tell the revision".to_owned(),
        };
        evidence(resource, CheckResult::Unknown, "stack, commit", value)
    });
    let servers = estate.servers().map(|(resource, _)| {
        let value = "what is deployed on it is not visible from outside";
        evidence(resource, CheckResult::Unknown, "deployed code", value)
    });
    apps.chain(servers).collect()
}
