//! `reberth discover`: everything the account holds, as `estate.json`.

mod fingerprint_key;
mod scheduled_jobs;

use reberth_discover::{Api, Fingerprint, Progress, digitalocean, heroku};
use reberth_model::document::{sha256_hex, to_bytes};
use reberth_model::estate::Estate;
use reberth_model::policy::Provider;
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
    let inputs = json!({ "policy": policy_sha256, "api": settings.api });
    let record = Record::begin(project, "discover", &inputs)?;
    let discovered = read(settings, project, output).await;
    let estate = record.end(discovered)?;
    output.report(text(&estate), &summary(&estate))?;
    Ok(Exit::Done)
}

async fn read(
    settings: DiscoverSettings,
    project: &Project,
    output: &Output,
) -> Result<(Estate, Value), Failure> {
    let estate = match settings.provider {
        Provider::Digitalocean => read_digitalocean(settings, output).await?,
        Provider::Heroku => read_heroku(settings, project, output).await?,
    };
    let path = project.estate_path();
    let bytes =
        to_bytes(&estate).map_err(|error| CliError::file(&path, "written", error.into()))?;
    atomic_file::replace(&path, &bytes)?;
    let outputs = json!({ "estate": sha256_hex(&bytes), "resources": estate.resources.len() });
    Ok((estate, outputs))
}

async fn read_digitalocean(settings: DiscoverSettings, output: &Output) -> Result<Estate, Failure> {
    let api = Api::new(&settings.api, settings.token)?;
    let options = digitalocean::Options {
        measured_until_epoch_seconds: settings.measured_until_epoch_seconds,
    };
    Ok(digitalocean::discover(&api, &options, &|progress| tell(&progress, output)).await?)
}

async fn read_heroku(
    settings: DiscoverSettings,
    project: &Project,
    output: &Output,
) -> Result<Estate, Failure> {
    let open = |address: &str| {
        let api = Api::new(address, settings.token.clone())?;
        Ok::<_, Failure>(api.with_accept(heroku::ACCEPT).with_refill(heroku::REFILL))
    };
    let (api, data_api) = (open(&settings.api)?, open(&settings.data_api)?);
    let jobs = match &settings.scheduled_jobs {
        Some(path) => Some(scheduled_jobs::read(path)?),
        None => None,
    };
    let fingerprint = Fingerprint::new(&fingerprint_key::of(project)?);
    let options = heroku::Options {
        data_api: &data_api,
        fingerprint: &fingerprint,
        scheduled_jobs: jobs.as_deref(),
    };
    Ok(heroku::discover(&api, &options, &|progress| tell(&progress, output)).await?)
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
