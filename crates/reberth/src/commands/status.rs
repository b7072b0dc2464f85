//! `reberth status`: where the migration stands.

use reberth_generate::{MANIFEST_PATH, Manifest};
use reberth_journal::RunSummary;
use reberth_model::document::{sha256_hex, to_bytes};
use reberth_model::policy::Policy;
use serde::Serialize;

use super::replicate;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::{self, Loaded, Project, optional};
use crate::table::table;

/// The kinds of runs, in the order of a migration.
const RUN_KINDS: [&str; 4] = ["discover", "assess", "design", "generate"];
/// How much of a hash is shown to people.
const HASH_LENGTH_SHOWN: usize = 12;

/// One document of the project.
#[derive(Debug, Serialize)]
struct DocumentStatus {
    name: &'static str,
    /// `missing`, `current` or `stale`.
    state: &'static str,
    hash: Option<String>,
    /// Why it is stale, or what makes it.
    remark: String,
}

/// All that is known.
#[derive(Debug, Serialize)]
struct Status {
    project: String,
    source: String,
    target_region: String,
    documents: Vec<DocumentStatus>,
    runs: Vec<RunSummary>,
    /// A line for each live database.
    databases: Vec<String>,
}

/// Reads the documents and the journal; writes nothing.
pub(crate) async fn run(
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy()?;
    let status = Status {
        project: policy.document.project.clone(),
        source: format!("{:?}", policy.document.source.provider).to_lowercase(),
        target_region: policy.document.target.region.clone(),
        documents: documents(project, &policy)?,
        runs: latest_runs(project)?,
        databases: replicate::status_lines(&policy.document, environment).await,
    };
    output.report(text(&status), &status)?;
    Ok(Exit::Done)
}

fn documents(project: &Project, policy: &Loaded<Policy>) -> Result<Vec<DocumentStatus>, Failure> {
    let estate = optional(project.estate())?;
    let assessment = optional(project.assessment())?;
    let design = optional(project.design())?;
    let manifest = optional(project::document::<Manifest>(
        &project.path(MANIFEST_PATH),
        "reberth generate",
    ))?;
    let estate_hash = estate.as_ref().map(|loaded| loaded.sha256.clone());
    let assessment_hash = assessment.as_ref().map(|loaded| loaded.sha256.clone());
    let source_hash = match &assessment {
        Some(loaded) => Some(project.source_sha256(&loaded.document)?),
        None => None,
    };
    let design_hash = design.as_ref().map(|loaded| loaded.document.hash.clone());
    let policy_hash = policy_document_hash(project, &policy.document)?;

    let assessment_stale = assessment.as_ref().and_then(|loaded| {
        let judged = Some(&loaded.document.estate_sha256);
        (judged != estate_hash.as_ref()).then_some("estate.json has changed since")
    });
    let design_stale = design.as_ref().and_then(|loaded| {
        let inputs = &loaded.document.inputs;
        let changed = [
            (
                Some(&inputs.estate_sha256) != estate_hash.as_ref(),
                "estate.json has changed since",
            ),
            (
                inputs.policy_sha256 != policy_hash,
                "reberth.yaml has changed since",
            ),
            (
                Some(&inputs.assessment_sha256) != source_hash.as_ref(),
                "assessment.json has changed since",
            ),
        ];
        changed
            .into_iter()
            .find(|(is_changed, _)| *is_changed)
            .map(|(_, why)| why)
    });
    let files_stale = manifest.as_ref().and_then(|loaded| {
        (Some(&loaded.document.design) != design_hash.as_ref())
            .then_some("design.json has changed since")
    });
    let manifest_hash = manifest.map(|loaded| loaded.sha256);
    Ok(vec![
        document("estate.json", "discover", estate_hash, None),
        document(
            "assessment.json",
            "assess",
            assessment_hash,
            assessment_stale,
        ),
        document("design.json", "design", design_hash, design_stale),
        document("infra/", "generate", manifest_hash, files_stale),
    ])
}

/// The hash by which a design names its policy: comments and order do not count.
fn policy_document_hash(project: &Project, policy: &Policy) -> Result<String, Failure> {
    let bytes = to_bytes(policy)
        .map_err(|error| CliError::file(&project.policy_path(), "read", error.into()))?;
    Ok(sha256_hex(&bytes))
}

fn document(
    name: &'static str,
    command: &str,
    hash: Option<String>,
    stale: Option<&'static str>,
) -> DocumentStatus {
    let (state, remark) = match (&hash, stale) {
        (None, _) => ("missing", format!("run `reberth {command}`")),
        (Some(_), Some(why)) => ("stale", format!("{why}: run `reberth {command}`")),
        (Some(_), None) => ("current", String::new()),
    };
    DocumentStatus {
        name,
        state,
        hash,
        remark,
    }
}

fn latest_runs(project: &Project) -> Result<Vec<RunSummary>, Failure> {
    let Some(journal) = project.journal_to_read()? else {
        return Ok(Vec::new());
    };
    let mut latest: Vec<RunSummary> = Vec::new();
    for run in journal.runs()? {
        let summary = journal.summary(&run)?;
        latest.retain(|earlier| earlier.kind != summary.kind);
        latest.push(summary);
    }
    let place = |run: &RunSummary| {
        RUN_KINDS
            .iter()
            .position(|kind| *kind == run.kind)
            .unwrap_or(RUN_KINDS.len())
    };
    latest.sort_by_key(place);
    Ok(latest)
}

fn text(status: &Status) -> String {
    let documents: Vec<Vec<String>> = status
        .documents
        .iter()
        .map(|document| {
            let hash = document.hash.as_deref().unwrap_or("-");
            let shown = hash.chars().take(HASH_LENGTH_SHOWN).collect();
            vec![
                document.name.to_owned(),
                document.state.to_owned(),
                shown,
                document.remark.clone(),
            ]
        })
        .collect();
    let runs: Vec<Vec<String>> = status
        .runs
        .iter()
        .map(|run| {
            vec![
                run.run.to_string(),
                run.state.to_string(),
                run.updated_at.clone(),
            ]
        })
        .collect();
    let header = format!(
        "{}: {} to AWS {}",
        status.project, status.source, status.target_region
    );
    let mut parts = vec![
        header,
        table(&["document", "state", "hash", ""], &documents),
    ];
    if !runs.is_empty() {
        parts.push(table(&["latest run", "state", "at (UTC)"], &runs));
    }
    if !status.databases.is_empty() {
        parts.push(format!("databases\n{}", status.databases.join("\n")));
    }
    parts.join("\n\n")
}
