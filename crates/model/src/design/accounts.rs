//! The accounts of an organization.

use serde::{Deserialize, Serialize};

use super::Origin;

/// An organization whose accounts hold what one account would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Organization {
    /// Its accounts beside the one that it is managed from, ordered by key.
    pub accounts: Vec<Account>,
    /// Regions outside of which no account may make anything, ordered; empty where no region is shut.
    pub regions: Vec<String>,
}

/// An account of AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Account {
    /// Stable key: `log-archive`, `security`, or the name of an environment.
    pub key: String,
    /// Address of its root user.
    pub email: String,
    /// The unit that it belongs to.
    pub unit: Unit,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A unit of the organization.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// What watches over the others and keeps their records.
    Security,
    /// What applications run in, an account for each environment.
    Workloads,
}

impl Unit {
    /// Its name in AWS.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Security => "Security",
            Unit::Workloads => "Workloads",
        }
    }
}

impl Organization {
    /// The accounts of a unit.
    pub fn of(&self, unit: Unit) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |own| own.unit == unit)
    }
}
