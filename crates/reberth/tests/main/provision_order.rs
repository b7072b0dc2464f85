//! In which order `reberth provision` takes roots of which one takes things out, and what it asks for before.

use std::fs;

use serde_json::{Value, json};

use crate::folder::Ran;
use crate::provision::{DATA, Ground, NETWORK};

const GROUP: &str = "resource \"aws_security_group\" \"extra\" {\n  name = \"extra\"\n}\n\
                     output \"group_ids\" {\n  value = { extra = aws_security_group.extra.id }\n}\n";
const NO_GROUP: &str = "output \"group_ids\" {\n  value = {}\n}\n";
/// A server of the later root, in the group of the first.
const USER: &str = "resource \"aws_instance\" \"extra\" {\n  vpc_security_group_ids = [data.terraform_remote_state.network.outputs.group_ids[\"extra\"]]\n}\n";
const APPLY: [&str; 5] = ["provision", "apply", "--apply", "--by", "Ana"];

impl Ground {
    /// Applies everything, showing each plan before.
    fn settle(&self) {
        let mut turns = 0;
        while self.run(&APPLY).code == 3 {
            turns += 1;
            assert!(turns < 9, "it does not come to an end");
        }
    }

    /// What a command said with `--json`, and the document.
    fn said(&self, arguments: &[&str]) -> (Ran, Value) {
        let ran = self.run(&[arguments, &["--json"]].concat());
        let document = serde_json::from_str(&ran.stdout).unwrap_or_default();
        (ran, document)
    }

    /// Where something of a root is kept.
    fn kept(&self, root: &str, name: &str) -> std::path::PathBuf {
        let folder = self.folder.path.join(".reberth/provision/prod");
        folder.join(root).join(name)
    }

    /// The server went before the group that it was in.
    fn check_order(&self) {
        let effects = self.cloud.effects();
        let place = |verb: &str| effects.iter().position(|own| own.starts_with(verb));
        let user = place("delete aws_instance");
        let group = place("delete aws_security_group");
        assert!(user.is_some() && user < group, "{effects:?}");
    }
}

/// A group in the first root that a server of the second is in.
fn in_use(name: &str) -> Ground {
    let ground = Ground::new(name);
    ground.write("00-network", &format!("{NETWORK}{GROUP}"));
    ground.write("20-data", &format!("{DATA}{USER}"));
    ground.settle();
    assert_eq!(ground.cloud.effects().len(), 4, "everything is there");
    ground
}

/// Both go out of the files.
fn take_out(ground: &Ground) {
    ground.write("00-network", &format!("{NETWORK}{NO_GROUP}"));
    ground.write("20-data", DATA);
}

/// AWS deletes nothing that is in use, and a root behind may use what goes until it is applied itself.
#[test]
fn what_is_taken_out_goes_from_the_last_root_to_the_first() {
    let ground = in_use("taken-out");
    take_out(&ground);
    let (code, planned) = ground.json(&["provision", "plan"]);
    let roots = &planned["roots"];
    assert_eq!((code, &roots[0]["put_off"]), (0, &json!(true)), "{planned}");
    assert_eq!(
        roots[1]["standing"], "changes",
        "it is not held up: {planned}"
    );
    let (code, applied) = ground.json(&APPLY);
    let once = |root: &str| json!({ "root": root, "came": "applied" });
    let expected = json!({ "roots": [once("prod/00-network"), once("prod/20-data")] });
    assert_eq!((code, applied), (0, expected));
    ground.check_order();
}

#[test]
fn nothing_is_taken_out_that_nobody_was_shown() {
    let ground = in_use("not-shown");
    take_out(&ground);
    // Without a plan before: the second root waits, and the first comes after it.
    let (ran, document) = ground.said(&APPLY);
    let roots = &document["roots"];
    assert_eq!(
        (ran.code, &roots[0]["came"]),
        (3, &json!("put_off")),
        "{ran:?}"
    );
    assert_eq!(roots[1]["came"], "waiting", "{ran:?}");
    let hash = roots[0]["hash"].as_str().unwrap();
    for shown in ["destroy aws_security_group.extra", hash] {
        assert!(ran.stderr.contains(shown), "{shown}: {ran:?}");
    }

    // A planner that died before it showed its plans.
    assert_eq!(ground.run(&["provision", "plan"]).code, 0);
    for root in ["00-network", "20-data"] {
        fs::remove_file(ground.kept(root, "shown.json")).unwrap();
    }
    let (ran, _) = ground.said(&APPLY);
    assert_eq!(ran.code, 3, "{ran:?}");
    for shown in ["aws_security_group.extra", "aws_instance.extra"] {
        assert!(ran.stderr.contains(shown), "{shown}: {ran:?}");
    }
    assert_eq!(ground.cloud.effects().len(), 4, "nothing was applied");

    assert_eq!(ground.run(&APPLY).code, 0, "all was shown");
    ground.check_order();
}

