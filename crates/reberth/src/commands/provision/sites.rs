//! Which roots there are, and what the rules need to know about the design behind them.

use std::collections::BTreeSet;
use std::ops::Range;

use reberth_generate::{MANIFEST_PATH, Manifest};
use reberth_journal::Clock;
use reberth_model::design::{Design, Peer};
use reberth_model::policy::{PlanWaiver as Waiver, Policy};
use reberth_provision::{PlanWaiver, RULES, Root, Site, Surroundings, Tool, roots};

use crate::failure::{CliError, Failure};
use crate::project::{self, Project, optional};

/// The sites of a project in the order of applies, and those among them that a command works on.
pub(super) struct Sites {
    all: Vec<Site>,
    chosen: Range<usize>,
}

impl Sites {
    /// Those that are worked on: all of them, or the named one.
    pub(super) fn chosen(&self) -> &[Site] {
        &self.all[self.chosen.clone()]
    }

    /// Those behind a chosen one, by its place among them: also such that are not worked on.
    pub(super) fn behind(&self, index: usize) -> &[Site] {
        &self.all[self.chosen.start + index + 1..]
    }
}

/// The sites; with a name, only that one is chosen.
pub(super) fn sites(
    project: &Project,
    policy: &Policy,
    tool: &Tool,
    named: Option<&str>,
) -> Result<Sites, Failure> {
    let manifest: Manifest =
        project::document(&project.path(MANIFEST_PATH), "reberth generate")?.document;
    let design = optional(project.design())?.map(|loaded| loaded.document);
    let surroundings = Surroundings {
        load_balancer_rules: design.as_ref().map(load_balancer_rules).unwrap_or_default(),
        waivers: in_force(&policy.plan_waivers)?,
    };
    let folder = project.path(".");
    let all = roots(&folder, manifest.files.keys().map(String::as_str))?;
    let chosen = match named {
        None => 0..all.len(),
        Some(named) => one(&all, named)?,
    };
    let open = |root| Site::open(&folder, root, tool.clone(), surroundings.clone());
    let all = all.into_iter().map(open).collect::<Result<_, _>>()?;
    Ok(Sites { all, chosen })
}

/// The place of the root of that name.
fn one(all: &[Root], named: &str) -> Result<Range<usize>, CliError> {
    let is_named = |root: &Root| root.name == named || root.short_name() == named;
    let places = (0..all.len()).filter(|place| is_named(&all[*place]));
    let places: Vec<usize> = places.collect();
    let why = match places[..] {
        [place] => return Ok(place..place + 1),
        [] => {
            let names: Vec<&str> = all.iter().map(|root| root.name.as_str()).collect();
            format!("there is no such root; there are {}", names.join(", "))
        }
        _ => "several roots are called so: name it with its environment".to_owned(),
    };
    Err(CliError::Argument {
        argument: "--root",
        given: named.to_owned(),
        why,
    })
}

/// Keys of the rules by which the design's load balancers are reached from everywhere, as the generated files name them.
fn load_balancer_rules(design: &Design) -> BTreeSet<String> {
    let balancers: BTreeSet<&str> = design
        .ingresses
        .iter()
        .map(|ingress| ingress.security_group.as_str())
        .collect();
    let groups = design.security_groups.iter();
    let groups = groups.filter(|group| balancers.contains(group.key.as_str()));
    groups
        .flat_map(|group| {
            let open = group
                .ingress
                .iter()
                .filter(|rule| rule.peer == Peer::Internet);
            open.map(|rule| format!("{}-{}", group.key, rule.key))
        })
        .collect()
}

/// The waivers whose last day is not over. One of a rule that does not exist would never hold: it is refused.
fn in_force(waivers: &[Waiver]) -> Result<Vec<PlanWaiver>, CliError> {
    let today: String = Clock::System.now().chars().take(10).collect();
    for waiver in waivers {
        let why = if !RULES.iter().any(|rule| rule.id == waiver.rule) {
            "there is no such rule"
        } else if !is_date(&waiver.expires) {
            "its last day is not written YYYY-MM-DD"
        } else {
            continue;
        };
        return Err(CliError::Argument {
            argument: "plan_waivers of reberth.yaml:",
            given: waiver.rule.clone(),
            why: why.to_owned(),
        });
    }
    let holds = waivers.iter().filter(|waiver| waiver.expires >= today);
    Ok(holds
        .map(|waiver| PlanWaiver {
            rule: waiver.rule.clone(),
            address: waiver.address.clone(),
            accepted: format!(
                "by {} until {}: {}",
                waiver.name, waiver.expires, waiver.reason
            ),
        })
        .collect())
}

fn is_date(text: &str) -> bool {
    let shape = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c });
    shape.collect::<String>() == "0000-00-00"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver(rule: &str, expires: &str) -> Waiver {
        Waiver {
            rule: rule.to_owned(),
            address: "aws_s3_bucket.old".to_owned(),
            name: "Ana".to_owned(),
            reason: "empty".to_owned(),
            expires: expires.to_owned(),
        }
    }

    #[test]
    fn a_waiver_holds_until_its_last_day_and_names_a_rule_that_exists() {
        let held = |expires| in_force(&[waiver("data-store-kept", expires)]).map(|w| w.len());
        assert_eq!(held("2999-12-31").unwrap(), 1);
        assert_eq!(held("2020-01-01").unwrap(), 0);
        assert!(held("never").is_err());
        assert!(in_force(&[waiver("no-such-rule", "2999-12-31")]).is_err());
    }
}
