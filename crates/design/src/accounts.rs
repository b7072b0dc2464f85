//! The accounts: one for everything, or an organization in which records, watch and work are apart.
//!
//! An account of AWS is quickly made and slowly undone: it needs an address that no other account has, and is closed only ninety days after somebody
//! asked for it. So one account is the rule's own answer, and whoever wants the organization gives the addresses.

use reberth_model::design::{Account, Design, Organization, Origin, Unit};
use reberth_model::policy::{OrganizationPolicy, Policy};
use std::collections::BTreeSet;

use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const SINGLE: &str = "single";
const ORGANIZATION: &str = "organization";
const LAYOUT: &str = "accounts.layout";
/// Keeps the records of all accounts.
pub(crate) const LOG_ARCHIVE: &str = "log-archive";
/// Watches over all accounts.
pub(crate) const SECURITY: &str = "security";
/// Folder of the organization's own roots, and prefix of its names.
pub(crate) const ORG: &str = "org";
/// Certificates and firewalls of distributions live there, wherever the application does.
const GLOBAL_REGION: &str = "us-east-1";

/// Designs the accounts; `None` where one account holds everything.
pub(crate) fn design(
    policy: &Policy,
    previous: Option<&Design>,
    copy_region: Option<&str>,
    decisions: &mut Decisions<'_>,
) -> Result<Option<Organization>, DesignError> {
    let layout = decisions.decide(&Question {
        id: LAYOUT,
        value: SINGLE,
        alternative: ORGANIZATION,
        why: "one account is enough to move into, and further ones cannot be undone quickly; in an organization whoever breaks into the application reaches neither the \
              records nor the watch over them",
        may_be: Values::OneOf(&[SINGLE, ORGANIZATION]),
    })?;
    let given = policy.target.organization.as_ref();
    let organization = match (layout.value == ORGANIZATION, given) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(unsettled(
            "target.organization names accounts, and the decision accounts.layout is single",
            "decide accounts.layout to organization in overrides of reberth.yaml, or take target.organization out",
        )),
        (true, None) => Err(unsettled(
            "the decision accounts.layout is organization, and target.organization is missing",
            &needed(policy),
        )),
        (true, Some(given)) => Ok(Some(Organization {
            accounts: accounts(policy, given)?,
            regions: regions(policy, given, copy_region, decisions)?,
        })),
    }?;
    match previous {
        Some(previous) => kept(previous, organization),
        None => Ok(organization),
    }
}

/// What stands in one account cannot be moved into another, and an account cannot be taken back.
fn kept(
    previous: &Design,
    organization: Option<Organization>,
) -> Result<Option<Organization>, DesignError> {
    const HINT: &str = "if nothing was provisioned yet, remove design.json and design anew; otherwise decide as before: another layout is another project, whose data is moved";
    let earlier = previous.organization.as_ref();
    if earlier.is_some() != organization.is_some() {
        let what = match earlier {
            Some(_) => "the previous design has an organization, and accounts.layout is single",
            None => "the previous design has one account, and accounts.layout is organization",
        };
        return Err(unsettled(what, HINT));
    }
    let has = |key: &str| {
        let own = organization.iter().flat_map(|own| &own.accounts);
        own.clone().any(|account| account.key == key)
    };
    let mut accounts = earlier.into_iter().flat_map(|own| &own.accounts);
    match accounts.find(|account| !has(&account.key)) {
        Some(gone) => Err(unsettled(
            &format!(
                "the previous design has the account {}, and target.organization does not",
                gone.key
            ),
            HINT,
        )),
        None => Ok(organization),
    }
}

fn accounts(policy: &Policy, given: &OrganizationPolicy) -> Result<Vec<Account>, DesignError> {
    let environment = policy.target.environment.as_str();
    if [LOG_ARCHIVE, SECURITY, ORG].contains(&environment) {
        return Err(unsettled(
            &format!("the environment {environment:?} is called like a part of the organization"),
            "give target.environment another name, for example prod",
        ));
    }
    for account in [LOG_ARCHIVE, SECURITY, environment] {
        if !given.account_emails.contains_key(account) {
            return Err(unsettled(
                &format!("the account {account} has no e-mail address"),
                &needed(policy),
            ));
        }
    }
    let account = |(key, email): (&String, &String)| {
        let (unit, why) = purpose(key);
        Account {
            key: key.clone(),
            email: email.clone(),
            unit,
            origin: Origin {
                from: Vec::new(),
                why,
            },
        }
    };
    Ok(given.account_emails.iter().map(account).collect())
}

fn purpose(key: &str) -> (Unit, String) {
    match key {
        LOG_ARCHIVE => (
            Unit::Security,
            "it keeps the records of every account where none of them can reach them".to_owned(),
        ),
        SECURITY => (
            Unit::Security,
            "it watches over every account, and nothing else runs in it".to_owned(),
        ),
        environment => (
            Unit::Workloads,
            format!("it holds the environment {environment} and no other"),
        ),
    }
}

fn regions(
    policy: &Policy,
    given: &OrganizationPolicy,
    copy_region: Option<&str>,
    decisions: &mut Decisions<'_>,
) -> Result<Vec<String>, DesignError> {
    let is_locked = decisions.switch(&Question {
        id: "accounts.region_lock",
        value: "true",
        alternative: "false",
        why: "what nobody looks at is where intruders build; services without a region are not touched by it",
        may_be: Values::Switch,
    })?;
    if !is_locked {
        return Ok(Vec::new());
    }
    let own = [policy.target.region.as_str(), GLOBAL_REGION];
    let further = given.further_regions.iter().map(String::as_str);
    let regions: BTreeSet<&str> = own.into_iter().chain(copy_region).chain(further).collect();
    Ok(regions.into_iter().map(str::to_owned).collect())
}

fn unsettled(what: &str, hint: &str) -> DesignError {
    DesignError::AccountsUnsettled {
        what: what.to_owned(),
        hint: hint.to_owned(),
    }
}

fn needed(policy: &Policy) -> String {
    format!(
        "give an address that no other account of AWS has for each of {LOG_ARCHIVE}, {SECURITY} and {} under target.organization.account_emails",
        policy.target.environment
    )
}
