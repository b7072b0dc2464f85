//! `reberth discover`: everything the account holds, as `estate.json`.

use reberth_discover::digitalocean::{self, Options};
use reberth_discover::{Api, Progress};
use reberth_model::document::{sha256_hex, to_bytes};
use reberth_model::estate::Estate;
use serde_json::{Value, json};

use crate::atomic_file;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::record::Record;
use crate::settings::DiscoverSettings;
use crate::table::table;

/// Reads the account and writes `estate.json`; the file is replaced only by a complete estate.
pub(crate) async fn run(
    settings: DiscoverSettings,
    policy_sha256: &str,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let api = Api::new(&settings.api, settings.token)?;
    let inputs = json!({ "policy": policy_sha256, "api": api.address() });
    let record = Record::begin(project, "discover", &inputs)?;
    let options = Options {
        measured_until_epoch_seconds: settings.measured_until_epoch_seconds,
    };
    let discovered = read(&api, &options, project, output).await;
    let estate = record.end(discovered)?;
    output.report(text(&estate), &summary(&estate))?;
    Ok(Exit::Done)
}

async fn read(
    api: &Api,
    options: &Options,
    project: &Project,
    output: &Output,
) -> Result<(Estate, Value), Failure> {
    let estate = digitalocean::discover(api, options, &|progress| tell(&progress, output)).await?;
    let path = project.estate_path();
    let bytes =
        to_bytes(&estate).map_err(|error| CliError::file(&path, "written", error.into()))?;
    atomic_file::replace(&path, &bytes)?;
    let outputs = json!({ "estate": sha256_hex(&bytes), "resources": estate.resources.len() });
    Ok((estate, outputs))
}

fn tell(progress: &Progress, output: &Output) {
    match progress {
        Progress::Read { what, found } => output.progress(format!("read {what}: {found}")),
        Progress::Advanced { what, done, total } => {
            output.progress(format!("{what}: {done} of {total}"));
        }
        Progress::Waiting { seconds } => {
            output.progress(format!("the provider asks to wait {seconds} s"));
        }
        Progress::Retrying { what, why } => output.progress(format!("{what} again: {why}")),
        _ => {}
    }
}

fn summary(estate: &Estate) -> Value {
    json!({
        "provider": estate.provider,
        "account": estate.account,
        "counts": estate.counts,
        "not_visible": estate.not_visible,
        "unmapped": estate.unmapped,
    })
}

fn text(estate: &Estate) -> String {
    let rows: Vec<Vec<String>> = estate
        .counts
        .iter()
        .map(|(kind, count)| vec![kind.clone(), count.to_string()])
        .collect();
    let mut parts = vec![table(&["kind", "found"], &rows)];
    let not_visible: Vec<String> = estate
        .not_visible
        .iter()
        .map(|part| format!("  {}: {}", part.what, part.reason))
        .collect();
    parts.extend(listed("not visible to this token", &not_visible));
    let unmapped: Vec<String> = estate
        .unmapped
        .iter()
        .map(|part| format!("  {} {}", part.what, part.id))
        .collect();
    parts.extend(listed("read, and not understood by this build", &unmapped));
    parts.push("wrote estate.json".to_owned());
    parts.join("\n\n")
}

fn listed(title: &str, lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
}
