//! The platform: the recorded estate of a learning application, and estates that are worse.

mod decided;
mod hostile;

use reberth_design::{design, notes, page};
use reberth_model::design::{
    Design, Fate, ResourceBasis, Rollout, Scaling, SettingFate, Workload, WorkloadKind,
};
use reberth_model::estate::{Attributes, Estate, Job, ProcessUtilisation, Resource};
use reberth_model::policy::{Override, Policy, Scalar};

const ESTATE: &str = include_str!("../../assess/tests/fixtures/lms-estate.json");
const PRODUCTION: &str = "aef13ee6-a716-4835-b119-13cc405ddcf3";

pub(super) fn policy(overrides: &[(&str, Scalar)]) -> Policy {
    let mut policy = Policy::parse(
        "schema: 1\nproject: lms\nsource: {provider: heroku}\ntarget: {region: us-east-1}\n",
    )
    .unwrap();
    policy.overrides = overrides
        .iter()
        .map(|(decision, value)| Override {
            decision: (*decision).to_owned(),
            value: value.clone(),
            reason: "a test".to_owned(),
        })
        .collect();
    policy
}

fn lms() -> Estate {
    serde_json::from_str(ESTATE).unwrap()
}

fn made(overrides: &[(&str, Scalar)]) -> Design {
    design(&lms(), &policy(overrides), "assessment", None).unwrap()
}

fn word(text: &str) -> Scalar {
    Scalar::Word(text.to_owned())
}

fn workload<'a>(design: &'a Design, key: &str) -> &'a Workload {
    design.platform.as_ref().unwrap().workload(key).unwrap()
}

fn job(id: &str, command: &str, schedule: Option<&str>, seen_in: &str) -> Resource {
    Resource {
        id: id.to_owned(),
        name: command.to_owned(),
        region: None,
        cost: None,
        attributes: Attributes::Job(Job {
            app_id: PRODUCTION.to_owned(),
            command: command.to_owned(),
            schedule: schedule.map(str::to_owned),
            seen_in: seen_in.to_owned(),
        }),
    }
}

#[test]
fn the_recorded_estate_becomes_a_cluster_in_which_everything_fits() {
    let made = made(&[]);
    let platform = made.platform.as_ref().unwrap();
    let notes: Vec<String> = notes(&made).into_iter().map(|note| note.item).collect();
    assert_eq!(
        notes,
        [
            "added service bonsai-curly-11532",
            "added service memcachier-dimensional-33828"
        ]
    );
    let keys: Vec<&str> = platform
        .workloads
        .iter()
        .map(|own| own.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "courseware-pdf-renderer-run",
            "courseware-pdf-renderer-web",
            "courseware-production-clock",
            "courseware-production-release",
            "courseware-production-run",
            "courseware-production-web",
            "courseware-production-worker",
            "courseware-production-worker-critical",
            "courseware-staging-clock",
            "courseware-staging-run",
            "courseware-staging-web",
            "courseware-staging-worker",
        ]
    );
    let scenarios = platform.placements.iter().flat_map(|own| &own.scenarios);
    assert!(scenarios.clone().all(|own| own.fits));
    assert_eq!(scenarios.count(), 5 + 3);
}

#[test]
fn processes_become_what_they_do() {
    let made = made(&[]);
    let web = workload(&made, "courseware-production-web");
    assert!(matches!(&web.kind, WorkloadKind::Web(entry)
        if entry.ingress.as_deref() == Some("courseware-production")));
    assert_eq!((web.replicas.min, web.replicas.max), (6, 12));
    assert_eq!(web.scaling, Scaling::Cpu(70));
    assert_eq!(web.resources.basis, ResourceBasis::Assumed);
    assert!(web.spread[0].is_required && !web.spread[1].is_required);

    let worker = workload(&made, "courseware-production-worker");
    assert!(matches!(&worker.scaling, Scaling::Queue(queue)
        if queue.cache == "courseware-production-redis" && queue.list == "queue:default"));

    let clock = workload(&made, "courseware-production-clock");
    assert_eq!(clock.kind, WorkloadKind::Clock);
    assert_eq!((clock.rollout, clock.replicas.max), (Rollout::Recreate, 1));
    assert_eq!(clock.disruptable_at_once, None);

    let release = workload(&made, "courseware-production-release");
    assert_eq!(release.command, "bundle exec rake db:migrate");
    // The renderer has no name of its own: it is reached within the cluster only.
    let renderer = workload(&made, "courseware-pdf-renderer-web");
    assert!(matches!(&renderer.kind, WorkloadKind::Web(entry) if entry.ingress.is_none()));
}

