//! Web servers that somebody looked into, and what of that reaches the design.

use reberth_design::design;
use reberth_model::design::{ArrivalWay, Contents, FileForm, Peer, Service};
use reberth_model::estate::{
    CronEntry, Inside, InstalledRuntime, Mount, Package, Server, Site, Unit,
};
use reberth_model::policy::Policy;

use crate::estates::{policy, server, small};

/// The first or second web server of the small estate.
pub(crate) fn web(number: u8) -> Server {
    Server {
        inside: Some(seen(number)),
        ..server("s-4vcpu-8gb", 8192, &["env:prod", "web", "school"])
    }
}

fn seen(number: u8) -> Inside {
    let package = |name: &str, version: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
    };
    let unit = |name: &str| Unit {
        name: name.to_owned(),
        state: "active".to_owned(),
    };
    let mut packages = vec![
        package("droplet-agent", "1.2.9"),
        package("imagemagick", "8:6.9.11.60"),
        package("libssl3", "3.0.2"),
        package("nginx", "1.18.0-6ubuntu14.4"),
        package("nodejs", "18.20.4-1nodesource1"),
        package("systemd", "249.11"),
    ];
    let mut units = vec![
        unit("lms-web.service"),
        unit("nginx.service"),
        unit("ssh.service"),
    ];
    if number == 2 {
        packages.push(package("redis-tools", "5:6.0.16"));
        units.push(unit("lms-mailer.service"));
    }
    Inside {
        operating_system: Some("Ubuntu 22.04.4 LTS".to_owned()),
        packages,
        units,
        schedules: schedules(),
        mounts: vec![Mount {
            path: "/mnt/uploads".to_owned(),
            device: "/dev/sda".to_owned(),
            kind: "ext4".to_owned(),
            size_bytes: 107_374_182_400,
            used_bytes: 53_687_091_200,
        }],
        sites: vec![Site {
            server: "nginx".to_owned(),
            file: "/etc/nginx/sites-enabled/school".to_owned(),
            names: vec!["school.example".to_owned()],
            upstreams: vec!["127.0.0.1:3000".to_owned()],
            roots: vec!["/srv/school/public".to_owned()],
        }],
        runtimes: vec![InstalledRuntime {
            language: "node".to_owned(),
            version: "18.20.4".to_owned(),
        }],
        unknown: vec!["crontabs of other accounts: no right to read them".to_owned()],
        ..Inside::default()
    }
}

fn schedules() -> Vec<CronEntry> {
    let entry = |place: &str, user: &str, command: &str| CronEntry {
        place: place.to_owned(),
        schedule: "15 2 * * *".to_owned(),
        user: Some(user.to_owned()),
        command: command.to_owned(),
    };
    vec![
        entry(
            "/etc/cron.d/school",
            "school",
            "cd /srv/school && bin/rotate --date=$(date +\\%F)",
        ),
        entry(
            "/etc/cron.d/school-report",
            "school",
            "TOKEN=[redacted] bin/report",
        ),
        entry(
            "/etc/crontab",
            "root",
            "cd / && run-parts --report /etc/cron.daily",
        ),
    ]
}

fn web_service(policy: &Policy) -> Service {
    let made = design(&small(), policy, "", None).unwrap();
    let mut services = made.services.into_iter();
    services
        .find(|service| service.key == "school-web")
        .unwrap()
}

#[test]
fn what_was_found_on_servers_goes_into_their_image() {
    let service = web_service(&policy());
    assert_eq!(service.arrival.way, ArrivalWay::ImagePipeline);
    let Contents {
        seen,
        unseen,
        packages,
        units,
        accounts,
        schedules,
        runtimes,
        sites,
        left_to_people,
    } = service.arrival.contents;
    assert_eq!((seen.len(), unseen.len()), (2, 0));
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(names, ["imagemagick", "nginx", "nodejs", "redis-tools"]);
    assert_eq!(units, ["lms-web.service", "nginx.service"]);
    assert_eq!(accounts, ["school"]);
    assert_eq!(schedules.len(), 1);
    assert!(schedules[0].command.contains("bin/rotate"));
    assert_eq!(runtimes[0].version, "18.20.4");
    assert_eq!(sites[0].file, "/etc/nginx/sites-enabled/school");
    for word in [
        "lms-mailer.service is on school-web-02 only",
        "Secrets Manager",
        "no right to read them",
    ] {
        assert!(
            left_to_people.iter().any(|left| left.contains(word)),
            "{word}: {left_to_people:?}"
        );
    }
    assert!(!left_to_people.iter().any(|left| left.contains("run-parts")));
}

#[test]
fn servers_that_nobody_looked_into_say_so() {
    let made = design(&small(), &policy(), "", None).unwrap();
    let cron = &made.services[0];
    assert_eq!(cron.arrival.contents.unseen, ["school-cron-01"]);
    let decision = made.decision("services.school-cron.arrival").unwrap();
    assert!(
        decision.why.contains("nobody looked inside"),
        "{}",
        decision.why
    );
}

