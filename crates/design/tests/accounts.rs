//! The accounts: one by itself, an organization by one line of policy and the addresses that it needs.

use reberth_design::{DesignError, design};
use reberth_model::design::{Design, Unit};
use reberth_model::policy::{OrganizationPolicy, Policy, Scalar};

use crate::decisions::{overriding, word};
use crate::estates::{policy, small};

fn asking(accounts: &[&str], overrides: &[(&str, Scalar)]) -> Policy {
    let mut policy = overriding(overrides);
    policy.target.organization = Some(OrganizationPolicy {
        account_emails: accounts
            .iter()
            .map(|name| ((*name).to_owned(), format!("aws+{name}@school.example")))
            .collect(),
        further_regions: vec!["eu-west-1".to_owned()],
    });
    policy
}

fn made(policy: &Policy) -> Result<Design, DesignError> {
    design(&small(), policy, "", None)
}

#[test]
fn one_account_holds_everything_until_the_policy_says_otherwise() {
    let design = made(&policy()).unwrap();
    assert_eq!(design.organization, None);
    assert_eq!(design.decision("accounts.layout").unwrap().value, "single");
    assert!(design.target.state_bucket.starts_with("edtech-prod-"));
}

#[test]
fn an_organization_parts_records_watch_and_work() {
    let asked = asking(
        &["log-archive", "prod", "security", "staging"],
        &[("accounts.layout", word("organization"))],
    );
    let design = made(&asked).unwrap();
    let own = design.organization.as_ref().unwrap();
    let keys = |unit| -> Vec<&str> { own.of(unit).map(|one| one.key.as_str()).collect() };
    assert_eq!(keys(Unit::Security), ["log-archive", "security"]);
    assert_eq!(keys(Unit::Workloads), ["prod", "staging"]);
    assert_eq!(
        own.regions,
        ["ap-south-1", "ap-south-2", "eu-west-1", "us-east-1"]
    );
    assert!(design.target.state_bucket.starts_with("edtech-org-"));
    assert_eq!(reberth_design::notes(&design), []);
    let page = reberth_design::page(&design, &[]);
    for shown in [
        "The accounts",
        "aws+log-archive@school.example",
        "Open regions: ap-south-1",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let again = reberth_design::design(&small(), &asked, "", Some(&design)).unwrap();
    assert_eq!(again, design);
}

#[test]
fn regions_stay_open_where_the_policy_says_so() {
    let asked = asking(
        &["log-archive", "prod", "security"],
        &[
            ("accounts.layout", word("organization")),
            ("accounts.region_lock", Scalar::Switch(false)),
        ],
    );
    let regions = made(&asked).unwrap().organization.unwrap().regions;
    assert_eq!(regions, Vec::<String>::new());
}

#[test]
fn what_is_missing_or_does_not_go_together_is_refused() {
    let organization = [("accounts.layout", word("organization"))];
    let without = |policy: &mut Policy| policy.target.organization = None;
    let mut none = asking(&[], &organization);
    without(&mut none);
    let mut reserved = asking(&["log-archive", "security"], &organization);
    reserved.target.environment = "security".to_owned();
    let all = ["log-archive", "prod", "security"];
    for (policy, said) in [
        (none, "target.organization is missing"),
        (asking(&all[..2], &organization), "account security has no"),
        (
            asking(&["log-archive", "security"], &organization),
            "account prod has no",
        ),
        (asking(&all, &[]), "accounts.layout is single"),
        (reserved, "called like a part"),
    ] {
        let error = made(&policy).unwrap_err();
        assert_eq!(error.code(), "RB-DSG-013", "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
        assert!(error.to_string().contains("hint:"), "{error}");
    }
}

#[test]
fn accounts_that_stand_are_neither_left_nor_taken_back() {
    let organization = [("accounts.layout", word("organization"))];
    let one = made(&policy()).unwrap();
    let four = asking(
        &["log-archive", "prod", "security", "staging"],
        &organization,
    );
    let three = asking(&["log-archive", "prod", "security"], &organization);
    let many = made(&four).unwrap();
    for (previous, asked, said) in [
        (&one, &four, "has one account"),
        (&many, &policy(), "has an organization"),
        (&many, &three, "the account staging"),
    ] {
        let error = design(&small(), asked, "", Some(previous)).unwrap_err();
        assert_eq!(error.code(), "RB-DSG-013", "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    let fewer = made(&three).unwrap();
    let more = design(&small(), &four, "", Some(&fewer)).unwrap();
    assert_eq!(more.organization.unwrap().accounts.len(), 4);
}
