//! What pods may ask for on a node of each type.

use reberth_model::design::PodAddressing;

use crate::csv;

const TYPES: &str = include_str!("../../../../catalog/eks-node-types.csv");
/// Share of a machine's memory, in thousandths, that firmware and kernel keep: what Karpenter reckons with for types that it has not measured. Of the
/// generation before those of this table it measured 72 thousandths at most (`zz_generated.memory_overhead.go` of aws/karpenter-provider-aws).
const KERNEL_MEMORY_PER_MILLE: u64 = 75;
/// Memory at which the kubelet begins to evict, in MiB.
const EVICTION_MIB: u64 = 100;
/// The kubelet's own memory: so much, and so much for each pod that may run, in MiB.
const KUBELET_MIB: u64 = 255;
const KUBELET_MIB_PER_POD: u64 = 11;
/// Addresses in one prefix.
const PREFIX_ADDRESSES: u64 = 16;
/// Most pods on a node with prefixes, as EKS advises: below and from this many processors.
const MANY_PROCESSORS: u64 = 30;
const PREFIX_PODS_MAX: (u64, u64) = (110, 250);
/// Pods of the system that use the node's own address.
const HOST_NETWORK_PODS: u64 = 2;

/// Which instructions a node's processors understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// As at every platform that is a source.
    Amd64,
    /// Cheaper for the same work, if every image was built for it.
    Arm64,
}

impl Architecture {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
    }
}

/// A type of machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeType {
    /// Its name, for example `m7i.large`.
    pub(crate) name: String,
    /// Which instructions it understands.
    pub(crate) architecture: Architecture,
    /// Virtual processors.
    pub(crate) vcpus: u64,
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
    /// Network interfaces it may have.
    pub(crate) interfaces: u64,
    /// IPv4 addresses of each.
    pub(crate) addresses_per_interface: u64,
    /// Whether it runs at full speed only while it has credits.
    pub(crate) is_burstable: bool,
}

/// What pods may ask for on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeShape {
    /// Processors in thousandths.
    pub(crate) cpu_millis: u64,
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
    /// Pods.
    pub(crate) pods: u64,
}

impl NodeShape {
    /// What is left beside something that runs on every node; `None` when that alone does not fit.
    pub(crate) fn beside(self, other: NodeShape) -> Option<NodeShape> {
        Some(NodeShape {
            cpu_millis: self.cpu_millis.checked_sub(other.cpu_millis)?,
            memory_mib: self.memory_mib.checked_sub(other.memory_mib)?,
            pods: self.pods.checked_sub(other.pods)?,
        })
    }
}

/// The types of the catalog, in its order.
pub(crate) fn node_types() -> Vec<NodeType> {
    csv::rows(TYPES).filter_map(|row| parse(&row)).collect()
}

fn parse(row: &[String]) -> Option<NodeType> {
    let [
        name,
        architecture,
        vcpus,
        memory,
        interfaces,
        addresses,
        burstable,
        ..,
    ] = row
    else {
        return None;
    };
    Some(NodeType {
        name: name.clone(),
        architecture: match architecture.as_str() {
            "amd64" => Architecture::Amd64,
            "arm64" => Architecture::Arm64,
            _ => return None,
        },
        vcpus: vcpus.parse().ok()?,
        memory_mib: memory.parse().ok()?,
        interfaces: interfaces.parse().ok()?,
        addresses_per_interface: addresses.parse().ok()?,
        is_burstable: burstable == "yes",
    })
}

/// What pods may ask for on a node of a type. With `own_subnets` for pods the first interface serves the node alone.
pub(crate) fn shape(own: &NodeType, addressing: PodAddressing, own_subnets: bool) -> NodeShape {
    let pods = pods_max(own, addressing, own_subnets);
    let capacity = own.memory_mib * (1000 - KERNEL_MEMORY_PER_MILLE) / 1000;
    let reserved = KUBELET_MIB + KUBELET_MIB_PER_POD * pods + EVICTION_MIB;
    NodeShape {
        cpu_millis: own.vcpus * 1000 - cpu_reserved_millis(own.vcpus),
        memory_mib: capacity.saturating_sub(reserved),
        pods,
    }
}

fn pods_max(own: &NodeType, addressing: PodAddressing, own_subnets: bool) -> u64 {
    let interfaces = own.interfaces - u64::from(own_subnets);
    // The first address of an interface is its own.
    let slots = interfaces * (own.addresses_per_interface - 1);
    match addressing {
        PodAddressing::SecondaryIps => slots + HOST_NETWORK_PODS,
        PodAddressing::Prefixes => {
            let (few, many) = PREFIX_PODS_MAX;
            let advised = if own.vcpus < MANY_PROCESSORS {
                few
            } else {
                many
            };
            advised.min(slots * PREFIX_ADDRESSES + HOST_NETWORK_PODS)
        }
    }
}

/// 6 % of the first processor, 1 % of the second, 0.5 % of the next two, 0.25 % of the others.
fn cpu_reserved_millis(vcpus: u64) -> u64 {
    let upto = |first: u64, last: u64| vcpus.min(last).saturating_sub(first);
    upto(0, 1) * 60 + upto(1, 2) * 10 + upto(2, 4) * 5 + upto(4, u64::MAX) * 5 / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> NodeType {
        node_types()
            .into_iter()
            .find(|own| own.name == name)
            .expect("a type of the table")
    }

    #[test]
    fn pods_are_counted_as_eks_counts_them() {
        use PodAddressing::{Prefixes, SecondaryIps};
        for (name, addressing, own_subnets, expected) in [
            ("t3.medium", SecondaryIps, false, 17),
            ("m7i.large", SecondaryIps, false, 29),
            ("m7i.large", SecondaryIps, true, 20),
            ("m7i.2xlarge", SecondaryIps, false, 58),
            ("m7i.16xlarge", SecondaryIps, false, 737),
            ("m7i.large", Prefixes, false, 110),
            ("m7i.8xlarge", Prefixes, true, 250),
        ] {
            assert_eq!(
                shape(&of(name), addressing, own_subnets).pods,
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn reserves_follow_the_formulas_of_eks() {
        for (vcpus, expected) in [(1, 60), (2, 70), (4, 80), (8, 90), (16, 110), (64, 230)] {
            assert_eq!(cpu_reserved_millis(vcpus), expected, "{vcpus}");
        }
        let large = shape(&of("m7i.large"), PodAddressing::SecondaryIps, false);
        // 8192 less 7.5 %, less 255 + 11 x 29, less 100.
        assert_eq!((large.cpu_millis, large.memory_mib), (1930, 6903));
    }

    #[test]
    fn every_line_of_the_table_is_read_and_leaves_room() {
        let types = node_types();
        assert_eq!(types.len(), TYPES.lines().count() - 1);
        for own in types {
            for addressing in [PodAddressing::SecondaryIps, PodAddressing::Prefixes] {
                assert!(shape(&own, addressing, true).memory_mib > 1024, "{own:?}");
            }
        }
    }
}
