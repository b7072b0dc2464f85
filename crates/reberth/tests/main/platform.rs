//! Applications of a platform, from the estate to the design, by the commands.

use crate::folder::{DAY, Folder};

const ESTATE: &str = include_str!("../../../assess/tests/fixtures/lms-estate.json");

fn folder() -> Folder {
    let folder = Folder::empty();
    let path = folder.path.display().to_string();
    folder.ok(&["init", &path, "--source", "heroku", "--region", "us-east-1"]);
    folder.write("estate.json", ESTATE);
    folder
}

#[test]
fn a_platform_is_designed_explained_and_priced_by_its_design() {
    let folder = folder();
    folder.ok(&["assess", "--as-of", DAY]);
    let estimated = nodes(&folder);
    assert!(
        estimated.len() == 1 && estimated[0].contains("assumed"),
        "{estimated:?}"
    );
    let design = folder.ok(&["design", "--json"]).json();
    let cluster = &design["cluster"];
    assert_eq!(cluster["version"], "1.35");
    let fits = cluster["placements"].as_array().unwrap().iter();
    let fits = fits.flat_map(|own| own["scenarios"].as_array().unwrap());
    assert!(fits.clone().count() == 8 && fits.clone().all(|own| own["fits"] == true));

    let why = folder
        .ok(&["design", "--explain", "nodes.prod.instance_type"])
        .stdout;
    assert!(why.contains("for the least"), "{why}");
    let terminal = folder.ok(&["design"]).stdout;
    for text in [
        "courseware-production-web",
        "zone lost",
        "bonsai-curly-11532",
    ] {
        assert!(terminal.contains(text), "{text} is missing:\n{terminal}");
    }

    folder.ok(&["generate"]);
    assert!(folder.path.join("infra/live/prod/30-platform").is_dir());

    folder.ok(&["assess", "--as-of", DAY]);
    for (check, expected) in [
        ("RB-T-PERF-01", "unknown"),
        ("RB-T-PERF-07", "pass"),
        ("RB-T-REL-01", "pass"),
        ("RB-T-REL-03", "fail"),
        ("RB-T-SEC-21", "pass"),
    ] {
        assert_eq!(result(&folder, check), expected, "{check}");
    }
    let designed = nodes(&folder);
    assert_eq!(designed.len(), 2, "{designed:?}");
    assert!(
        designed
            .iter()
            .all(|line| line.contains("derived") && line.contains("placement"))
    );
}

/// The lines of the bill for nodes: item, how it is known, working.
fn nodes(folder: &Folder) -> Vec<String> {
    let assessment: serde_json::Value =
        serde_json::from_str(&folder.read("assessment.json")).unwrap();
    let costs = assessment["costs"].as_array().unwrap().iter();
    costs
        .filter(|line| line["item"].as_str().unwrap().starts_with("EKS nodes"))
        .map(|line| format!("{} {} {}", line["item"], line["how_known"], line["working"]))
        .collect()
}

/// The result of a check of the target.
fn result(folder: &Folder, check: &str) -> String {
    let assessment: serde_json::Value =
        serde_json::from_str(&folder.read("assessment.json")).unwrap();
    let mut checks = assessment["checks"].as_array().unwrap().iter();
    let found = checks.find(|own| own["id"] == check).unwrap();
    found["result"].as_str().unwrap().to_owned()
}
