//! DigitalOcean.
//!
//! Two orders matter: buckets are named by projects and content delivery endpoints, so they come last, and
//! references are resolved when everything is there. Everything else is independent.

mod addresses;
mod buckets;
mod collection;
mod databases;
mod dns;
mod facts;
mod firewalls;
mod full_read;
mod invoices;
mod load_balancers;
mod memberships;
mod networks;
mod object_store;
mod others;
mod page;
mod projects;
mod reader;
mod region;
mod servers;
mod storage;
mod utilisation;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use reberth_model::estate::{Estate, Utilisation};

use crate::answer_cache::Validity;
use crate::client::{Answer, IN_FLIGHT_MAX};
use crate::gathered::Gathered;
use crate::{Api, DiscoverError, ObjectStoreKey, OnProgress, Progress};
use buckets::Buckets;
use reader::Reader;
use servers::Droplet;
use utilisation::Measurements;

/// Address of the live API.
pub const LIVE_API: &str = "https://api.digitalocean.com";

const ACCOUNT_PATH: &str = "/v2/account";

/// What a discovery is told besides the API.
#[derive(Clone, Debug)]
pub struct Options {
    /// End of the 14 days for which measurements are read, in seconds since 1970; usually now.
    pub measured_until_epoch_seconds: u64,
    /// How the object store is asked, which has a key of its own. `None`: it is not.
    pub object_store: Option<ObjectStore>,
}

/// How the object store is asked.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    /// Its key.
    pub key: ObjectStoreKey,
    /// One endpoint that has every bucket, in place of the live ones of each region.
    pub address: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AccountAnswer {
    account: Account,
}

#[derive(Debug, Deserialize)]
struct Account {
    email: Option<String>,
    team: Option<Team>,
}

#[derive(Debug, Deserialize)]
struct Team {
    name: Option<String>,
}

/// Reads the whole account. The same account gives the same estate, whatever faults passed on the way.
pub async fn discover(
    api: &Api,
    options: &Options,
    progress: OnProgress<'_>,
) -> Result<Estate, DiscoverError> {
    let reader = Reader::new(api, progress);
    let mut gathered = Gathered::default();
    let mut buckets = Buckets::default();
    let (account, is_account_absent) = read_account(&reader).await?;
    let droplets: Option<Vec<Droplet>> = reader.list(servers::COLLECTION).await?;
    if is_account_absent && droplets.is_none() {
        return Err(DiscoverError::NotTheApi {
            url: api.address().to_owned(),
            reason: format!(
                "it has neither {ACCOUNT_PATH} nor {}",
                servers::COLLECTION.path
            ),
        });
    }
    let measurements = Measurements::new(&reader, options.measured_until_epoch_seconds);
    let droplets = droplets.unwrap_or_default();
    gather_servers(&reader, droplets, &measurements, &mut gathered).await?;
    databases::gather(&reader, &measurements, &mut gathered).await?;
    load_balancers::gather(&reader, &mut gathered).await?;
    dns::gather(&reader, &mut gathered).await?;
    networks::gather(&reader, &mut gathered).await?;
    firewalls::gather(&reader, &mut gathered).await?;
    storage::gather(&reader, &mut gathered).await?;
    addresses::gather(&reader, &mut gathered).await?;
    others::gather(&reader, &mut gathered).await?;
    memberships::gather(&reader, &mut gathered).await?;
    invoices::gather(&reader, &mut gathered).await?;
    projects::gather(&reader, &mut buckets, &mut gathered).await?;
    buckets::gather(&reader, &mut buckets, &mut gathered).await?;
    match &options.object_store {
        Some(store) => object_store::gather(store, api.patience(), &reader, &mut buckets).await,
        None => reader.note_not_visible(object_store::LIST, object_store::NO_KEY.to_owned()),
    }
    buckets.finish(&mut gathered);
    Ok(gathered.into_estate("digitalocean", account, reader.into_notes()))
}

/// Whose account it is, and whether there is no such path.
async fn read_account(reader: &Reader<'_>) -> Result<(Option<String>, bool), DiscoverError> {
    let answer = reader
        // Always asked: it is the first word of whether the token is good.
        .ask_as(ACCOUNT_PATH, Validity::Confirmed, |bytes| {
            serde_json::from_slice::<AccountAnswer>(bytes)
        })
        .await?;
    let is_absent = matches!(answer, Answer::Absent(_));
    let found = reader.found_or_noted(ACCOUNT_PATH, answer);
    let owner = found.and_then(|AccountAnswer { account }| {
        account.email.or(account.team.and_then(|team| team.name))
    });
    Ok((owner, is_absent))
}

async fn gather_servers(
    reader: &Reader<'_>,
    droplets: Vec<Droplet>,
    measurements: &Measurements<'_>,
    gathered: &mut Gathered,
) -> Result<(), DiscoverError> {
    let total = droplets.len();
    let reads = droplets
        .into_iter()
        .map(|droplet| with_utilisation(measurements, droplet));
    let mut reads = stream::iter(reads).buffer_unordered(IN_FLIGHT_MAX);
    let mut done = 0;
    while let Some((droplet, utilisation)) = reads.try_next().await? {
        done += 1;
        reader.tell(Progress::Advanced {
            what: "measurements",
            done,
            total,
        });
        servers::gather(droplet, utilisation, gathered);
    }
    Ok(())
}

async fn with_utilisation(
    measurements: &Measurements<'_>,
    droplet: Droplet,
) -> Result<(Droplet, Option<Utilisation>), DiscoverError> {
    let utilisation = measurements.of(droplet.id).await?;
    Ok((droplet, utilisation))
}