#[test]
fn the_policy_chooses_another_way() {
    for (word, way) in [
        ("application_migration", ArrivalWay::ApplicationMigration),
        ("plain_image", ArrivalWay::PlainImage),
    ] {
        let arrival = web_service(&overridden("services.school-web.arrival", word)).arrival;
        assert_eq!(arrival.way, way);
        assert!(arrival.why.contains("asked for"));
    }
}

fn overridden(decision: &str, value: &str) -> Policy {
    let mut policy = policy();
    policy.overrides = serde_json::from_value(serde_json::json!([
        {"decision": decision, "value": value, "reason": "asked for"}
    ]))
    .unwrap();
    policy
}

/// The volume of one of two web servers: both must see its files at the target.
#[test]
fn files_of_several_servers_are_shared_and_of_one_server_are_a_disk() {
    let made = design(&small(), &policy(), "", None).unwrap();
    let store = &made.files[0];
    assert_eq!(
        (store.form, store.service.as_str()),
        (FileForm::Shared, "school-web")
    );
    assert_eq!((store.path.as_str(), store.size_gib), ("/mnt/uploads", 100));
    assert_eq!(store.origin.from, ["vol-1"]);
    let mut groups = made.security_groups.iter();
    let group = groups
        .find(|group| group.key == store.security_group)
        .unwrap();
    assert_eq!(
        group.ingress[0].peer,
        Peer::Group("app-school-web".to_owned())
    );
    assert_eq!(
        (group.ingress[0].port_first, group.ingress[0].port_last),
        (2049, 2049)
    );
    assert!(!made.not_carried.iter().any(|left| left.id == "vol-1"));

    let mut estate = small();
    for resource in &mut estate.resources {
        if let reberth_model::estate::Attributes::Volume(volume) = &mut resource.attributes {
            volume.server_ids = vec!["13".to_owned()];
        }
    }
    let made = design(&estate, &policy(), "", None).unwrap();
    let disk = &made.files[0];
    assert_eq!(
        (disk.form, disk.service.as_str(), disk.zone.as_str()),
        (FileForm::Disk, "school-cron", "a")
    );
    // Nobody looked inside that server, so the provider's own folder is taken.
    assert_eq!(
        (disk.path.as_str(), disk.source_path.as_deref()),
        ("/mnt/uploads", None)
    );
}

#[test]
fn a_disk_for_several_servers_is_refused_and_files_may_be_left() {
    let error = design(
        &small(),
        &overridden("files.uploads.form", "disk"),
        "",
        None,
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("shared_file_system | leave"),
        "{error}"
    );
    let made = design(
        &small(),
        &overridden("files.uploads.form", "leave"),
        "",
        None,
    )
    .unwrap();
    assert!(made.files.is_empty());
    assert!(
        made.not_carried
            .iter()
            .any(|left| left.id == "vol-1" && left.why.contains("the policy leaves it"))
    );
}

/// A share that both servers mount is one file system, whatever serves it at the source.
#[test]
fn a_share_that_servers_mount_is_carried_once() {
    let mut estate = small();
    for resource in &mut estate.resources {
        if let reberth_model::estate::Attributes::Server(server) = &mut resource.attributes
            && let Some(inside) = &mut server.inside
        {
            inside.mounts.push(Mount {
                path: "/srv/shared".to_owned(),
                device: "10.10.0.9:/export".to_owned(),
                kind: "nfs4".to_owned(),
                size_bytes: 1 << 40,
                used_bytes: 5 << 30,
            });
        }
    }
    let made = design(&estate, &policy(), "", None).unwrap();
    let shared: Vec<_> = made
        .files
        .iter()
        .filter(|own| own.path == "/srv/shared")
        .collect();
    assert_eq!(shared.len(), 1);
    assert_eq!((shared[0].form, shared[0].size_gib), (FileForm::Shared, 5));
    assert_eq!(shared[0].origin.from, ["11", "12"]);
}

#[test]
fn servers_whose_disks_are_copied_are_listed_with_their_addresses() {
    let mut estate = small();
    for resource in &mut estate.resources {
        if let reberth_model::estate::Attributes::Server(server) = &mut resource.attributes {
            server.public_ipv4 = vec![format!("203.0.113.{}", resource.id)];
        }
    }
    let policy = overridden("services.school-web.arrival", "application_migration");
    let made = design(&estate, &policy, "", None).unwrap();
    let copied: Vec<&str> = made
        .migration
        .copied_servers
        .iter()
        .map(|own| own.addresses[0].as_str())
        .collect();
    assert_eq!(copied, ["203.0.113.11", "203.0.113.12"]);
}
