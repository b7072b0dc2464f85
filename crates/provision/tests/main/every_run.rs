//! The tests that every kind of run must pass, with the true core and resources that it brings along.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reberth_journal::testing::{
    BlockOn, Scenario, check_cancel_at_each_step, check_each_step_twice,
    check_failure_at_each_step, check_failure_of_each_undo, check_kill_at_each_append,
    check_newer_binary,
};
use reberth_journal::{Approval, Step};
use reberth_provision::{
    Applying, ApprovedPlan, PROVISION, PlanRecord, Planned, Site, Surroundings, Tool, Watcher,
    plan, roots, steps,
};
use reberth_testkit::terraform;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Two resources that leave a line behind when they are made.
const FILES: &str = r#"
resource "terraform_data" "network" {
  provisioner "local-exec" {
    command = "echo network >> effects.tfstate.log"
  }
}
resource "terraform_data" "data" {
  input = terraform_data.network.id
  provisioner "local-exec" {
    command = "echo data >> effects.tfstate.log"
  }
}
"#;

struct World {
    project: PathBuf,
    site: Site,
    record: PlanRecord,
}

/// A project with its plan: what every world of a test begins as.
struct Template {
    project: PathBuf,
    tool: Tool,
    record: PlanRecord,
}

impl Template {
    fn new(runtime: &Runtime) -> Self {
        let project = terraform::scratch("every-run").expect("a folder");
        let folder = project.join("infra/live/prod/00-network");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("main.tf"), FILES).expect("a file");
        let program = terraform::program().display().to_string();
        let tool = Tool::find(Some(&program), terraform::environment());
        let tool = runtime
            .block_on(tool)
            .expect("Terraform is there: run `make setup`");
        let site = site(&project, &tool);
        match runtime.block_on(plan(&site)).expect("a plan") {
            Planned::Changes(record) => Self {
                project,
                tool,
                record: *record,
            },
            Planned::UpToDate => panic!("there is something to do"),
        }
    }

    fn world(&self) -> World {
        let project = terraform::scratch("every-run-world").expect("a folder");
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.project.join("."))
            .arg(&project)
            .status();
        assert!(copied.expect("cp runs").success());
        World {
            site: site(&project, &self.tool),
            project,
            record: self.record.clone(),
        }
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.project).ok();
    }
}

fn site(project: &Path, tool: &Tool) -> Site {
    let root = roots(project, std::iter::empty()).expect("there is a root");
    let root = root.into_iter().next().expect("the first root");
    Site::open(project, root, tool.clone(), Surroundings::default()).expect("a site")
}

impl Scenario for World {
    type Context = Applying;

    fn kind(&self) -> &str {
        PROVISION
    }

    fn steps(&self) -> Vec<Box<dyn Step<Applying>>> {
        steps()
    }

    fn context(&self) -> Applying {
        let approval = Approval {
            hash: self.record.hash(),
            by: "Ana".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
        };
        Applying {
            site: self.site.clone(),
            plan: ApprovedPlan::new(self.record.clone(), &approval)
                .expect("the approval is of this plan"),
            watcher: Watcher {
                tell: std::sync::Arc::new(|_| {}),
                interrupts: watch::channel(0).1,
            },
            before: std::sync::Arc::new(|| Ok(())),
        }
    }

    fn world(&self) -> Value {
        let folder = self.site.root().folder.clone();
        let state = fs::read_to_string(folder.join("terraform.tfstate")).unwrap_or_default();
        let state: Value = serde_json::from_str(&state).unwrap_or_default();
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let names: Vec<Value> = resources.iter().map(|r| r["name"].clone()).collect();
        json!({ "resources": names })
    }

    fn effects(&self) -> Vec<String> {
        let log = self.site.root().folder.join("effects.tfstate.log");
        let text = fs::read_to_string(log).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.project).ok();
    }
}

/// Runs one of the checks on worlds that begin alike.
fn check(one: fn(BlockOn<'_>, &dyn Fn() -> World)) {
    let runtime = Runtime::new().expect("a runtime");
    let template = Template::new(&runtime);
    let block_on: BlockOn<'_> = &|future| runtime.block_on(future);
    one(block_on, &|| template.world());
}

#[test]
fn each_step_twice() {
    check(check_each_step_twice);
}

#[test]
fn killed_at_each_append() {
    check(check_kill_at_each_append);
}

#[test]
fn a_failure_at_each_step() {
    check(check_failure_at_each_step);
}

#[test]
fn a_failure_of_each_undo() {
    check(check_failure_of_each_undo);
}

#[test]
fn cancelled_at_each_step() {
    check(check_cancel_at_each_step);
}

#[test]
fn resumed_by_a_newer_binary() {
    check(check_newer_binary);
}
