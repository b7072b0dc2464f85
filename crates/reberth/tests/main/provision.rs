//! `reberth provision` with the true core of Terraform and a folder in the place of AWS.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reberth_testkit::terraform::{self, Cloud};
use serde_json::{Value, json};

use crate::folder::{Folder, Ran};

const PATIENCE: Duration = Duration::from_secs(180);

const PROVIDER: &str = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n\
                        provider \"aws\" {\n  region = \"ap-south-1\"\n}\n";
pub(crate) const NETWORK: &str = "resource \"aws_vpc\" \"this\" {\n  cidr_block = \"10.2.0.0/18\"\n}\n\
                       output \"vpc_id\" {\n  value = aws_vpc.this.id\n}\n";
/// Reads what the root before it left.
pub(crate) const DATA: &str = "data \"terraform_remote_state\" \"network\" {\n  backend = \"local\"\n  config  = { path = \"../00-network/terraform.tfstate\" }\n}\n\
                    resource \"aws_subnet\" \"this\" {\n  vpc_id     = data.terraform_remote_state.network.outputs.vpc_id\n  cidr_block = \"10.2.0.0/24\"\n}\n";

pub(crate) struct Ground {
    pub(crate) folder: Folder,
    pub(crate) cloud: Cloud,
    environment: Vec<(String, String)>,
}

impl Ground {
    /// A project with the roots 00-network and 20-data.
    pub(crate) fn new(name: &str) -> Ground {
        let cloud = Cloud::start(name).unwrap();
        let mut environment = cloud.environment();
        let program = terraform::program().display().to_string();
        environment.push(("REBERTH_TERRAFORM".to_owned(), program));
        let ground = Ground {
            folder: Folder::project(),
            cloud,
            environment,
        };
        ground.write("00-network", NETWORK);
        ground.write("20-data", DATA);
        let files = json!({ "infra/live/prod/00-network/main.tf": "x", "infra/live/prod/20-data/main.tf": "x" });
        let manifest = json!({ "schema": 1, "design": "x", "files": files });
        let path = ground.folder.path.join("infra/.reberth-manifest.json");
        fs::write(path, manifest.to_string()).unwrap();
        ground
    }

    pub(crate) fn write(&self, root: &str, resources: &str) {
        let folder = self.folder.path.join("infra/live/prod").join(root);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("main.tf"), format!("{PROVIDER}{resources}")).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let environment: Vec<(&str, &str)> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.folder.run_with(arguments, &environment)
    }

    /// What it said with `--json`, and its exit code.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ran = self.run(&[arguments, &["--json"]].concat());
        let document = serde_json::from_str(&ran.stdout);
        (ran.code, document.unwrap_or_else(|_| panic!("{ran:?}")))
    }

    pub(crate) fn approve(&self, hash: &str) {
        assert_eq!(self.run(&["approve", hash, "--by", "Ana"]).code, 0);
    }

    /// The binary at work in a process of its own.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_reberth"))
            .args(arguments)
            .arg("--project")
            .arg(&self.folder.path)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "{what} did not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn each_root_is_a_gate_of_its_own() {
    let ground = Ground::new("gates");
    let (code, planned) = ground.json(&["provision", "plan"]);
    assert_eq!(code, 0);
    let roots = &planned["roots"];
    assert_eq!(roots[0]["standing"], "changes", "{planned}");
    assert_eq!(roots[1]["standing"], "waiting", "{planned}");
    assert_eq!(roots[1]["after"], "prod/00-network");

    let (code, waits) = ground.json(&["provision", "apply"]);
    assert_eq!((code, &waits["roots"][0]["hash"]), (3, &roots[0]["hash"]));
    assert_eq!(ground.cloud.effects(), [""; 0]);
    ground.approve(roots[0]["hash"].as_str().unwrap());
    let (code, waits) = ground.json(&["provision", "apply"]);
    assert_eq!(code, 3, "the second root is planned now, and waits");
    assert_eq!(ground.cloud.effects(), ["create aws_vpc vpc-1"]);

    // What was not shown by a plan is not applied by `--apply`; what was shown now is.
    let hash = waits["roots"][1]["hash"].as_str().unwrap().to_owned();
    let shown = ground.run(&["provision", "apply", "--apply", "--by", "Ana"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stderr.contains(&hash), "{shown:?}");
    let subnet = ground.cloud.objects().unwrap()["subnet-2"].clone();
    assert_eq!(subnet["values"]["vpc_id"], "vpc-1");
    assert_eq!(
        ground.run(&["provision", "apply"]).code,
        0,
        "nothing is left"
    );
    assert_eq!(ground.cloud.effects().len(), 2);

    assert_eq!(ground.run(&["provision", "drift"]).code, 0);
    ground
        .cloud
        .change("vpc-1", "enable_dns_support", json!(false))
        .unwrap();
    let drifted = ground.run(&["provision", "drift"]);
    assert_eq!(drifted.code, 4, "{drifted:?}");
    assert!(drifted.stdout.contains("enable_dns_support"), "{drifted:?}");
    assert_eq!(ground.run(&["audit", "verify"]).code, 0);
}

