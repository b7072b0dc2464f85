//! A project with roots, a cloud under it, and the life of a runner.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reberth_journal::testing::ScratchJournal;
use reberth_journal::{Engine, Outcome, RunState};
use reberth_provision::{
    Applying, ApprovedPlan, Clockwork, Message, PROVISION, PlanRecord, Planned, ProvisionError,
    Root, Site, Surroundings, Tool, Watcher, plan, roots, steps,
};
use reberth_testkit::terraform::{self, Cloud};
use tokio::sync::watch;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Ground {
    pub(crate) project: PathBuf,
    pub(crate) cloud: Cloud,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) surroundings: Surroundings,
    pub(crate) journal: ScratchJournal,
    pub(crate) interrupts: watch::Sender<u32>,
    pub(crate) told: Arc<Mutex<Vec<Message>>>,
}

const PROVIDER: &str = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n\
                        provider \"aws\" {\n  region = \"ap-south-1\"\n}\n";

/// A network of four resources, each after the one before.
pub(crate) const NETWORK: &str = r#"
resource "aws_vpc" "this" {
  cidr_block = "10.2.0.0/18"
}
resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.2.0.0/24"
}
resource "aws_route_table" "this" {
  vpc_id = aws_subnet.this.vpc_id
  tags   = { Name = aws_subnet.this.id }
}
resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}
output "vpc_id" {
  value = aws_vpc.this.id
}
"#;

impl Ground {
    /// A project with one root, `prod/00-network`.
    pub(crate) fn new(name: &str) -> Self {
        let cloud = Cloud::start(name).expect("the stub starts");
        let ground = Self {
            project: terraform::scratch(&format!("project-{name}")).expect("a folder"),
            environment: cloud.environment(),
            cloud,
            surroundings: Surroundings::default(),
            journal: ScratchJournal::new(),
            interrupts: watch::channel(0).0,
            told: Arc::default(),
        };
        ground.write("00-network", "main.tf", &format!("{PROVIDER}{NETWORK}"));
        ground
    }

    pub(crate) fn write(&self, root: &str, file: &str, text: &str) {
        let folder = self.project.join("infra/live/prod").join(root);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(file), text).expect("a file");
    }

    /// Replaces the resources of the first root.
    pub(crate) fn rewrite(&self, resources: &str) {
        self.write("00-network", "main.tf", &format!("{PROVIDER}{resources}"));
    }

    pub(crate) fn root(&self) -> Root {
        let found = roots(&self.project, std::iter::empty()).expect("there is a root");
        found.into_iter().next().expect("the first root")
    }

    pub(crate) async fn site(&self) -> Site {
        let program = terraform::program().display().to_string();
        let tool = Tool::find(Some(&program), self.environment.clone());
        let tool = tool.await.expect("Terraform is there: run `make setup`");
        Site::open(&self.project, self.root(), tool, self.surroundings.clone()).expect("a site")
    }

    pub(crate) async fn plan(&self) -> Result<Planned, ProvisionError> {
        plan(&self.site().await).await
    }

    /// A plan that has changes.
    pub(crate) async fn record(&self) -> PlanRecord {
        match self.plan().await {
            Ok(Planned::Changes(record)) => *record,
            other => panic!("changes were expected: {other:?}"),
        }
    }

    /// An approved plan at work, as a newly started process makes it.
    pub(crate) async fn applying(&self, record: &PlanRecord) -> Applying {
        let journal = self.journal.open();
        let hash = record.hash();
        journal.approve(&hash, "Ana").expect("an approval");
        let approval = journal.approval(&hash).expect("the journal is read");
        let plan = ApprovedPlan::new(record.clone(), &approval.expect("it was approved"));
        let told = Arc::clone(&self.told);
        Applying {
            site: self.site().await,
            plan: plan.expect("the approval is of this plan"),
            watcher: Watcher {
                tell: Arc::new(move |message| told.lock().expect("told").push(message.clone())),
                interrupts: self.interrupts.subscribe(),
            },
            before: Arc::new(|| Ok(())),
        }
    }

    /// Starts a run, or goes on with the one that is not final, as one process would.
    pub(crate) async fn apply(&self, record: &PlanRecord) -> Outcome {
        let mut applying = self.applying(record).await;
        let journal = self.journal.open();
        let root = record.root.clone();
        let latest = journal.latest_run_about(PROVISION, &root);
        if let Some(run) = latest.expect("the journal is read") {
            let history = journal.history(&run).expect("the run is read");
            if matches!(history.state(), RunState::Stuck { .. }) {
                journal.request_retry(&run, "Ana").expect("a retry");
            }
        }
        let engine = Engine::new(&journal, &Clockwork);
        let steps = steps();
        let run = engine.start_or_resume_about(PROVISION, Some(&root), &steps, &mut applying);
        run.await.expect("the journal takes every event")
    }

    /// The error code that the newest failure of the run has.
    pub(crate) fn failure(&self) -> (String, String) {
        let journal = self.journal.open();
        let run = journal.latest_run(PROVISION).expect("read").expect("a run");
        let events = journal.events(&run).expect("the events are read");
        let failed = events.iter().rfind(|event| event.kind == "step_failed");
        let error = &failed.expect("a step failed").payload["error"];
        let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
        (text("code"), text("what"))
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "{what} did not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Types of the objects that exist, each once for each object.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let objects = self.cloud.objects().expect("the cloud can be read");
        let mut kinds: Vec<String> = objects
            .values()
            .map(|object| object["type"].as_str().unwrap_or_default().to_owned())
            .collect();
        kinds.sort();
        kinds
    }

    /// The project's folder below which plans are kept.
    pub(crate) fn kept(&self) -> BTreeSet<String> {
        let folder = self.project.join(".reberth/provision/prod/00-network");
        let entries = fs::read_dir(folder).expect("the folder is there");
        entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.project).ok();
    }
}
