//! Namespaces that belong to the cluster: whoever may change an application's namespace must not reach what governs the cluster.

use super::components;

/// Kubernetes keeps names that begin so for itself.
const RESERVED_PREFIX: &str = "kube-";
/// Everything that names no namespace lands here, and its service account has this name in every namespace.
const DEFAULT: &str = "default";
/// Where the agent runs that measures everything, with a role of its own.
const MONITORING: &str = "monitoring";

/// Whether an application cannot have a namespace of this name.
pub(crate) fn is_reserved(namespace: &str) -> bool {
    namespace == DEFAULT
        || namespace == MONITORING
        || namespace.starts_with(RESERVED_PREFIX)
        || components::chart_namespaces().any(|own| own == namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_governs_the_cluster_is_kept_apart() {
        for name in [
            "default",
            "kube-system",
            "kube-node-lease",
            "external-secrets",
            "keda",
            "logging",
            "monitoring",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["shop", "kubernetes", "default-shop", "keda-shop"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