#[test]
fn a_runner_killed_in_the_middle_of_an_apply_loses_nothing() {
    let ground = Ground::new("killed-runner");
    let (_, planned) = ground.json(&["provision", "plan"]);
    ground.approve(planned["roots"][0]["hash"].as_str().unwrap());
    ground.cloud.hold().unwrap();
    let apply = ["provision", "apply", "--root", "00-network"];
    let mut runner = ground.start(&apply);
    ground.until("the first act", || !ground.cloud.begun().is_empty());
    runner.kill().unwrap();
    runner.wait().unwrap();

    let busy = ground.run(&["provision", "plan"]);
    assert!(busy.stderr.contains("RB-PRO-019"), "{busy:?}");
    let mut second = ground.start(&apply);
    ground.cloud.release().unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(0));
    assert_eq!(
        ground.cloud.effects(),
        ["create aws_vpc vpc-1"],
        "made once"
    );
    assert_eq!(ground.cloud.begun().len(), 1, "begun once");
    let (_, planned) = ground.json(&["provision", "plan"]);
    assert_eq!(planned["roots"][0]["standing"], "up_to_date");
}

#[test]
fn a_planner_killed_at_any_moment_leaves_nothing_in_the_way() {
    let ground = Ground::new("killed-planner");
    for wait_ms in [50, 300, 700, 1500] {
        let mut planner = ground.start(&["provision", "plan"]);
        // Wherever it is by then: the plan after it must not care.
        std::thread::sleep(Duration::from_millis(wait_ms));
        planner.kill().unwrap();
        planner.wait().unwrap();
    }
    let (code, planned) = ground.json(&["provision", "plan"]);
    assert_eq!(code, 0);
    ground.approve(planned["roots"][0]["hash"].as_str().unwrap());
    let applied = ground.run(&["provision", "apply", "--root", "00-network"]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(ground.run(&["audit", "verify"]).code, 0);
}

#[test]
fn a_signal_to_end_is_obeyed_in_order() {
    let ground = Ground::new("signal");
    let (_, planned) = ground.json(&["provision", "plan"]);
    ground.approve(planned["roots"][0]["hash"].as_str().unwrap());
    ground.cloud.hold().unwrap();
    let runner = ground.start(&["provision", "apply", "--root", "00-network"]);
    ground.until("the first act", || !ground.cloud.begun().is_empty());
    let signal = Command::new("kill")
        .args(["-INT", &runner.id().to_string()])
        .status();
    assert!(signal.unwrap().success());
    let log = ground
        .folder
        .path
        .join(".reberth/provision/prod/00-network/apply.jsonl");
    ground.until("the interrupt", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("Interrupt received"))
    });
    ground.cloud.release().unwrap();
    let ended = runner.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("RB-PRO-014"), "{said}");
    assert_eq!(ground.cloud.effects(), ["create aws_vpc vpc-1"]);
}

#[test]
fn the_rules_stand_before_the_approval() {
    let ground = Ground::new("refused");
    let database = |public: bool| {
        format!(
            "resource \"aws_db_instance\" \"this\" {{\n  instance_class      = \"db.t4g.small\"\n  storage_encrypted   = true\n  publicly_accessible = {public}\n}}\n"
        )
    };
    ground.write("00-network", &database(true));
    let refused = ground.run(&["provision", "plan", "--root", "00-network"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("RB-PRO-008"), "{refused:?}");
    let hash = refused.stdout.split("hash ").nth(1).unwrap();
    ground.approve(hash.trim());
    let applied = ground.run(&["provision", "apply", "--root", "00-network", "--apply"]);
    assert!(applied.stderr.contains("RB-PRO-008"), "{applied:?}");
    assert_eq!(ground.cloud.effects(), [""; 0]);

    // Accepted by name and reason, it stands in what is approved.
    let policy = ground.folder.path.join("reberth.yaml");
    let text = fs::read_to_string(&policy).unwrap();
    let waiver = "plan_waivers:\n  - rule: no-public-database\n    address: aws_db_instance.this\n    name: Ana\n    reason: a demo for one day\n    expires: 2999-12-31\n";
    fs::write(&policy, text.replace("plan_waivers: []\n", waiver)).unwrap();
    let accepted = ground.run(&["provision", "plan", "--root", "00-network"]);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    assert!(
        accepted.stdout.contains("a demo for one day"),
        "{accepted:?}"
    );
}