#[test]
fn settings_go_where_their_stores_go_and_no_value_is_held() {
    let made = made(&[]);
    let platform = made.platform.as_ref().unwrap();
    let app = platform.application("courseware-production").unwrap();
    let fate = |name: &str| {
        let mut all = app.settings.settings.iter().flatten();
        all.find(|own| own.name == name).unwrap().fate.clone()
    };
    assert_eq!(
        fate("DATABASE_URL"),
        SettingFate::Database("courseware-production-db".to_owned())
    );
    assert_eq!(
        fate("CACHE_URL"),
        SettingFate::Cache("courseware-production-cache".to_owned())
    );
    assert_eq!(fate("PAPERTRAIL_API_TOKEN"), SettingFate::Dropped);
    assert_eq!(fate("SENDGRID_PASSWORD"), SettingFate::Carried);
    assert_eq!(fate("AWS_SECRET_ACCESS_KEY"), SettingFate::Undecided);
    assert_eq!(fate("RAILS_ENV"), SettingFate::Carried);
    assert_eq!(
        app.settings.secret,
        "lms/prod/courseware-production/settings"
    );
}

#[test]
fn every_added_service_has_a_fate() {
    let made = made(&[]);
    let platform = made.platform.as_ref().unwrap();
    assert_eq!(platform.addon_fates.len(), lms().addons().count());
    for (service, fate) in [
        ("bonsai", Fate::Undecided),
        ("heroku-postgresql", Fate::Replaced),
        ("papertrail", Fate::Replaced),
        ("quotaguardstatic", Fate::Replaced),
        ("scheduler", Fate::Replaced),
        ("sendgrid", Fate::Kept),
    ] {
        let mut all = platform.addon_fates.iter();
        let own = all.find(|own| {
            own.service == service && own.application.as_deref() == Some("courseware-production")
        });
        assert_eq!(own.unwrap().fate, fate, "{service}");
    }
    let reviewed = platform.addon_fates.iter().filter(|own| {
        let app = own.application.as_deref().unwrap_or_default();
        app.starts_with("courseware-pr-")
    });
    assert!(reviewed.clone().count() == 4 && reviewed.clone().all(|own| own.fate == Fate::Dropped));
}

#[test]
fn scheduled_jobs_run_in_utc_and_unclear_ones_are_left_to_people() {
    let mut estate = lms();
    estate.resources.extend([
        job(
            "j1",
            "rake digest:send",
            Some("daily at 03:30 UTC"),
            "import",
        ),
        job("j2", "rake digest:send", Some("every 10 minutes"), "import"),
        job("j3", "rake moon", Some("when the moon is full"), "import"),
        job("j4", "rails console", None, "one_off"),
    ]);
    let made = design(&estate, &policy(&[]), "", None).unwrap();
    let crons: Vec<(String, String)> = made
        .platform
        .as_ref()
        .unwrap()
        .workloads
        .iter()
        .filter_map(|own| match &own.kind {
            WorkloadKind::Scheduled(schedule) => {
                Some((schedule.cron.clone(), schedule.concurrency.value.clone()))
            }
            _ => None,
        })
        .collect();
    let forbid = |cron: &str| (cron.to_owned(), "Forbid".to_owned());
    assert_eq!(crons, [forbid("30 3 * * *"), forbid("*/10 * * * *")]);
    let left = |id: &str| made.not_carried.iter().any(|own| own.id == id);
    assert!(left("j3") && left("j4") && !left("j1") && !left("j2"));
}

#[test]
fn a_command_that_held_a_secret_is_to_be_written_anew() {
    let mut estate = lms();
    let daily = Some("daily at 03:30 UTC");
    let command = "TOKEN=[redacted] rake digest:send";
    estate.resources.push(job("j1", command, daily, "import"));
    let made = design(&estate, &policy(&[]), "", None).unwrap();
    let workloads = &made.platform.as_ref().unwrap().workloads;
    let item = workloads.iter().find(|own| own.command == command);
    let item = format!("workload {}", item.unwrap().key);
    let told: Vec<String> = notes(&made)
        .into_iter()
        .filter(|own| own.message.contains("a secret stood in its command"))
        .map(|own| own.item)
        .collect();
    assert_eq!(told, [item]);
}

