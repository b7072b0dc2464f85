//! The story in its order.

use std::time::{Duration, Instant};

use reberth_replicate::progress::Progress;
use reberth_replicate::stream::Direction;
use reberth_testkit::learning::DATABASE;
use serde_json::Value;
use tokio::process::Child;

use super::evidence::Evidence;
use super::scene::Scene;
use super::{Act, Scale};
use crate::failure::{CliError, Failure};
use crate::output::Output;

/// How long a stream may take until it follows closely.
const FOLLOW_LIMIT: Duration = Duration::from_secs(120);

/// Tells it, and gathers the evidence.
pub(crate) async fn tell(
    mut scene: Scene,
    scale: Scale,
    output: &Output,
) -> Result<Evidence, Failure> {
    let mut teller = Teller {
        scene: &scene,
        scale,
        output,
        evidence: Evidence::of(scene.cast.lines().clean_until),
    };
    teller.prepare().await?;
    let stream = teller.replicate().await?;
    teller
        .pass(
            "cutover",
            "Cutover: fence the source, drain, compare, switch",
            &["cutover", "run", "--apply", "--by", "demo"],
        )
        .await?;
    end(stream).await;
    let stream = teller
        .follow(
            &["replicate", "start", "--reverse", "--apply"],
            Direction::Reverse,
            "the target serves the application; its changes flow back",
        )
        .await?;
    teller
        .pass(
            "way_back",
            "The way back, with everything written since",
            &["cutover", "way-back", "--apply", "--by", "demo"],
        )
        .await?;
    end(stream).await;
    let stream = teller
        .follow(
            &["replicate", "start", "--apply"],
            Direction::Forward,
            "the source serves again; the target follows",
        )
        .await?;
    teller
        .pass(
            "cutover_again",
            "Cutover again",
            &["cutover", "run", "--apply", "--by", "demo"],
        )
        .await?;
    end(stream).await;
    let stream = teller
        .follow(
            &["replicate", "start", "--reverse", "--apply"],
            Direction::Reverse,
            "the target serves; the way back stays open",
        )
        .await?;
    let evidence = teller.evidence;
    scene.stop_the_application().await;
    let mut teller = Teller {
        scene: &scene,
        scale,
        output,
        evidence,
    };
    teller.settle().await?;
    end(stream).await;
    Ok(teller.evidence)
}

/// A stream that was taken over ends by itself; any other is ended.
async fn end(mut stream: Child) {
    if tokio::time::timeout(Duration::from_secs(3), stream.wait())
        .await
        .is_err()
    {
        stream.kill().await.ok();
    }
}

struct Teller<'a> {
    scene: &'a Scene,
    scale: Scale,
    output: &'a Output,
    evidence: Evidence,
}

