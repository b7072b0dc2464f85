//! The environment variables that Reberth reads, declared in one place.

use std::collections::BTreeMap;

/// Token of the DigitalOcean API.
pub(crate) const DIGITALOCEAN_TOKEN: &str = "DIGITALOCEAN_TOKEN";
/// Token of the Heroku API.
pub(crate) const HEROKU_API_KEY: &str = "HEROKU_API_KEY";
/// Access key of DigitalOcean's object store.
pub(crate) const SPACES_ACCESS_KEY_ID: &str = "SPACES_ACCESS_KEY_ID";
/// The secret of that key.
pub(crate) const SPACES_SECRET_ACCESS_KEY: &str = "SPACES_SECRET_ACCESS_KEY";

/// Address of the database to move, for `replicate` without a project folder.
pub(crate) const SOURCE_URL: &str = "REBERTH_SOURCE_URL";
/// Address of the server that it moves to.
pub(crate) const TARGET_URL: &str = "REBERTH_TARGET_URL";

/// The program that provisions.
pub(crate) const TERRAFORM: &str = "REBERTH_TERRAFORM";

/// A variable that Reberth reads by a name of its own.
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
}

/// Every variable with a fixed name; `docs/reference/cli.md` lists them too, and a test compares. The connections of
/// databases are read from variables that `reberth.yaml` names.
pub(crate) const VARIABLES: [Variable; 7] = [
    Variable {
        name: DIGITALOCEAN_TOKEN,
        purpose: "read-only token of the DigitalOcean API, for discover",
    },
    Variable {
        name: HEROKU_API_KEY,
        purpose: "read-only token of the Heroku API, for discover",
    },
    Variable {
        name: SPACES_ACCESS_KEY_ID,
        purpose: "read-only access key of DigitalOcean's object store, for discover; without it buckets are known by name only",
    },
    Variable {
        name: SPACES_SECRET_ACCESS_KEY,
        purpose: "the secret of that access key",
    },
    Variable {
        name: SOURCE_URL,
        purpose: "the database to move, for replicate without a project folder",
    },
    Variable {
        name: TARGET_URL,
        purpose: "the server that it moves to, for replicate without a project folder",
    },
    Variable {
        name: TERRAFORM,
        purpose: "the program that provisions; without it terraform, or tofu, of the search path",
    },
];

/// A copy of the process's environment, so that a command reads it in one place and tests can give their own.
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The environment of this process. A variable that is not text counts as not set.
    pub(crate) fn of_process() -> Environment {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Environment {
            variables: std::env::vars_os().filter_map(text).collect(),
        }
    }

    /// The value of a variable; an empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?;
        (!value.trim().is_empty()).then_some(value)
    }
}
