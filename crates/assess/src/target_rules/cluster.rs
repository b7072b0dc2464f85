//! Checks of the cluster of a design: the same questions as for servers, where they can be asked of pods and nodes.

use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::design::{NodeGroup, Platform, ResourceBasis, Workload, WorkloadKind};

use super::{Target, TargetRule, fail_if, is_production, item};

pub(super) const RULES: &[TargetRule] = &[TargetRule {
    id: "RB-T-SEC-21",
    problem: "The cluster is open to everybody, or keeps no record or key of its own",
    check: api,
}];

fn platform<'a>(target: &Target<'a>) -> Option<&'a Platform> {
    target.design?.platform.as_ref()
}

fn web(own: &Workload) -> bool {
    matches!(own.kind, WorkloadKind::Web(_))
}

/// Web workloads of production run as two pods at least, over two zones, on nodes that bear the loss of one.
pub(super) fn spread(target: &Target) -> Vec<Evidence> {
    let zones = target.design.map_or(0, |design| design.network.zones.len());
    let workloads = platform(target).into_iter().flat_map(|own| &own.workloads);
    let wanted = workloads.filter(|own| web(own) && is_production(&own.environment));
    wanted
        .map(|own| {
            let floor = own.replicas.min;
            let bears = bears_zone_loss(target, &own.node_group);
            let words = if bears { "bear" } else { "do not bear" };
            let value = format!(
                "at least {floor} pod(s) over {zones} zones; its nodes {words} the loss of one"
            );
            let result = fail_if(zones < 2 || floor < 2 || !bears);
            item("workload", &own.key, result, "replicas.min", value)
        })
        .collect()
}

fn bears_zone_loss(target: &Target, group: &str) -> bool {
    let placements = platform(target).into_iter().flat_map(|own| &own.placements);
    let of_group = placements.filter(|own| own.node_group == group);
    let mut scenarios = of_group.flat_map(|own| &own.scenarios);
    scenarios.any(|own| own.name == "zone_lost" && own.fits)
}

/// Workloads behind a load balancer answer a path of their own.
pub(super) fn health(target: &Target) -> Vec<Evidence> {
    let workloads = platform(target).into_iter().flat_map(|own| &own.workloads);
    workloads
        .filter_map(|own| match &own.kind {
            WorkloadKind::Web(entry) if entry.ingress.is_some() => {
                Some((own, &entry.health_path.value))
            }
            _ => None,
        })
        .map(|(own, path)| {
            let result = fail_if(path == "/" || path.is_empty());
            item(
                "workload",
                &own.key,
                result,
                "kind.web.health_path",
                path.clone(),
            )
        })
        .collect()
}

/// What pods ask for was measured.
pub(super) fn sizes(target: &Target) -> Vec<Evidence> {
    let workloads = platform(target).into_iter().flat_map(|own| &own.workloads);
    workloads
        .filter(|own| own.kind.is_long_running())
        .map(|own| {
            let result = match own.resources.basis {
                ResourceBasis::Measured => CheckResult::Pass,
                ResourceBasis::Assumed | ResourceBasis::Decided => CheckResult::Unknown,
            };
            let value = format!(
                "{} m and {} MiB, {}",
                own.resources.cpu_request_millis,
                own.resources.memory_request_mib,
                own.resources.basis.word()
            );
            item("workload", &own.key, result, "resources.basis", value)
        })
        .collect()
}

/// Nodes of production do not live on credits.
pub(super) fn burstable(target: &Target) -> Vec<Evidence> {
    let groups = platform(target)
        .into_iter()
        .flat_map(|own| &own.node_groups);
    let wanted = groups.filter(|own| is_production(&own.environment));
    wanted
        .map(|own: &NodeGroup| {
            let size = &own.instance_type.value;
            let result = fail_if(size.starts_with('t'));
            item(
                "node_group",
                &own.key,
                result,
                "instance_type",
                size.clone(),
            )
        })
        .collect()
}

fn api(target: &Target) -> Option<Vec<Evidence>> {
    target.design?;
    let Some(own) = platform(target).map(|own| &own.cluster) else {
        return Some(Vec::new());
    };
    let open = own.public_access_cidr.as_deref();
    let is_logged = ["audit", "authenticator"]
        .iter()
        .all(|wanted| own.log_types.iter().any(|log| log == wanted));
    let is_open = open.is_some_and(|cidr| cidr.ends_with("/0"));
    let value = format!(
        "reached {}; logs {}; secrets under the key {}",
        open.map_or("inside the network only".to_owned(), |cidr| format!(
            "from {cidr}"
        )),
        own.log_types.join(", "),
        own.encryption_key
    );
    let result = fail_if(is_open || !is_logged || own.encryption_key.is_empty());
    Some(vec![item(
        "cluster",
        &own.name,
        result,
        "public_access_cidr",
        value,
    )])
}