#[test]
fn measured_use_makes_the_nodes_smaller() {
    let mut estate = lms();
    for resource in &mut estate.resources {
        if let Attributes::Process(process) = &mut resource.attributes {
            process.utilisation = Some(ProcessUtilisation {
                window_hours: 168,
                samples: 10_000,
                cpu_p95_millis: Some(600),
                memory_max_mib: Some(900),
            });
        }
    }
    let measured = design(&estate, &policy(&[]), "", None).unwrap();
    let web = workload(&measured, "courseware-production-web");
    assert_eq!(web.resources.basis, ResourceBasis::Measured);
    assert_eq!(
        (
            web.resources.cpu_request_millis,
            web.resources.memory_limit_mib
        ),
        (600, 1088)
    );
    let cpus = |design: &Design| -> u64 {
        let groups = &design.platform.as_ref().unwrap().node_groups;
        groups
            .iter()
            .map(|own| own.allocatable_cpu_millis * u64::from(own.size.desired))
            .sum()
    };
    assert!(cpus(&measured) * 2 < cpus(&made(&[])));
}

#[test]
fn names_are_switched_in_the_zone_that_they_lie_in() {
    let made = made(&[]);
    let zones: Vec<&str> = made
        .edge
        .zones
        .iter()
        .map(|zone| zone.name.as_str())
        .collect();
    assert_eq!(zones, ["pathlearn.example"]);
    let switched: Vec<&str> = made.edge.zones[0]
        .switched
        .iter()
        .map(|name| name.source.name.as_str())
        .collect();
    assert_eq!(
        switched,
        [
            "app.pathlearn.example",
            "*.learn.pathlearn.example",
            "staging.pathlearn.example",
            "www.pathlearn.example"
        ]
    );
    let told = "other records of pathlearn.example";
    assert!(made.not_carried.iter().any(|own| own.why.contains(told)));
}

#[test]
fn the_page_shows_what_runs_where_and_whether_it_fits() {
    let mut made = made(&[]);
    let html = page(&made, &[]);
    let platform = made.platform.as_ref().unwrap();
    let workloads = platform.workloads.iter().map(|own| &own.key);
    let groups = platform
        .node_groups
        .iter()
        .map(|own| &own.instance_type.value);
    let fates = platform.addon_fates.iter().map(|own| &own.service);
    for text in workloads.chain(groups).chain(fates) {
        assert!(html.contains(text.as_str()), "{text} is not on the page");
    }
    assert_eq!(html.matches("class=\"scenario\"").count(), 5 + 3);

    let hostile = "\"><script>alert(1)</script>";
    let platform = made.platform.as_mut().unwrap();
    platform.workloads[0].key = hostile.to_owned();
    platform.addon_fates[0].service = hostile.to_owned();
    platform.placements[0].scenarios[0].what = hostile.to_owned();
    platform.placements[0].scenarios[0].zones[0].zone = hostile.to_owned();
    assert!(
        !page(&made, &[]).contains("<script"),
        "a name became markup"
    );
}

#[test]
fn pods_leave_a_network_that_is_too_small_for_them() {
    let small = ("network.cidr", word("10.9.0.0/20"));
    let by_rule = made(std::slice::from_ref(&small));
    let own = &by_rule.platform.as_ref().unwrap().pod_network;
    assert_eq!(own.addresses_in_app_subnet, 507);
    assert_eq!(own.secondary_cidr.as_deref(), Some("100.64.0.0/16"));
    let subnets: Vec<&str> = own.subnets.iter().map(|own| own.cidr.as_str()).collect();
    assert_eq!(
        subnets,
        ["100.64.0.0/18", "100.64.64.0/18", "100.64.128.0/18"]
    );
    assert_eq!(notes(&by_rule).len(), 2, "{:?}", notes(&by_rule));

    let forced = made(&[small, ("pods.addresses", word("network"))]);
    assert!(
        notes(&forced).iter().any(|note| note.item == "pod network"),
        "{:?}",
        notes(&forced)
    );
}
