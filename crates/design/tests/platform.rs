//! The platform: the recorded estate of a learning application, and estates that are worse.

mod hostile;

use reberth_design::{design, notes, page};
use reberth_model::design::{
    Design, Fate, PodAddressing, ResourceBasis, Rollout, Scaling, SettingFate, Workload,
    WorkloadKind,
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
fn the_policy_decides_and_what_it_cannot_have_is_refused() {
    let made = made(&[
        (
            "workloads.courseware-production-web.cpu_request_millis",
            Scalar::Number(1000),
        ),
        (
            "workloads.courseware-production-web.replicas_max",
            Scalar::Number(3),
        ),
        (
            "workloads.courseware-production-web.health_path",
            word("/up"),
        ),
        (
            "workloads.courseware-production-worker.scaling",
            word("fixed"),
        ),
        ("nodes.prod.instance_type", word("r7i.8xlarge")),
        ("nodes.image", word("al2023")),
        ("pods.addresses", word("own_block")),
        ("pods.addressing", word("prefixes")),
        ("cluster.public_access", word("203.0.113.0/28")),
        ("cluster.disks", Scalar::Switch(true)),
    ]);
    assert_eq!(notes(&made).len(), 2, "{:?}", notes(&made));
    let platform = made.platform.as_ref().unwrap();
    let web = workload(&made, "courseware-production-web");
    assert_eq!(web.resources.basis, ResourceBasis::Decided);
    // Six at least and three at most contradict each other: the most wins.
    assert_eq!((web.replicas.min, web.replicas.max), (3, 3));
    assert_eq!(web.scaling, Scaling::Fixed);
    let group = platform.node_group("prod").unwrap();
    assert_eq!(group.instance_type.value, "r7i.8xlarge");
    assert_eq!(group.ami_type.value, "AL2023_x86_64_STANDARD");
    assert_eq!(platform.pod_network.addressing, PodAddressing::Prefixes);
    assert_eq!(
        platform.pod_network.secondary_cidr.as_deref(),
        Some("100.64.0.0/16")
    );
    assert_eq!(platform.pod_network.subnets.len(), 3);
    assert!(platform.identity("aws-ebs-csi-driver").is_some());
    assert!(!platform.charts.iter().any(|chart| chart.key == "keda"));

    for (decision, value, code) in [
        (
            "nodes.prod.instance_type",
            word("z9.gigantic"),
            "RB-DSG-009",
        ),
        ("nodes.prod.instance_type", word("m7i.xlarge"), "RB-DSG-012"),
        (
            "nodes.prod.instance_type",
            word("m7g.8xlarge"),
            "RB-DSG-009",
        ),
        (
            "workloads.courseware-production-web.scaling",
            word("queue"),
            "RB-DSG-009",
        ),
        (
            "workloads.courseware-production-clock.replicas_max",
            Scalar::Number(2),
            "RB-DSG-009",
        ),
        (
            "workloads.courseware-production-web.memory_mib",
            Scalar::Number(1_900_000),
            "RB-DSG-012",
        ),
        ("cluster.version", word("1.20"), "RB-DSG-009"),
        ("cluster.public_access", word("0.0.0.0/0"), "RB-DSG-009"),
        ("workloads.nobody.scaling", word("cpu"), "RB-DSG-010"),
    ] {
        let error = design(&lms(), &policy(&[(decision, value)]), "", None).unwrap_err();
        assert_eq!(error.code(), code, "{decision}: {error}");
    }
}

#[test]
fn what_cannot_be_changed_stays_in_the_next_design() {
    let own_block = [("pods.addresses", word("own_block"))];
    let first = made(&own_block);
    let mut later = policy(&[]);
    later.target.avoid_cidrs = vec!["172.21.0.0/16".to_owned()];
    let second = design(&lms(), &later, "assessment", Some(&first)).unwrap();
    let (before, after) = (first.platform.unwrap(), second.platform.unwrap());
    assert_eq!(after.cluster.service_cidr, before.cluster.service_cidr);
    assert_eq!(after.pod_network.subnets, before.pod_network.subnets);
    assert_eq!(second.parent.as_deref(), Some(first.hash.as_str()));

    let again = design(&lms(), &policy(&own_block), "assessment", None).unwrap();
    assert_eq!(
        again.hash, first.hash,
        "the same inputs give the same bytes"
    );
    for overrides in [&own_block[..], &[]] {
        let first = made(overrides);
        let second = design(&lms(), &policy(overrides), "assessment", Some(&first)).unwrap();
        assert_eq!(
            second.hash, first.hash,
            "what changes nothing is the previous design"
        );
    }
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

#[test]
fn a_platform_that_was_edited_is_noticed() {
    type Edit = fn(&mut Design);
    let edits: [(&str, Edit); 7] = [
        ("workload courseware-production-web", |design| {
            design.platform.as_mut().unwrap().workloads[5].replicas.min = 99;
        }),
        ("workload courseware-production-web", |design| {
            design.platform.as_mut().unwrap().workloads[5].node_group = "gone".to_owned();
        }),
        ("application courseware-production", |design| {
            design.platform.as_mut().unwrap().identities.clear();
        }),
        ("application courseware-production", |design| {
            design.databases.clear()
        }),
        ("node group prod", |design| {
            design.platform.as_mut().unwrap().placements[0].scenarios[0].fits = false;
        }),
        ("cluster", |design| {
            let network = design.network.cidr.clone();
            design.platform.as_mut().unwrap().cluster.service_cidr = network;
        }),
        ("load balancer courseware-production", |design| {
            design
                .platform
                .as_mut()
                .unwrap()
                .workloads
                .retain(|own| !own.key.ends_with("-web"));
        }),
    ];
    for (item, edit) in edits {
        let mut design = made(&[]);
        edit(&mut design);
        let items: Vec<String> = notes(&design).into_iter().map(|note| note.item).collect();
        assert!(items.iter().any(|own| own == item), "{item}: {items:?}");
    }
}

#[test]
fn a_service_that_cannot_follow_postgres_is_refused() {
    let policy = policy(&[("migration.engine", Scalar::Word("dms".to_owned()))]);
    let refused = design(&lms(), &policy, "assessment", None).unwrap_err();
    assert!(
        refused.to_string().contains("migration.engine"),
        "{refused}"
    );
}
