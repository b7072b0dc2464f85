//! Checks of the groups of servers of a design, and of the cluster that stands in their place.

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::design::Service;
use reberth_model::estate::Server;

use super::{Target, TargetRule, cluster, fail_if, is_production, item};
use crate::cost::processors;

pub(super) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "RB-T-REL-01",
        problem: "Production rests on one zone or one server",
        check: |target| {
            with(
                of_services(target, is_of_production, spread),
                cluster::spread(target),
            )
        },
    },
    TargetRule {
        id: "RB-T-REL-03",
        problem: "The load balancer asks the front page whether a server is healthy",
        check: |target| {
            let behind = |service: &Service| service.target_group.is_some();
            with(of_services(target, behind, health), cluster::health(target))
        },
    },
    TargetRule {
        id: "RB-T-PERF-01",
        problem: "Sizes do not fit what was measured",
        check: |target| with(of_services(target, |_| true, fit), cluster::sizes(target)),
    },
    TargetRule {
        id: "RB-T-PERF-07",
        problem: "Production rests on burstable credits",
        check: |target| with(burstable(target), cluster::burstable(target)),
    },
    TargetRule {
        id: "RB-T-SUS-01",
        problem: "Arm instances were not considered",
        check: |target| of_services(target, |_| true, arm),
    },
];

/// Evidence of servers, and that of a cluster beside it.
fn with(servers: Option<Vec<Evidence>>, cluster: Vec<Evidence>) -> Option<Vec<Evidence>> {
    let mut evidence = servers?;
    evidence.extend(cluster);
    Some(evidence)
}

type Said = (CheckResult, &'static str, String);

fn of_services(
    target: &Target,
    wanted: fn(&Service) -> bool,
    look: fn(&Target, &Service) -> Said,
) -> Option<Vec<Evidence>> {
    let services = target.design?.services.iter();
    let services = services.filter(|service| wanted(service));
    let look = |service: &Service| {
        let (result, attribute, value) = look(target, service);
        item("service", &service.key, result, attribute, value)
    };
    Some(services.map(look).collect())
}

fn is_of_production(service: &Service) -> bool {
    is_production(&service.environment)
}

fn spread(target: &Target, service: &Service) -> Said {
    let zones = target.design.map_or(0, |design| design.network.zones.len());
    let floor = service.capacity.min;
    let value = format!("at least {floor} server(s) over {zones} zones");
    (fail_if(zones < 2 || floor < 2), "capacity.min", value)
}

fn health(_: &Target, service: &Service) -> Said {
    let path = service
        .target_group
        .as_ref()
        .map_or("", |group| group.health_path.as_str());
    (
        fail_if(path == "/" || path.is_empty()),
        "target_group.health_path",
        path.to_owned(),
    )
}

/// Measured need divided by capacity at first: below, money is wasted; above, there is no room.
const LOAD_PERCENT: std::ops::RangeInclusive<f64> = 30.0..=70.0;

fn fit(target: &Target, service: &Service) -> Said {
    let origin = &service.origin.from;
    let measured = |server: &Server| {
        let p95 = server.utilisation.as_ref()?.cpu_p95_percent?;
        Some(f64::from(server.vcpus) * p95 / 100.0)
    };
    let needs: Vec<Option<f64>> = target
        .estate
        .servers()
        .filter(|(resource, _)| origin.contains(&resource.id))
        .map(|(_, server)| measured(server))
        .collect();
    let needed: Option<f64> = needs.iter().copied().sum();
    let size = &service.instance_type.value;
    let capacity = f64::from(processors(size) * service.capacity.desired.max(1));
    match needed.filter(|_| !needs.is_empty()) {
        None => (
            CheckResult::Unknown,
            "instance_type",
            format!("{size}: its use was not measured"),
        ),
        Some(needed) => {
            let percent = needed / capacity * 100.0;
            let value = format!(
                "{} x {size}: p95 of today needs {needed:.1} of {capacity:.0} vCPU, {percent:.0} %",
                service.capacity.desired
            );
            (
                fail_if(!LOAD_PERCENT.contains(&percent)),
                "instance_type",
                value,
            )
        }
    }
}

/// Servers and databases of production whose class earns credits while idle and is slowed down when they are spent.
fn burstable(target: &Target) -> Option<Vec<Evidence>> {
    let design = target.design?;
    let services = design
        .services
        .iter()
        .filter(|service| is_of_production(service));
    let services = services.map(|service| {
        let size = &service.instance_type.value;
        let result = fail_if(size.starts_with('t'));
        item(
            "service",
            &service.key,
            result,
            "instance_type",
            size.clone(),
        )
    });
    let databases = design.databases.iter();
    let databases = databases.filter(|database| is_production(&database.environment));
    let databases = databases.map(|database| {
        let class = &database.instance_class.value;
        let result = fail_if(class.starts_with("db.t"));
        item(
            "database",
            &database.key,
            result,
            "instance_class",
            class.clone(),
        )
    });
    Some(services.chain(databases).collect())
}

/// A type with a `g` among the letters after its generation, such as `m7g` or `c8gn`, is Arm.
fn arm(_: &Target, service: &Service) -> Said {
    let size = &service.instance_type.value;
    let family = size.split('.').next().unwrap_or_default();
    let after_generation = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let result = if after_generation.contains('g') {
        CheckResult::Pass
    } else {
        CheckResult::Unknown
    };
    let value = format!("{size}: {}", service.instance_type.why);
    (result, "instance_type", value)
}
