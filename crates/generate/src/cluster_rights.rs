//! Rights within a cluster that the access policies of EKS do not have: these know the kinds of Kubernetes itself, and
//! of what charts bring (scaling by events, secrets from outside, load balancers) nothing at all. EKS lets nobody
//! write a policy of their own, so an access entry names a group, and the cluster gives the group its rights.

use reberth_model::design::{Design, Platform};

/// Group of the build machine's role and of the runner's.
pub(crate) const GROUP: &str = "custom-resource-editors";

/// A chart, the group of its kinds, and those of them that belong to an application.
const KINDS: [(&str, &str, &[&str]); 3] = [
    (
        "aws-load-balancer-controller",
        "elbv2.k8s.aws",
        &["targetgroupbindings"],
    ),
    (
        "external-secrets",
        "external-secrets.io",
        &["externalsecrets", "secretstores"],
    ),
    (
        "keda",
        "keda.sh",
        &["scaledjobs", "scaledobjects", "triggerauthentications"],
    ),
];
const VERBS: &str = "[get, list, watch, create, update, patch, delete]";

/// Where the rights stand.
pub(crate) fn path(design: &Design) -> String {
    let environment = &design.target.environment;
    format!("infra/live/{environment}/30-platform/kubernetes/custom-resource-editors.yaml")
}

/// The rights, for `kubectl apply`; `None` where no chart brings kinds that applications use.
pub(crate) fn text(platform: &Platform) -> Option<String> {
    let rules: Vec<String> = KINDS
        .iter()
        .filter_map(|kind| rule(platform, kind))
        .collect();
    if rules.is_empty() {
        return None;
    }
    let mut text = format!(
        "# What the access policies of EKS leave out. The group is named by access entries; it can change these kinds in the\n\
         # namespaces of the applications and reads nothing of them elsewhere.\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {GROUP}\nrules:\n{}",
        rules.concat()
    );
    let mut namespaces: Vec<&str> = platform
        .applications
        .iter()
        .map(|own| own.namespace.as_str())
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    text.extend(namespaces.into_iter().map(binding));
    Some(text)
}

fn rule(platform: &Platform, (chart, group, kinds): &(&str, &str, &[&str])) -> Option<String> {
    platform.charts.iter().find(|own| own.chart == *chart)?;
    Some(format!(
        "  - apiGroups: [{group}]\n    resources: [{}]\n    verbs: {VERBS}\n",
        kinds.join(", ")
    ))
}

fn binding(namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: {GROUP}\n  namespace: {namespace}\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: {GROUP}\n\
         subjects:\n  - apiGroup: rbac.authorization.k8s.io\n    kind: Group\n    name: {GROUP}\n"
    )
}
