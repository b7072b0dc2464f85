//! The step of the runbook in which applications come to the cluster.

use reberth_model::design::{
    Application, Design, Fate, ImageBuild, Platform, Replicas, SettingFate, Workload, WorkloadKind,
};

use super::Step;
use crate::cluster_rights;

pub(super) fn step(design: &Design, platform: &Platform) -> Step {
    let mut lines = vec![
        "People: enter `infrastructure_role_arn` and `deploy_role_arn` in `30-platform` before its first apply; without them nobody may use the cluster.".to_owned(),
        format!(
            "Inside the network, with that infrastructure role: `aws eks update-kubeconfig --name {} --region {}`, then install the charts of the cluster: {}.",
            platform.cluster.name,
            design.target.region,
            charts(platform)
        ),
    ];
    if cluster_rights::text(platform).is_some() {
        lines.push(format!(
            "With the same role, after the charts: `kubectl apply -f {}`. It makes the applications' namespaces, and lets the deploy role and the runner change there what the charts bring; EKS's own access policies know nothing of those kinds. Prove it with the deploy role: `kubectl auth can-i patch scaledobjects.keda.sh -n NAMESPACE` says yes, `kubectl auth can-i create clusterroles` says no.",
            cluster_rights::path(design)
        ));
    }
    lines.extend(
        platform
            .applications
            .iter()
            .flat_map(|own| application(own, platform)),
    );
    let undecided = platform
        .addon_fates
        .iter()
        .filter(|own| own.fate == Fate::Undecided);
    lines.extend(undecided.map(|own| {
        format!(
            "People: decide on `{}` ({}): {}.",
            own.name, own.service, own.why
        )
    }));
    ("The applications", lines)
}

fn charts(platform: &Platform) -> String {
    let charts = platform.charts.iter();
    let names: Vec<String> = charts
        .map(|chart| format!("`{}` {}", chart.chart, chart.version.value))
        .collect();
    names.join(", ")
}

fn application(own: &Application, platform: &Platform) -> Vec<String> {
    let build = match &own.build {
        ImageBuild::Dockerfile => "from its Dockerfile".to_owned(),
        ImageBuild::Buildpacks(packs) if packs.is_empty() => {
            "by Cloud Native Buildpacks".to_owned()
        }
        ImageBuild::Buildpacks(packs) => format!(
            "by Cloud Native Buildpacks in the place of {}",
            packs.join(", ")
        ),
    };
    let workloads = platform
        .workloads
        .iter()
        .filter(|workload| workload.application == own.key);
    let workloads: Vec<String> = workloads.map(in_words).collect();
    let mut lines = vec![format!(
        "`{}`: its image is built {build}. {}.",
        own.key,
        workloads.join("; ")
    )];
    if let Some(settings) = &own.settings.settings {
        let undecided = settings
            .iter()
            .filter(|setting| setting.fate == SettingFate::Undecided);
        let names: Vec<String> = undecided
            .map(|setting| format!("`{}`", setting.name))
            .collect();
        if !names.is_empty() {
            lines.push(format!(
                "People: decide on these settings of `{}`, which are carried until then: {}.",
                own.key,
                names.join(", ")
            ));
        }
    } else {
        lines.push(format!(
            "People: list the settings of `{}`, which the source did not show, in the secret `{}`.",
            own.key, own.settings.secret
        ));
    }
    lines
}

fn in_words(workload: &Workload) -> String {
    let replicas = &workload.replicas;
    match &workload.kind {
        WorkloadKind::Scheduled(schedule) => format!(
            "`{}` runs at `{}` {}",
            workload.name, schedule.cron, schedule.time_zone
        ),
        WorkloadKind::Release(_) => format!("`{}` runs once with each release", workload.name),
        WorkloadKind::OneOff => format!("`{}` runs when a person asks for it", workload.name),
        WorkloadKind::Web(_) | WorkloadKind::Worker | WorkloadKind::Clock => {
            format!("`{}`: {}", workload.name, pods(replicas))
        }
    }
}

fn pods(replicas: &Replicas) -> String {
    match (replicas.min, replicas.max) {
        (1, 1) => "1 pod".to_owned(),
        (min, max) if min == max => format!("{min} pods"),
        (min, max) => format!("{min} to {max} pods"),
    }
}
