//! Judges the recorded estate of the customer on Heroku, whose planted findings are known.

use reberth_model::assessment::{Assessment, CheckResult, CostLine, HowKnown, Side};
use reberth_model::estate::{Attributes, Estate};
use reberth_model::money::Usd;
use reberth_model::policy::{Policy, TargetPolicy};

use crate::estates::{TODAY, judge, judge_by, names, policy};

fn lms() -> Estate {
    serde_json::from_str(include_str!("fixtures/lms-estate.json"))
        .expect("the fixture is an estate")
}

fn value_of(assessment: &Assessment, check: &str, resource: &str) -> String {
    let check = assessment.check(check).expect("the check exists");
    let about = |name: &Option<reberth_model::assessment::ResourceName>| {
        name.as_ref().is_some_and(|found| found.name == resource)
    };
    let found = check.evidence.iter().find(|item| about(&item.resource));
    found.map(|item| item.value.clone()).unwrap_or_default()
}

#[test]
fn each_planted_finding_is_reported_with_exactly_its_names() {
    let assessment = judge(&lms());
    for (check, planted) in [
        ("RB-S-REL-01", &["courseware-production/clock"][..]),
        ("RB-S-REL-08", &["quotaguardstatic-slippery-37460"]),
        ("RB-S-SEC-01", &["contractor@pathlearn.example"]),
        (
            "RB-S-SEC-11",
            &[
                "courseware-pr-412",
                "courseware-pr-415",
                "courseware-production",
                "courseware-staging",
            ],
        ),
        ("RB-S-SUS-01", &["courseware-pr-412", "courseware-pr-415"]),
        // One has more connections than its plan, both hold more than its disk.
        (
            "RB-S-REL-09",
            &[
                "heroku-postgresql-cubed-87040",
                "heroku-postgresql-slippery-38420",
            ],
        ),
    ] {
        let found = assessment.check(check).expect(check);
        assert_eq!(found.result, CheckResult::Fail, "{check}");
        assert_eq!(names(&assessment, check), planted, "{check}");
    }
    let wildcard = value_of(&assessment, "RB-S-SEC-08", "tyrannosaurus-71079");
    assert!(
        wildcard.starts_with("*.learn") && wildcard.ends_with("renewed by hand"),
        "{wildcard}"
    );
    let container = value_of(&assessment, "RB-S-SEC-11", "courseware-pdf-renderer");
    assert!(container.starts_with("container"), "{container}");
    // The scheduler's jobs are in no API, so the check cannot pass.
    let jobs = assessment.check("RB-S-REL-07").expect("the check exists");
    assert_eq!(jobs.result, CheckResult::Unknown);
}

#[test]
fn what_an_application_uses_moves_with_it_and_what_two_share_joins_them() {
    let waves = |estate: &Estate| judge(estate).waves;
    let of = |estate: &Estate, name: &str| {
        let holds = |wave: &&reberth_model::assessment::Wave| {
            wave.members.iter().any(|member| member.name == name)
        };
        waves(estate).iter().find(holds).expect("a wave").number
    };
    let mut estate = lms();
    let (production, renderer) = ("courseware-production", "courseware-pdf-renderer");
    assert_eq!(
        of(&estate, production),
        of(&estate, "heroku-postgresql-cubed-54318")
    );
    assert_ne!(of(&estate, production), of(&estate, renderer));
    let renderer_id = estate
        .apps()
        .find(|(app, _)| app.name == renderer)
        .map(|(app, _)| app.id.clone())
        .expect("the renderer");
    for resource in &mut estate.resources {
        if let Attributes::Addon(addon) = &mut resource.attributes
            && resource.name == "heroku-postgresql-cubed-54318"
        {
            addon.shared_with.push(renderer_id.clone());
        }
    }
    assert_eq!(of(&estate, production), of(&estate, renderer));
}

#[test]
fn todays_bill_is_the_sum_of_what_the_api_tells() {
    let estate = lms();
    let told: f64 = estate
        .resources
        .iter()
        .filter_map(|resource| resource.cost.as_ref())
        .map(|cost| cost.usd.as_f64())
        .sum();
    let assessment = judge(&estate);
    assert_eq!(assessment.totals.source.likely.as_f64(), told);
    let of_app = |line: &&CostLine| line.item.starts_with("courseware-production:");
    assert_eq!(
        assessment.costs.iter().filter(of_app).count(),
        0,
        "what an application costs stands with its processes"
    );
}

#[test]
fn a_platform_is_priced_as_a_cluster_with_its_databases() {
    let mut estate = lms();
    let policy = policy("").clone();
    let policy = Policy {
        target: TargetPolicy {
            region: "us-east-1".to_owned(),
            ..policy.target.clone()
        },
        ..policy
    };
    let costs = judge_by(&estate, &policy, TODAY)
        .expect("an assessment")
        .costs;
    let find = |costs: &[CostLine], part: &str| -> CostLine {
        let mut target = costs.iter().filter(|line| line.side == Side::Target);
        target
            .find(|line| line.item.contains(part))
            .expect(part)
            .clone()
    };
    assert_eq!(find(&costs, "control plane").likely, Usd::from_f64(73.0));
    let nodes = find(&costs, "EKS nodes");
    // The design of the same estate has 6 x c7i.4xlarge and 3 x t3.medium, 3,218 USD: the largest process asks for 8 processors.
    assert_eq!(nodes.item, "EKS nodes: 6 x c7i.4xlarge");
    assert_eq!(nodes.how_known, HowKnown::Assumed);
    assert!(
        nodes.low < nodes.likely && nodes.likely < nodes.high,
        "{nodes:?}"
    );
    let main = find(&costs, "heroku-postgresql-cubed-54318: RDS");
    assert_eq!(
        main.item,
        "heroku-postgresql-cubed-54318: RDS db.r6g.xlarge PostgreSQL Multi-AZ"
    );
    assert!(
        find(&costs, "heroku-redis-cubed-60152: ElastiCache")
            .item
            .ends_with("2 nodes")
    );
    assert!(find(&costs, "sendgrid").item.contains("kept"));
    assert!(find(&costs, "RDS gp3 storage").likely.is_some());
    // A price that the API does not tell comes from the table of plans and sizes.
    for resource in &mut estate.resources {
        resource.cost = None;
    }
    let costs = judge_by(&estate, &policy, TODAY)
        .expect("an assessment")
        .costs;
    let source = |part: &str| {
        let found = costs
            .iter()
            .find(|line| line.side == Side::Source && line.item.contains(part));
        found.map(|line| (line.how_known, line.likely)).expect(part)
    };
    assert_eq!(
        source("courseware-production/web"),
        (HowKnown::Derived, Usd::from_f64(1500.0))
    );
    assert_eq!(
        source("heroku-postgresql-cubed-54318"),
        (HowKnown::Derived, Usd::from_f64(1200.0))
    );
}

#[test]
fn a_database_that_gives_nobody_the_right_to_replicate_is_a_finding_and_no_blocker() {
    let assessment = judge(&lms());
    let failed = assessment
        .checks
        .iter()
        .any(|check| check.id == "RB-S-OPS-01" && check.result == CheckResult::Fail);
    let mut stopping = assessment
        .blockers
        .iter()
        .filter_map(|b| b.check.as_deref());
    assert!(failed && !stopping.any(|check| check == "RB-S-OPS-01"));
}
