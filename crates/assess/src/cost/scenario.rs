//! Decisions of the target that change its price, and what they would be otherwise.

use std::collections::BTreeMap;

use crate::error::AssessError;

/// A set of decisions that differ from those of the estimate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// AWS region, instead of the policy's.
    region: Option<String>,
    /// Whether databases have a standby; by default those that have one today.
    standby: Option<bool>,
    /// Whether servers and nodes are Arm.
    graviton: bool,
    /// Whether one NAT gateway serves all zones.
    single_nat: bool,
    /// Instance type or class by the name of the resource.
    classes: BTreeMap<String, String>,
}

impl Scenario {
    /// Reads decisions as `--what-if` takes them: `region=us-east-1`, `multi-az=on|off`, `graviton=on|off`, `nat=single|per-zone`,
    /// `class:NAME=TYPE`.
    pub fn parse(decisions: &[String]) -> Result<Scenario, AssessError> {
        let mut scenario = Scenario::default();
        for decision in decisions {
            scenario.decide(decision)?;
        }
        Ok(scenario)
    }

    /// The same decisions in another region.
    pub(super) fn in_region(&self, region: &str) -> Scenario {
        Scenario {
            region: Some(region.to_owned()),
            ..self.clone()
        }
    }

    fn decide(&mut self, decision: &str) -> Result<(), AssessError> {
        let refuse = |why| AssessError::WhatIf {
            given: decision.to_owned(),
            why,
        };
        let (name, value) = decision
            .split_once('=')
            .ok_or_else(|| refuse("it is not NAME=VALUE"))?;
        if value.is_empty() {
            return Err(refuse("the value is empty"));
        }
        match (name, value) {
            ("region", region) => self.region = Some(region.to_owned()),
            ("multi-az", "on") => self.standby = Some(true),
            ("multi-az", "off") => self.standby = Some(false),
            ("graviton", "on") => self.graviton = true,
            ("graviton", "off") => self.graviton = false,
            ("nat", "single") => self.single_nat = true,
            ("nat", "per-zone") => self.single_nat = false,
            ("multi-az" | "graviton", _) => return Err(refuse("the value is on or off")),
            ("nat", _) => return Err(refuse("the value is single or per-zone")),
            _ => {
                let resource = name
                    .strip_prefix("class:")
                    .filter(|resource| !resource.is_empty());
                let resource = resource.ok_or_else(|| {
                    refuse("the names are region, multi-az, graviton, nat and class:NAME")
                })?;
                self.classes.insert(resource.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// The region, when it is `planned` otherwise.
    pub(crate) fn region<'a>(&'a self, planned: &'a str) -> &'a str {
        self.region.as_deref().unwrap_or(planned)
    }

    /// Whether a database has a standby that has, or has none, `today`.
    pub(crate) fn standby(&self, today: bool) -> bool {
        self.standby.unwrap_or(today)
    }

    /// Whether servers and nodes are Arm.
    pub(crate) fn graviton(&self) -> bool {
        self.graviton
    }

    /// Number of NAT gateways over `zones` zones.
    pub(crate) fn nat_gateways(&self, zones: u64) -> u64 {
        if self.single_nat { 1 } else { zones }
    }

    /// The type that was decided for a resource.
    pub(crate) fn class(&self, resource: &str) -> Option<&str> {
        self.classes.get(resource).map(String::as_str)
    }
}

/// The decisions that every report weighs, as `--what-if` takes them and in words.
pub(crate) const WEIGHED: [(&str, &str); 5] = [
    (
        "nat=single",
        "one NAT gateway for all zones; the loss of its zone cuts off the others",
    ),
    (
        "multi-az=on",
        "a standby in another zone for every database",
    ),
    (
        "multi-az=off",
        "no standby for any database; a failure is an outage and a restore",
    ),
    (
        "graviton=on",
        "Arm servers and nodes, where the software runs on Arm",
    ),
    (
        "region=us-east-1",
        "another region, as a yardstick; farther from users elsewhere",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(decisions: &[&str]) -> Result<Scenario, AssessError> {
        let decisions: Vec<String> = decisions.iter().map(|text| (*text).to_owned()).collect();
        Scenario::parse(&decisions)
    }

    #[test]
    fn decisions_are_read_and_the_last_of_a_name_holds() {
        let scenario = parse(&[
            "region=us-east-1",
            "multi-az=off",
            "nat=single",
            "class:db-1=db.r6g.large",
            "multi-az=on",
        ])
        .expect("good");
        assert_eq!(scenario.region("ap-south-1"), "us-east-1");
        assert!(scenario.standby(false) && !scenario.graviton());
        assert_eq!(
            (scenario.nat_gateways(3), scenario.class("db-1")),
            (1, Some("db.r6g.large"))
        );
        assert_eq!(parse(&[]).expect("good").nat_gateways(3), 3);
        for (decision, _) in WEIGHED {
            assert!(parse(&[decision]).is_ok(), "{decision}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "",
            "region",
            "region=",
            "nat=two",
            "graviton=yes",
            "zone=3",
            "class:=x",
            "=x",
        ] {
            assert_eq!(parse(&[bad]).expect_err(bad).code(), "RB-ASS-005", "{bad}");
        }
    }
}
