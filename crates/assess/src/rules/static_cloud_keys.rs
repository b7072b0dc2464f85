use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::Estate;

use super::{Context, Rule, evidence};

/// Flags applications that are given long-lived keys of a cloud, by the names of their settings. Values are never looked at, and what servers
/// carry in files is not visible.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-04",
    problem: "Applications carry long-lived cloud keys",
    reads: &["app"],
    check,
};

/// Ends of names that hold such keys by the conventions of the clouds' own tools.
const KEY_NAMES: &[&str] = &[
    "ACCESS_KEY",
    "ACCESS_KEY_ID",
    "AWS_KEY",
    "AWS_SECRET",
    "AWS_SECRET_KEY",
    "S3_KEY",
    "S3_SECRET",
    "S3_SECRET_KEY",
    "SPACES_KEY",
    "SPACES_SECRET",
    "SPACES_SECRET_KEY",
    "DIGITALOCEAN_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GCP_CREDENTIALS",
    "GCLOUD_KEYFILE_JSON",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_KEY",
    "STORAGE_ACCOUNT_KEY",
];

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let apps = estate.apps().map(|(resource, app)| {
        let Some(config) = &app.config else {
            let value = "the names of its settings are not visible";
            return evidence(resource, CheckResult::Unknown, "config", value);
        };
        let keys: Vec<&str> = config
            .iter()
            .map(|var| var.name.as_str())
            .filter(|name| {
                KEY_NAMES
                    .iter()
                    .any(|key| name.to_uppercase().ends_with(key))
            })
            .collect();
        match keys.is_empty() {
            true => evidence(resource, CheckResult::Pass, "config", "no such name"),
            false => evidence(resource, CheckResult::Fail, "config", keys.join(", ")),
        }
    });
    let servers = estate.servers().map(|(resource, _)| {
        let value = "what it carries in files and environment is not visible from outside";
        evidence(
            resource,
            CheckResult::Unknown,
            "files and environment",
            value,
        )
    });
    apps.chain(servers).collect()
}
