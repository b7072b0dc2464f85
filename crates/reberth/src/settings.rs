//! What the arguments and the environment mean together. After this nothing reads either of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reberth_discover::inside::Ssh;
use reberth_discover::{ObjectStoreKey, Token, checkout, digitalocean, heroku};
use reberth_journal::{AuditHead, Clock};
use reberth_model::policy::Provider;

use crate::cli::{AssessArgs, AuditVerifyArgs, DiscoverArgs, SourceProvider};
use crate::environment::{
    DIGITALOCEAN_TOKEN, Environment, HEROKU_API_KEY, SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY,
};
use crate::failure::{CliError, Failure};

/// What `discover` goes by.
#[derive(Debug)]
pub(crate) struct DiscoverSettings {
    /// Whose account is read.
    pub(crate) provider: Provider,
    /// Base address of the API.
    pub(crate) api: String,
    /// Base address of the API of the data services, where the provider has one of its own.
    pub(crate) data_api: String,
    /// The token, sent to these hosts and no other.
    pub(crate) token: Token,
    /// End of the days whose measurements are read: the last midnight.
    pub(crate) measured_until_epoch_seconds: u64,
    /// How the object store is asked, if it is.
    pub(crate) object_store: Option<digitalocean::ObjectStore>,
    /// Where a person listed the scheduled jobs.
    pub(crate) scheduled_jobs: Option<PathBuf>,
    /// Logs of applications, by the application's name.
    pub(crate) scheduler_logs: Vec<(String, PathBuf)>,
    /// For how long the scheduler's processes are watched; `None`: not at all.
    pub(crate) job_watch: Option<JobWatch>,
    /// Where a person listed what processes use.
    pub(crate) process_use: Option<PathBuf>,
    /// Whether to show what changed since the last discovery.
    pub(crate) diff: bool,
    /// Folders with the files of applications, by the application's name.
    pub(crate) checkouts: BTreeMap<String, PathBuf>,
    /// How servers are looked into; `None`: they are not.
    pub(crate) ssh: Option<Ssh>,
}

/// A watch over what a scheduler starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobWatch {
    /// How long it goes on.
    pub(crate) length: Duration,
    /// The pause between two looks.
    pub(crate) pause: Duration,
}

impl DiscoverSettings {
    /// `--from` wins over the live API; the token comes from the environment in both cases.
    pub(crate) fn resolve(
        args: DiscoverArgs,
        environment: &Environment,
        provider: Provider,
    ) -> Result<DiscoverSettings, Failure> {
        let (variable, api, data_api) = match provider {
            Provider::Digitalocean => (DIGITALOCEAN_TOKEN, digitalocean::LIVE_API, ""),
            Provider::Heroku => (HEROKU_API_KEY, heroku::LIVE_API, heroku::LIVE_DATA_API),
        };
        if args.scheduled_jobs.is_some() && provider != Provider::Heroku {
            return Err(CliError::Argument {
                argument: "--scheduled-jobs",
                given: "a file".to_owned(),
                why: "only Heroku's scheduler has jobs that no API tells".to_owned(),
            }
            .into());
        }
        if args.process_use.is_some() && provider != Provider::Heroku {
            return Err(CliError::Argument {
                argument: "--process-use",
                given: "a file".to_owned(),
                why: "only Heroku has processes whose use no API tells".to_owned(),
            }
            .into());
        }
        let token = environment
            .get(variable)
            .ok_or(CliError::NoToken { variable })?;
        let address = |live: &str| args.from.clone().unwrap_or_else(|| live.to_owned());
        Ok(DiscoverSettings {
            provider,
            api: address(api),
            data_api: address(data_api),
            token: Token::new(token)?,
            measured_until_epoch_seconds: last_midnight_epoch_seconds(),
            object_store: object_store(&args, environment)?,
            scheduler_logs: scheduler_logs(&args, provider)?,
            job_watch: job_watch(&args, provider)?,
            scheduled_jobs: args.scheduled_jobs,
            process_use: args.process_use,
            diff: args.diff,
            checkouts: args
                .checkout
                .iter()
                .map(|given| checkout_of(given))
                .collect(),
            ssh: ssh(args.ssh, args.ssh_config)?,
        })
    }
}

/// The longest watch: who waits longer has a log.
const WATCH_SECONDS_MAX: u64 = 30 * 86_400;

fn job_watch(args: &DiscoverArgs, provider: Provider) -> Result<Option<JobWatch>, Failure> {
    let Some(length) = &args.watch_jobs else {
        return Ok(None);
    };
    let refuse = |argument, given: &str, why: &str| CliError::Argument {
        argument,
        given: given.to_owned(),
        why: why.to_owned(),
    };
    if provider != Provider::Heroku {
        let why = "only Heroku's scheduler has jobs that no API tells";
        return Err(refuse("--watch-jobs", length, why).into());
    }
    let span = |argument, given: &String| {
        let why = "it is not a time of 1 second to 30 days such as 30m, 6h or 2d";
        time_span(given).ok_or_else(|| refuse(argument, given, why))
    };
    Ok(Some(JobWatch {
        length: span("--watch-jobs", length)?,
        pause: span("--watch-every", &args.watch_every)?,
    }))
}

