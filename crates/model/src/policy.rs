//! The policy: what the person decided, `reberth.yaml`. People write it, every stage reads it.

mod accepted;
mod adopted;
mod connections;
mod fence;
mod organization;
mod overrides;
mod tags;

pub use accepted::{Answer, PlanWaiver, Waiver};
pub use adopted::{Adoptable, Adopted};
pub use connections::{DatabasePolicy, Reference, SourceConnections, TargetConnections};
pub use fence::{FenceBy, FencePolicy};
pub use organization::OrganizationPolicy;
pub use overrides::{Override, Scalar};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole of `reberth.yaml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Format version, 1.
    pub schema: u32,
    /// Short name of the migration, used in names of target resources (`a-z`, `0-9`, `-`).
    pub project: String,
    /// Where the application runs now.
    pub source: SourcePolicy,
    /// Where it shall run.
    pub target: TargetPolicy,
    /// What was promised to the business.
    #[serde(default)]
    pub promises: Promises,
    /// The live databases to move.
    #[serde(default)]
    pub databases: Vec<DatabasePolicy>,
    /// Where the front door that applications reach the database through is steered (`host:port`).
    #[serde(default)]
    pub front_door: Option<String>,
    /// Findings that a person accepts for a while.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Decisions of the design that a person makes.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// What people answered to questions that no data can decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// What the rules over plans refuse and a person accepts for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan_waivers: Vec<PlanWaiver>,
}

/// Where the application runs now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePolicy {
    /// The provider.
    pub provider: Provider,
}

/// A source provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// DigitalOcean.
    Digitalocean,
    /// Heroku.
    Heroku,
}

/// Where the application shall run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetPolicy {
    /// AWS region, for example `ap-south-1`.
    pub region: String,
    /// Name of the environment, for example `prod`.
    #[serde(default = "default_environment")]
    pub environment: String,
    /// IPv4 blocks in CIDR notation that the new network must not overlap (offices, peers, other VPCs).
    #[serde(default)]
    pub avoid_cidrs: Vec<String>,
    /// What is in AWS already and shall be taken over instead of made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopt: Vec<Adopted>,
    /// What the accounts of an organization need, where the decision `accounts.layout` is `organization`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationPolicy>,
    /// Tags of everything that is made, for example the `map-migrated` of AWS's Migration Acceleration Program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

fn default_environment() -> String {
    "prod".to_owned()
}

/// What was promised to the business.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promises {
    /// Longest time without writes at the cutover, in milliseconds.
    #[serde(default)]
    pub write_downtime_ms: Option<u64>,
    /// Highest monthly bill at the target, in US dollars.
    #[serde(default)]
    pub monthly_cost_usd: Option<f64>,
    /// Longest time that the application may be gone after a disaster, in minutes (recovery time objective).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time_minutes: Option<u64>,
    /// Most recent work that may be lost in a disaster, in minutes (recovery point objective).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_point_minutes: Option<u64>,
}

/// Why a policy text was refused, with the place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {message}")]
pub struct PolicyError {
    /// Line, from 1; 0 when the place is not known.
    pub line: usize,
    /// Column, from 1; 0 when the place is not known.
    pub column: usize,
    /// What is wrong; names the field.
    pub message: String,
}

/// A line of YAML up to its comment; comments speak of fields too.
fn without_comment(line: &str) -> &str {
    let end = if line.trim_start().starts_with('#') {
        Some(0)
    } else {
        line.find(" #")
    };
    &line[..end.unwrap_or(line.len())]
}

impl Policy {
    /// Reads `reberth.yaml`.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let policy: Policy = serde_norway::from_str(text).map_err(|error| {
            let place = error.location();
            PolicyError {
                line: place.as_ref().map_or(0, serde_norway::Location::line),
                column: place.as_ref().map_or(0, serde_norway::Location::column),
                message: error.to_string(),
            }
        })?;
        policy.check().map_err(|(needle, message)| {
            let line = text
                .lines()
                .position(|line| without_comment(line).contains(&needle))
                .map_or(0, |index| index + 1);
            PolicyError {
                line,
                column: usize::from(line > 0),
                message,
            }
        })?;
        Ok(policy)
    }

    /// Rules that the types cannot say. The error is a text to find the line by, and the message.
    fn check(&self) -> Result<(), (String, String)> {
        let refuse = |needle: &str, message: String| Err((needle.to_owned(), message));
        if self.schema != 1 {
            return refuse(
                "schema",
                format!(
                    "schema {} is not known to this build; it reads 1",
                    self.schema
                ),
            );
        }
        let name_is_good = |name: &str| {
            !name.is_empty()
                && name.len() <= 24
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        if !name_is_good(&self.project) {
            return refuse(
                "project",
                format!(
                    "project {:?} must be 1 to 24 of a-z, 0-9 and -, starting with a letter",
                    self.project
                ),
            );
        }
        if !name_is_good(&self.target.environment) {
            return refuse(
                "environment",
                format!(
                    "environment {:?} must be 1 to 24 of a-z, 0-9 and -",
                    self.target.environment
                ),
            );
        }
        if self.target.region.is_empty() {
            return refuse(
                "region",
                "target.region must name an AWS region, for example ap-south-1".to_owned(),
            );
        }
        tags::check(&self.target.tags)?;
        adopted::check(&self.target.adopt)?;
        if let Some(organization) = &self.target.organization {
            organization::check(organization)?;
        }
        overrides::check(&self.overrides)?;
        connections::check(&self.databases)?;
        Ok(())
    }

    /// The database of that name.
    pub fn database(&self, name: &str) -> Option<&DatabasePolicy> {
        self.databases.iter().find(|database| database.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
# a schema, a project, a region
schema: 1 # the schema
project: edtech
source:
  provider: digitalocean
target:
  region: ap-south-1
databases:
  - name: lms_core
    source: {reader: env:A, fence: env:B, app: env:C, reverse: env:D}
    target: {writer: env:E, fence: env:F, app: env:G}
";

    #[test]
    fn a_good_policy_is_read() {
        let policy = Policy::parse(GOOD).unwrap();
        assert_eq!(
            policy
                .database("lms_core")
                .unwrap()
                .source
                .reader
                .variable(),
            "A"
        );
        assert_eq!(policy.target.environment, "prod");
    }

    #[test]
    fn bad_policies_name_the_line_and_the_field() {
        for (from, to, line, word) in [
            ("project: edtech", "project: Ed Tech", 3, "project"),
            ("region: ap-south-1", "regoin: ap-south-1", 7, "regoin"),
            ("provider: digitalocean", "provider: azure", 5, "provider"),
            (
                "reader: env:A",
                "reader: \"mysql://u:hunter2@h/d\"",
                10,
                "env:NAME",
            ),
            ("schema: 1", "schema: 7", 2, "schema"),
            ("region: ap-south-1", "region: [", 7, "region"),
            (
                "databases:",
                "overrides: [{decision: network.nat, value: single, reason: \" \"}]\ndatabases:",
                8,
                "reason",
            ),
            (
                "databases:",
                "overrides:\n  - {decision: a.b, value: 2, reason: r}\n  - {decision: a.b, value: true, reason: r}\ndatabases:",
                9,
                "second time",
            ),
        ] {
            let error = Policy::parse(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(word), "{error}");
            assert!(
                !error.to_string().contains("hunter2"),
                "a secret in {error}"
            );
        }
    }
}
