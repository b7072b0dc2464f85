//! What the policy decides, what stays decided, and what nobody may decide.

use reberth_design::{design, notes};
use reberth_model::design::{Design, PodAddressing, ResourceBasis, Scaling};
use reberth_model::policy::Scalar;

use super::{lms, made, policy, word, workload};

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
