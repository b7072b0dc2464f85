//! Heroku.
//!
//! The platform's own API tells the applications and what was added to them; the data services have an API of
//! their own on another host, which is not documented and may change: what it does not tell is noted, and nothing else fails.
//!
//! Scheduled jobs have no API at all. What is seen of them (one-off processes that the scheduler started) is listed, and the estate says
//! that the list may be incomplete until a person gives one.

mod addons;
mod apps;
mod config_vars;
mod connections;
mod data_services;
mod domains;
mod form;
mod invoices;
mod jobs;
mod people;
mod pipelines;
mod process_use;
mod processes;
mod reader;
mod scheduler_log;
mod spaces;
mod telemetry_drains;
mod watch;

use std::time::Duration;

use reberth_model::estate::Estate;

use crate::gathered::Gathered;
use crate::{Api, DiscoverError, Fingerprint, OnProgress};
pub use process_use::ProcessUse;
pub use scheduler_log::{LoggedJob, jobs_of_log};
pub use watch::{SeenJob, SeenJobs, add_seen_jobs, watch_jobs, watch_pause_min};

use apps::AppSummary;
use form::Named;
use reader::Reader;

/// Address of the live platform API.
pub const LIVE_API: &str = "https://api.heroku.com";
/// Address of the live API of the data services.
pub const LIVE_DATA_API: &str = "https://api.data.heroku.com";
/// The version of the answers that this code reads.
pub const ACCEPT: &str = "application/vnd.heroku+json; version=3";
/// The bucket of 4,500 requests refills by 75 a minute.
pub const REFILL: Duration = Duration::from_millis(800);

/// What a discovery is told besides the APIs.
#[derive(Debug)]
pub struct Options<'a> {
    /// The API of the data services; the same token goes there.
    pub data_api: &'a Api,
    /// Makes fingerprints of the values of settings.
    pub fingerprint: &'a Fingerprint,
    /// What a person measured of processes. `None`: nobody did.
    pub process_use: Option<&'a [ProcessUse]>,
    /// Scheduled jobs that a person listed, since no API tells them. `None`: nobody did.
    pub scheduled_jobs: Option<&'a [ScheduledJob]>,
    /// Scheduled jobs that logs show. They do not make the list complete.
    pub logged_jobs: &'a [LoggedJob],
}

/// A job of the scheduler add-on, as a person listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledJob {
    /// Name of the application.
    pub app: String,
    /// What it runs.
    pub command: String,
    /// When, for example `daily at 03:30 UTC`.
    pub schedule: String,
}

#[derive(serde::Deserialize)]
struct Account {
    email: Option<String>,
}

/// Reads everything the token can see. The same account gives the same estate, whatever faults passed on the way.
pub async fn discover(
    api: &Api,
    options: &Options<'_>,
    progress: OnProgress<'_>,
) -> Result<Estate, DiscoverError> {
    let reader = Reader::new(api, options.data_api, progress);
    let mut gathered = Gathered::default();
    let account: Option<Account> = reader.object("/account").await?;
    let apps: Option<Vec<AppSummary>> = reader.list("/apps").await?;
    let is_answering = api.tally().broken > 0;
    if account.is_none() && apps.is_none() && !is_answering {
        return Err(DiscoverError::NotTheApi {
            url: api.address().to_owned(),
            reason: "it has neither /account nor /apps".to_owned(),
        });
    }
    let teams: Vec<Named> = reader.list("/teams").await?.unwrap_or_default();
    let apps = apps::of_account(&reader, apps.unwrap_or_default(), &teams).await?;
    let addons = addons::read(&reader, &teams).await?;
    let couplings = pipelines::gather(&reader, &mut gathered).await?;
    apps::gather(&reader, &apps, &couplings, options, &mut gathered).await?;
    data_services::gather(&reader, &addons, &mut gathered).await?;
    addons::gather(&addons, &mut gathered);
    jobs::gather_listed(&reader, &apps, &addons, options, &mut gathered);
    process_use::gather_listed(&reader, &apps, options, &mut gathered);
    people::gather(&reader, &teams, &apps, &mut gathered).await?;
    spaces::gather(&reader, &mut gathered).await?;
    invoices::gather(&reader, &mut gathered).await?;
    connections::gather(&mut gathered);
    let owner = account.and_then(|account| account.email);
    Ok(gathered.into_estate("heroku", owner, reader.into_notes()))
}
