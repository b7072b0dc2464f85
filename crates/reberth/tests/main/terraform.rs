//! What is generated for the recorded accounts, before the judges that others wrote: the true core of Terraform with the provider's own schema and a
//! folder in the place of AWS, checkov, and promtool.

use std::fs;
use std::path::Path;

use reberth_testkit::terraform::{Finding, checkov, promtool, scratch, settle};

use crate::folder::{DAY, Folder};

const LIVE: &str = "infra/live";

/// The recorded account of servers, after `generate`.
fn servers() -> Folder {
    generated(Folder::discovered())
}

/// The recorded account of a platform, after `generate`.
fn containers() -> Folder {
    let folder = generated(Folder::discovered_platform());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let fixture = "../generate/tests/fixtures/platform-design.json";
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
        fs::write(fixture, folder.read("design.json")).unwrap();
    }
    folder
}

fn generated(folder: Folder) -> Folder {
    let stages: [&[&str]; 3] = [&["assess", "--as-of", DAY], &["design"], &["generate"]];
    for stage in stages {
        folder.ok(stage);
    }
    folder
}

#[test]
fn every_root_of_servers_is_applied_and_then_settled() {
    let folder = servers();
    let roots = settle("servers", &folder.path.join(LIVE)).unwrap();
    assert_eq!(roots.len(), 10, "{roots:?}");
}

#[test]
fn every_root_of_containers_is_applied_and_then_settled() {
    let folder = containers();
    let roots = settle("containers", &folder.path.join(LIVE)).unwrap();
    assert_eq!(roots.len(), 10, "{roots:?}");
}

#[test]
fn checkov_finds_nothing_in_what_runs_servers() {
    check("servers", &servers());
}

#[test]
fn checkov_finds_nothing_in_what_runs_containers() {
    check("containers", &containers());
}

/// No finding that has no reason beside it; and a planted one is found.
fn check(name: &str, folder: &Folder) {
    let infra = folder.path.join("infra");
    let (findings, passed) = checkov(&infra).unwrap();
    assert_eq!(findings, Vec::<Finding>::new(), "{name}");
    assert!(passed > 500, "{name}: only {passed} checks passed");
}

#[test]
fn checkov_does_find_what_is_wrong() {
    let folder = scratch("checkov-wrong").unwrap();
    let wrong = "resource \"aws_db_instance\" \"this\" {\n  engine              = \"mysql\"\n  publicly_accessible = true\n}\n";
    fs::write(folder.join("main.tf"), wrong).unwrap();
    let (findings, _) = checkov(&folder).unwrap();
    let rules: Vec<&str> = findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    assert!(rules.contains(&"CKV_AWS_17"), "{findings:?}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn promtool_proves_the_alerts_of_servers() {
    prove_alerts(&servers());
}

#[test]
fn promtool_proves_the_alerts_of_containers() {
    prove_alerts(&containers());
}

fn prove_alerts(folder: &Folder) {
    let rules = folder.path.join("monitoring/prometheus");
    let said = promtool(&rules, &["check", "rules", "rules.yml"]).unwrap();
    assert!(said.contains("rules found"), "{said}");
    promtool(&rules, &["test", "rules", "rules_test.yml"]).unwrap();
    check_agent(&rules);
    // The tests of the rules can fail.
    let text = fs::read_to_string(rules.join("rules.yml")).unwrap();
    fs::write(rules.join("rules.yml"), text.replace("== 0", "== 7")).unwrap();
    promtool(&rules, &["test", "rules", "rules_test.yml"]).unwrap_err();
}

/// Debian's promtool knows no discovery in Kubernetes, so that part is put in other words before it reads the rest.
fn check_agent(rules: &Path) {
    let line = |line: &str| match line.trim() {
        "kubernetes_sd_configs:" => "    static_configs:".to_owned(),
        role if role.starts_with("- role:") => "      - targets: [localhost:1]".to_owned(),
        _ => line.to_owned(),
    };
    let text = fs::read_to_string(rules.join("agent.yml")).unwrap();
    let text: Vec<String> = text.lines().map(line).collect();
    fs::write(rules.join("agent.yml"), text.join("\n")).unwrap();
    let check = ["check", "config", "--agent", "--syntax-only", "agent.yml"];
    promtool(rules, &check).unwrap();
}