impl Teller<'_> {
    fn title(&self, text: &str) {
        self.output.note(format!(
            "\n── {text} {}",
            "─".repeat(96usize.saturating_sub(text.chars().count()))
        ));
    }

    /// Runs a command that must end well.
    async fn run(&mut self, arguments: &[&str]) -> Result<(), Failure> {
        let (code, took) = self.scene.run(arguments, self.output).await?;
        self.evidence.took(arguments, took);
        if code != 0 {
            return Err(CliError::Step {
                command: arguments.join(" "),
                code,
            }
            .into());
        }
        tokio::time::sleep(self.scale.pause).await;
        Ok(())
    }

    async fn prepare(&mut self) -> Result<(), Failure> {
        let lines = self.scene.cast.lines();
        self.output.note(lines.introduction.to_owned());
        self.title("A project folder");
        let folder = self.scene.project.display().to_string();
        let (code, _) = self
            .scene
            .run(
                &[
                    "init",
                    &folder,
                    "--source",
                    lines.provider,
                    "--region",
                    lines.region,
                ],
                self.output,
            )
            .await?;
        if code != 0 {
            return Err(CliError::Step {
                command: "init".to_owned(),
                code,
            }
            .into());
        }
        crate::atomic_file::replace(
            &self.scene.project.join("reberth.yaml"),
            self.scene.policy().as_bytes(),
        )?;
        self.output.note("reberth.yaml now names the database and its connections, each by an environment variable");
        self.title("Discover the estate (recorded)");
        self.run(&["discover", "--from", &self.scene.replay.url()])
            .await?;
        self.title("Assess it");
        self.run(&["assess"]).await?;
        self.title("Design the target");
        self.run(&["design"]).await?;
        self.title("Generate Terraform");
        self.run(&["generate"]).await
    }

    async fn replicate(&mut self) -> Result<Child, Failure> {
        self.title("Replicate: probe both servers first (live from here on)");
        self.run(&["replicate", "plan"]).await?;
        // A capture is made of triggers, so what follows is consent to them.
        if self.scene.act == Act::Second {
            self.evidence.own_schemas_on_source = self.scene.cast.own_schemas_on_source();
        }
        self.title("Replicate: copy and follow, while the application writes");
        let started = Instant::now();
        let stream = self
            .scene
            .start(&["replicate", "start", "--apply"], self.output)?;
        let progress = self.watch(Direction::Forward).await?;
        self.evidence.copied(&progress, started.elapsed());
        self.title("Replicate: status and verification, while the application writes");
        self.run(&["replicate", "status"]).await?;
        self.run(&["replicate", "verify"]).await?;
        self.evidence
            .verified(&self.read("report/verify-lms_core.json")?);
        if self.scene.act == Act::First {
            self.evidence.own_schemas_on_source = self.scene.cast.own_schemas_on_source();
        }
        Ok(stream)
    }

    /// Starts a stream in the background and lets the application work for a while.
    async fn follow(
        &mut self,
        arguments: &[&str],
        direction: Direction,
        remark: &str,
    ) -> Result<Child, Failure> {
        self.output.note(format!("\n{remark}"));
        let stream = self.scene.start(arguments, self.output)?;
        self.watch(direction).await?;
        let before = self.scene.ledger.acknowledged();
        tokio::time::sleep(self.scale.interlude).await;
        let writes = self.scene.ledger.acknowledged() - before;
        self.output.note(format!(
            "  {writes} writes acknowledged in {:.0} s",
            self.scale.interlude.as_secs_f64()
        ));
        Ok(stream)
    }

    /// Shows a stream's progress until it follows closely.
    async fn watch(&self, direction: Direction) -> Result<Progress, Failure> {
        let begun = Instant::now();
        let mut shown = Instant::now();
        while begun.elapsed() < FOLLOW_LIMIT {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let report = self.scene.cast.report(direction).await?;
            let since_ms = begun.elapsed().as_millis() as u64;
            // What an earlier process left is not the word of this one.
            let Some(progress) = report
                .filter(|report| report.age_ms < since_ms)
                .map(|report| report.progress)
            else {
                continue;
            };
            let is_close = progress.is_caught_up();
            if is_close || shown.elapsed() > Duration::from_secs(1) {
                shown = Instant::now();
                let line = crate::commands::replicate::progress_line(DATABASE, &progress);
                self.output.note(format!(
                    "  {line}  |  {} writes acknowledged",
                    self.scene.ledger.acknowledged()
                ));
            }
            if is_close {
                return Ok(progress);
            }
        }
        Err(CliError::Step {
            command: format!("replicate start ({}) did not catch up", direction.word()),
            code: 1,
        }
        .into())
    }

    /// A passage, with the downtime as the writers saw it.
    async fn pass(
        &mut self,
        name: &'static str,
        title: &str,
        arguments: &[&str],
    ) -> Result<(), Failure> {
        self.title(title);
        let from = Instant::now();
        self.run(arguments).await?;
        // The gap ends with the first write that is acknowledged on the other side.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let downtime_ms = self.scene.ledger.longest_gap_ms(from);
        self.output.note(format!(
            "  write downtime as the application saw it: {downtime_ms} ms"
        ));
        self.evidence.downtime(name, downtime_ms);
        Ok(())
    }

    /// The application has stopped: what does each side hold, and what does the journal say?
    async fn settle(&mut self) -> Result<(), Failure> {
        self.title("The reckoning: the application has stopped");
        self.run(&["replicate", "verify", "--reverse"]).await?;
        self.evidence
            .verified(&self.read("report/verify-lms_core.json")?);
        self.run(&["status"]).await?;
        self.run(&["audit", "verify"]).await?;
        self.evidence.audit_is_intact = true;
        let (on_target, on_source) = self.scene.cast.compare(&self.scene.ledger).await?;
        self.evidence.ledger(on_target, on_source);
        self.evidence.provider_writes = Some(self.scene.replay.stats().writes_refused);
        self.evidence.kept = self.scene.kept().map(|path| path.display().to_string());
        self.evidence
            .canaries(&crate::project::Project::new(&self.scene.project))
    }

    fn read(&self, file: &str) -> Result<Value, Failure> {
        let path = self.scene.project.join(file);
        let bytes = std::fs::read(&path).map_err(|error| CliError::file(&path, "read", error))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::io("a report cannot be read", error.into()))
    }
}
