//! What the arguments and the environment mean together. After this nothing reads either of them.

use std::time::{SystemTime, UNIX_EPOCH};

use reberth_discover::Token;
use reberth_discover::digitalocean::LIVE_API;
use reberth_journal::{AuditHead, Clock};
use reberth_model::policy::Provider;

use crate::cli::{AssessArgs, AuditVerifyArgs, DiscoverArgs, SourceProvider};
use crate::environment::{DIGITALOCEAN_TOKEN, Environment};
use crate::failure::{CliError, Failure};

/// What `discover` goes by.
#[derive(Debug)]
pub(crate) struct DiscoverSettings {
    /// Base address of the API.
    pub(crate) api: String,
    /// The token, sent to that host and no other.
    pub(crate) token: Token,
    /// End of the days whose measurements are read.
    pub(crate) measured_until_epoch_seconds: u64,
}

impl DiscoverSettings {
    /// `--from` wins over the live API; the token comes from the environment in both cases.
    pub(crate) fn resolve(
        args: DiscoverArgs,
        environment: &Environment,
        provider: Provider,
    ) -> Result<DiscoverSettings, Failure> {
        match provider {
            Provider::Digitalocean => {}
            Provider::Heroku => {
                return Err(CliError::NotBuilt {
                    what: "discovery of heroku".to_owned(),
                    instead: "this build discovers digitalocean".to_owned(),
                }
                .into());
            }
        }
        let token = environment
            .get(DIGITALOCEAN_TOKEN)
            .ok_or(CliError::NoToken {
                variable: DIGITALOCEAN_TOKEN,
            })?;
        Ok(DiscoverSettings {
            api: args.from.unwrap_or_else(|| LIVE_API.to_owned()),
            token: Token::new(token)?,
            measured_until_epoch_seconds: now_epoch_seconds(),
        })
    }
}

/// What `assess` goes by.
#[derive(Debug)]
pub(crate) struct AssessSettings {
    /// The day to judge by, YYYY-MM-DD.
    pub(crate) today: String,
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
    }
}

fn now_epoch_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
