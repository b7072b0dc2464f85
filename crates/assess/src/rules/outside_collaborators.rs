use std::collections::BTreeMap;

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Attributes, Estate, Member, Resource};

use super::{Context, Rule, evidence, evidence_of_all};

/// Flags people whose mail address lies outside the domain that most of the team has. Whether somebody of that domain still works there, only people know.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-SEC-03",
    problem: "People outside the team's mail domain have access",
    reads: &["member"],
    check,
};

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let members: Vec<(&Resource, &Member)> = estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Member(member) => Some((resource, member)),
            _ => None,
        })
        .collect();
    if members.is_empty() {
        let value = "the provider's API lists nobody else; ask who has access";
        return vec![evidence_of_all(CheckResult::Unknown, "access", value)];
    }
    let own = commonest_domain(&members);
    members
        .iter()
        .map(|(resource, member)| look(resource, member, own))
        .collect()
}

fn look(resource: &Resource, member: &Member, own: Option<&str>) -> Evidence {
    let domain = domain(&resource.name);
    let role = member.role.as_deref().unwrap_or("collaborator");
    match (domain, own) {
        (Some(domain), Some(own)) if !is_within(domain, own) => {
            let value = format!("{role} at {domain}, the team is at {own}");
            evidence(resource, CheckResult::Fail, "role, address", value)
        }
        _ => {
            let value = format!("{role}; whether still with the team is for people");
            evidence(resource, CheckResult::Unknown, "role, address", value)
        }
    }
}

fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

/// Whether one is the other, or a part of it.
fn is_within(domain: &str, own: &str) -> bool {
    domain == own || domain.ends_with(&format!(".{own}")) || own.ends_with(&format!(".{domain}"))
}

/// Those with a role in the team count before collaborators; of domains as common as each other the first in the alphabet.
fn commonest_domain<'a>(members: &[(&'a Resource, &Member)]) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (resource, member) in members {
        let is_team = matches!(member.role.as_deref(), Some("admin" | "member" | "owner"));
        if let Some(domain) = domain(&resource.name) {
            *counts.entry(domain).or_default() += if is_team { members.len() } else { 1 };
        }
    }
    let most = counts.values().max().copied()?;
    counts
        .iter()
        .find(|(_, count)| **count == most)
        .map(|(domain, _)| *domain)
}