/// `45s`, `30m`, `6h`, `2d`.
fn time_span(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = seconds.checked_mul(count)?;
    (1..=WATCH_SECONDS_MAX)
        .contains(&seconds)
        .then_some(Duration::from_secs(seconds))
}

fn scheduler_logs(
    args: &DiscoverArgs,
    provider: Provider,
) -> Result<Vec<(String, PathBuf)>, Failure> {
    let given = args.scheduler_log.iter();
    let logs = given.map(|given| {
        let refuse = |why: &str| CliError::Argument {
            argument: "--scheduler-log",
            given: given.clone(),
            why: why.to_owned(),
        };
        if provider != Provider::Heroku {
            return Err(refuse("only Heroku's scheduler has jobs that no API tells").into());
        }
        match given.split_once('=') {
            Some((app, file)) if !app.is_empty() => Ok((app.to_owned(), PathBuf::from(file))),
            _ => Err(refuse("it is not APP=FILE").into()),
        }
    });
    logs.collect()
}

/// The object store is asked where both halves of its key are set; beside a recording only at an endpoint that is named, so that a key for the live
/// store is not used with what is not live.
fn object_store(
    args: &DiscoverArgs,
    environment: &Environment,
) -> Result<Option<digitalocean::ObjectStore>, Failure> {
    if args.from.is_some() && args.spaces_from.is_none() {
        return Ok(None);
    }
    let half = |variable| {
        let value = environment.get(variable);
        value.ok_or(CliError::NoToken { variable })
    };
    let (id, secret) = (half(SPACES_ACCESS_KEY_ID), half(SPACES_SECRET_ACCESS_KEY));
    if id.is_err() && secret.is_err() && args.spaces_from.is_none() {
        return Ok(None);
    }
    Ok(Some(digitalocean::ObjectStore {
        key: ObjectStoreKey::new(id?, secret?)?,
        address: args.spaces_from.clone(),
    }))
}

/// Name and folder of `NAME=FOLDER`, or of a folder that tells its name.
fn checkout_of(given: &str) -> (String, PathBuf) {
    match given.split_once('=') {
        Some((name, folder)) if !name.contains('/') => (name.to_owned(), PathBuf::from(folder)),
        _ => {
            let folder = PathBuf::from(given);
            (checkout::name(&folder), folder)
        }
    }
}

fn ssh(user: Option<String>, config: Option<PathBuf>) -> Result<Option<Ssh>, Failure> {
    let Some(user) = user else {
        return Ok(None);
    };
    match Ssh::new(&user, config) {
        Some(ssh) => Ok(Some(ssh)),
        None => Err(CliError::Argument {
            argument: "--ssh",
            given: user,
            why: "it is not the name of an account".to_owned(),
        }
        .into()),
    }
}

/// What `assess` goes by.
#[derive(Debug)]
pub(crate) struct AssessSettings {
    /// The day to judge by, YYYY-MM-DD.
    pub(crate) today: String,
    /// Price lists of AWS to read.
    pub(crate) prices: Vec<PathBuf>,
    /// Decisions to weigh; empty for the assessment itself.
    pub(crate) what_if: Vec<String>,
}

impl AssessSettings {
    /// `--as-of` wins over the clock.
    pub(crate) fn resolve(args: AssessArgs) -> AssessSettings {
        let today = || {
            Clock::System
                .now()
                .chars()
                .take("YYYY-MM-DD".len())
                .collect()
        };
        AssessSettings {
            today: args.as_of.unwrap_or_else(today),
            prices: args.prices,
            what_if: args.what_if,
        }
    }
}

/// Reads `--since COUNT:HASH`.
pub(crate) fn audit_head(args: AuditVerifyArgs) -> Result<Option<AuditHead>, Failure> {
    let Some(given) = args.since else {
        return Ok(None);
    };
    let parsed = given.split_once(':').and_then(|(count, hash)| {
        Some(AuditHead {
            count: count.parse().ok()?,
            hash: hash.to_owned(),
        })
    });
    match parsed {
        Some(head) => Ok(Some(head)),
        None => Err(CliError::Argument {
            argument: "--since",
            given,
            why: "it is not COUNT:HASH as audit verify prints it".to_owned(),
        }
        .into()),
    }
}

/// The policy's word for a provider.
pub(crate) fn provider_word(source: SourceProvider) -> &'static str {
    match source {
        SourceProvider::Digitalocean => "digitalocean",
        SourceProvider::Heroku => "heroku",
    }
}

/// Whole days are measured (UTC), so that two discoveries of a day ask for the same, and what was answered is of the past.
fn last_midnight_epoch_seconds() -> u64 {
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |elapsed| elapsed.as_secs() / DAY_SECONDS * DAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_unit_and_an_end() {
        let cases = [
            ("45s", Some(45)),
            ("30m", Some(1_800)),
            ("6h", Some(21_600)),
            ("30d", Some(2_592_000)),
            ("31d", None),
            ("0s", None),
            ("", None),
            ("m", None),
            ("5", None),
            ("-5m", None),
            ("1.5h", None),
            ("99999999999999999999d", None),
            ("5µ", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(time_span(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