#[test]
fn what_the_rules_refuse_is_told_before_roots_behind_it_are_touched() {
    let ground = Ground::new("refused-first");
    let database = "resource \"aws_db_instance\" \"this\" {\n  instance_class    = \"db.t4g.small\"\n  storage_encrypted = true\n}\n";
    ground.write("00-network", &format!("{NETWORK}{database}"));
    ground.settle();
    let before = ground.cloud.effects();
    ground.write("00-network", NETWORK);
    let table = "resource \"aws_route_table\" \"more\" {\n  vpc_id = data.terraform_remote_state.network.outputs.vpc_id\n}\n";
    ground.write("20-data", &format!("{DATA}{table}"));
    let refused = ground.run(&["provision", "apply"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("RB-PRO-008"), "{refused:?}");
    assert!(!ground.kept("20-data", "plan.tfplan").exists());
    assert_eq!(ground.cloud.effects(), before);
}

#[test]
fn a_run_that_is_stuck_with_an_older_plan_changes_nothing_of_the_order() {
    let ground = in_use("stuck-before");
    let table = "resource \"aws_route_table\" \"more\" {\n  vpc_id = aws_vpc.this.id\n}\n";
    ground.write("00-network", &format!("{NETWORK}{GROUP}{table}"));
    ground
        .cloud
        .control(&json!({ "fail": ["aws_route_table"] }))
        .unwrap();
    assert_eq!(ground.run(&APPLY).code, 3);
    let failed = ground.run(&APPLY);
    assert!(failed.stderr.contains("RB-PRO-013"), "{failed:?}");
    ground.cloud.control(&json!({})).unwrap();

    take_out(&ground);
    assert_eq!(ground.run(&["provision", "plan"]).code, 0);
    let applied = ground.run(&APPLY);
    assert_eq!(applied.code, 0, "{applied:?}");
    ground.check_order();
}

#[test]
fn a_plan_from_older_outputs_is_not_applied() {
    let ground = Ground::new("older-outputs");
    let network = ["--root", "00-network"];
    let apply_network = [&APPLY[..], &network].concat();
    assert_eq!(ground.run(&apply_network).code, 3);
    assert_eq!(ground.run(&apply_network).code, 0);
    let (_, planned) = ground.json(&["provision", "plan"]);
    let old = planned["roots"][1]["hash"].as_str().unwrap().to_owned();
    ground.approve(&old);
    assert!(ground.kept("20-data", "plan.tfplan").exists());

    let zone = "output \"zone\" {\n  value = \"a\"\n}\n";
    ground.write("00-network", &format!("{NETWORK}{zone}"));
    assert_eq!(ground.run(&apply_network).code, 3);
    assert!(ground.kept("20-data", "plan.tfplan").exists());
    let applied = ground.run(&apply_network);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(
        applied.stderr.contains("prod/20-data: its plan is dropped"),
        "{applied:?}"
    );
    assert!(!ground.kept("20-data", "plan.tfplan").exists());
    let (code, waits) = ground.json(&["provision", "apply"]);
    assert_eq!((code, &waits["roots"][1]["came"]), (3, &json!("waiting")));
    assert_ne!(waits["roots"][1]["hash"], old);
}

/// The first root is applied, and its next plan, which changes outputs, was shown.
fn about_to_change_outputs(name: &str, network: &[&str]) -> Ground {
    let ground = Ground::new(name);
    assert_eq!(ground.run(network).code, 3);
    assert_eq!(ground.run(network).code, 0);
    let more = "resource \"aws_route_table\" \"more\" {\n  vpc_id = aws_vpc.this.id\n}\noutput \"zone\" {\n  value = \"a\"\n}\n";
    ground.write("00-network", &format!("{NETWORK}{more}"));
    assert_eq!(ground.run(network).code, 3);
    ground
}

#[test]
fn a_plan_made_while_outputs_change_is_dropped_too() {
    let network = [&APPLY[..], &["--root", "00-network"]].concat();
    let ground = about_to_change_outputs("outputs-meanwhile", &network);
    ground.cloud.hold().unwrap();
    let mut applying = ground.start(&network);
    ground.until("the apply begins", || {
        let begun = ground.cloud.begun();
        begun.iter().any(|own| own.contains("aws_route_table"))
    });
    let planned = ground.run(&["provision", "plan", "--root", "20-data"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(ground.kept("20-data", "plan.tfplan").exists());
    ground.cloud.release().unwrap();
    assert_eq!(applying.wait().unwrap().code(), Some(0));
    assert!(!ground.kept("20-data", "plan.tfplan").exists());
}

#[test]
fn an_apply_that_is_not_ready_drops_no_plan() {
    let network = [&APPLY[..], &["--root", "00-network"]].concat();
    let ground = about_to_change_outputs("not-ready", &network);
    assert_eq!(
        ground.run(&["provision", "plan", "--root", "20-data"]).code,
        0
    );
    fs::write(ground.kept("00-network", "plan.tfplan"), "x").unwrap();
    let refused = ground.run(&network);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!refused.stderr.contains("is dropped"), "{refused:?}");
    assert!(ground.kept("20-data", "plan.tfplan").exists());
}
