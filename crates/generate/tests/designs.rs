//! The design that the tests generate files from: the committed result of the design stage.

use reberth_model::design::{
    Account, ArrivalWay, CopiedServer, Delivered, Design, FileForm, FileStore, Front, Grant,
    MetricsStore, Organization, Origin, OriginAccess, PodAddressing, PodSubnet, ReplicationEngine,
    SwitchTarget, TrailLock, Unit,
};
use reberth_model::estate::Estate;
use reberth_model::policy::{Adoptable, Adopted, Policy};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Written anew from the recorded account by the tests of the binary, with UPDATE_GOLDEN=1.
const PLATFORM: &str = "crates/generate/tests/fixtures/platform-design.json";

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The design of the small estate.
pub(crate) fn small() -> Design {
    let bytes = std::fs::read(repository().join("crates/design/tests/golden/design.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The design of the recorded platform, as the design stage left it.
pub(crate) fn platform() -> Design {
    let bytes = std::fs::read(repository().join(PLATFORM)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The platform with its choices made the other way: pods with subnets of their own, disks, files, Amazon Linux, an API that an office reaches.
pub(crate) fn other_platform() -> Design {
    let mut design = platform();
    design.buckets = small().buckets;
    design.operations.metrics = MetricsStore::Cloudwatch;
    design.operations.log_search = true;
    design.operations.datadog = true;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    design.target.tags = [tag("map-migrated", "mig12345"), tag("CostCentre", "${x}")].into();
    let own = design.platform.as_mut().unwrap();
    own.cluster.public_access_cidr = Some("203.0.113.0/24".to_owned());
    own.pod_network.addressing = PodAddressing::Prefixes;
    own.pod_network.secondary_cidr = Some("100.64.0.0/16".to_owned());
    own.pod_network.subnets = [("a", 0), ("b", 64), ("c", 128)]
        .map(|(zone, third)| PodSubnet {
            zone: zone.to_owned(),
            cidr: format!("100.64.{third}.0/18"),
        })
        .into();
    for group in &mut own.node_groups {
        group.ami_type.value = "AL2023_x86_64_STANDARD".to_owned();
    }
    own.identities[0].grants = vec![Grant::UseBuckets(vec![design.buckets[0].key.clone()])];
    for identity in &mut own.identities {
        if identity.grants == [Grant::AssignAddresses] {
            identity.grants.push(Grant::AttachVolumes);
        }
    }
    design.hash = design.content_hash().unwrap();
    design
}

/// Every design of the tests.
pub(crate) fn all() -> [Design; 7] {
    [
        small(),
        other(),
        platform(),
        other_platform(),
        organization(),
        lone_server(),
        lone_worker(),
    ]
}

/// A single server without a database, a load balancer, a name or a measurement.
pub(crate) fn lone_server() -> Design {
    designed(
        "digitalocean",
        json!([{
            "kind": "server", "id": "1", "name": "only \"${one}\" größe", "region": null, "cost": null,
            "attributes": {
                "size": "s-2vcpu-4gb", "vcpus": 2, "memory_mib": 4096, "disk_gib": 80, "operating_system": null, "status": "active",
                "private_ipv4": [], "public_ipv4": [], "backups": false, "monitoring": false, "tags": [], "created_at": null, "utilisation": null,
            },
        }]),
    )
}

/// A single application of a platform that nobody reaches: no web process, no name, no store.
pub(crate) fn lone_worker() -> Design {
    designed(
        "heroku",
        json!([
            {
                "kind": "app", "id": "a", "name": "jobs", "region": null, "cost": null,
                "attributes": {
                    "stack": "heroku-24", "stack_state": null, "default_stack": null, "generation": null, "team": null, "space": null, "internal": false,
                    "maintenance": false, "stage": null, "is_review_app": false, "web_host": null, "buildpacks": [], "release_command": null,
                    "commit": null, "release": null, "released_at": null, "slug_bytes": null, "features": [], "config": null,
                },
            },
            {
                "kind": "process", "id": "p", "name": "jobs/worker", "region": null, "cost": null,
                "attributes": {
                    "app_id": "a", "command": "work", "instances": 1, "running": 1, "size": "a size of tomorrow", "memory_mib": null, "dedicated": null,
                },
            },
        ]),
    )
}

/// What the design stage makes of these resources of a provider.
fn designed(provider: &str, resources: serde_json::Value) -> Design {
    let estate: Estate = serde_json::from_value(json!({
        "schema": 1, "provider": provider, "account": null, "counts": {}, "resources": resources, "edges": [], "not_visible": [], "unmapped": [],
    }))
    .unwrap();
    let policy = format!(
        "schema: 1\nproject: lone\nsource: {{provider: {provider}}}\ntarget: {{region: eu-central-1}}\n"
    );
    let policy = Policy::parse(&policy).unwrap();
    reberth_design::design(&estate, &policy, "", None).unwrap()
}

/// The small design in the accounts of an organization.
pub(crate) fn organization() -> Design {
    changed(|design| {
        let account = |key: &str, unit| Account {
            key: key.to_owned(),
            email: format!("aws+{key}@school.example"),
            unit,
            origin: Origin {
                from: Vec::new(),
                why: format!("it is the account {key}"),
            },
        };
        design.organization = Some(Organization {
            accounts: vec![
                account("log-archive", Unit::Security),
                account("prod", Unit::Workloads),
                account("security", Unit::Security),
                account("staging", Unit::Workloads),
            ],
            regions: vec!["ap-south-1".to_owned(), "us-east-1".to_owned()],
        });
    })
}

/// The same design after a change, with its hash taken again.
pub(crate) fn changed(change: impl FnOnce(&mut Design)) -> Design {
    let mut design = small();
    change(&mut design);
    design.hash = design.content_hash().unwrap();
    design
}

/// The small design with every choice made the other way.
pub(crate) fn other() -> Design {
    changed(|design| {
        design.services[0].arrival.way = ArrivalWay::ApplicationMigration;
        design.services[1].arrival.way = ArrivalWay::PlainImage;
        design.migration.copied_servers = vec![CopiedServer {
            name: "school-cron-01".to_owned(),
            service: design.services[0].key.clone(),
            addresses: vec!["203.0.113.13".to_owned()],
        }];
        design.files.push(FileStore {
            key: "reports".to_owned(),
            form: FileForm::Disk,
            service: design.services[0].key.clone(),
            path: "/mnt/reports".to_owned(),
            zone: "b".to_owned(),
            security_group: String::new(),
            source_path: None,
            ..design.files[0].clone()
        });
        design.migration.engine = ReplicationEngine::Dms;
        design.edge.front = Front::LoadBalancers;
        design.edge.origin_access = OriginAccess::Identity;
        design
            .edge
            .distributions
            .retain(|one| matches!(one.delivers, Delivered::Bucket(_)));
        for ingress in &mut design.ingresses {
            ingress.is_private = false;
        }
        for zone in &mut design.edge.zones {
            for name in &mut zone.switched {
                if let SwitchTarget::Distribution(key) = &name.target
                    && design.ingresses.iter().any(|ingress| ingress.key == *key)
                {
                    name.target = SwitchTarget::Ingress(key.clone());
                }
            }
        }
        design.operations.copy_region = None;
        design.operations.budget_usd = Some(6000);
        design.operations.metrics = MetricsStore::Cloudwatch;
        design.operations.log_search = true;
        design.operations.datadog = true;
        design.safeguards.trail_lock = TrailLock::Compliance;
    })
}

/// The small design where some of it is in AWS already.
pub(crate) fn adopting() -> Design {
    changed(|design| {
        let own = |what, name: Option<&str>, id: &str| Adopted {
            what,
            name: name.map(str::to_owned),
            id: id.to_owned(),
        };
        let bucket = &mut design.buckets[0];
        bucket.exists = true;
        bucket.name = "school-uploads".to_owned();
        design.adopted = vec![
            own(Adoptable::Bucket, Some(&bucket.key), "school-uploads"),
            own(Adoptable::ConfigDeliveryChannel, None, "default-channel"),
            own(Adoptable::ConfigRecorder, None, "default"),
            own(Adoptable::GuarddutyDetector, None, "12abc34d"),
            own(Adoptable::HostedZone, Some("school.example"), "Z0123456789"),
            own(Adoptable::SecurityHub, None, "123456789012"),
        ];
    })
}

/// A fresh folder for a test's files, under the build folder.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes generated files under a folder.
pub(crate) fn write(folder: &Path, files: &reberth_generate::Files) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// What the design's page says of where things are written holds for every design.
#[test]
fn the_page_names_files_that_are_there() {
    for design in all() {
        let (files, _) = reberth_generate::generate(&design).unwrap();
        let html = reberth_design::page(&design, &[]);
        let names = html.split("<code>").skip(1);
        let names = names.filter_map(|rest| rest.split("</code>").next());
        let roots = ["infra/", "docs/", "monitoring"];
        let paths: Vec<&str> = names
            .filter(|name| roots.iter().any(|root| name.starts_with(root)))
            .collect();
        assert!(paths.len() > 5, "{paths:?}");
        for path in paths {
            let is_there = files
                .keys()
                .any(|file| file == path || file.starts_with(&format!("{path}/")));
            assert!(is_there, "{path} is not among the files");
        }
    }
}
