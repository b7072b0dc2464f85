//! Why no design could be made.

/// Why no design could be made. Nothing is written in any of these cases, and the same inputs fail again.
#[derive(Debug, thiserror::Error)]
pub enum DesignError {
    /// Every candidate block is in use.
    #[error(
        "no free IPv4 block for the network: nothing of size /{prefix} is left in 10.0.0.0/8, 172.16.0.0/12 or \
         192.168.0.0/16\n{}\n\nhint: narrow target.avoid_cidrs to the blocks that are really routed, or renumber one of these",
        blockers.iter().map(|blocker| format!("  {blocker}")).collect::<Vec<_>>().join("\n")
    )]
    NoFreeBlock {
        /// Size that was looked for.
        prefix: u8,
        /// The largest blocks in the way, with who uses them.
        blockers: Vec<String>,
    },
    /// The network of the previous design, or that of the policy, overlaps a block that is in use.
    #[error(
        "the network {network} overlaps {blocker}\n  two networks with common addresses can never be connected, and a network's block cannot be \
         changed once it exists\n\nhint: take the block off target.avoid_cidrs, or give another one by an override of network.cidr; if nothing was \
         provisioned yet, remove design.json first"
    )]
    NetworkTaken {
        /// The network's block.
        network: String,
        /// The block in the way, with who uses it.
        blocker: String,
    },
    /// A text that should be an IPv4 block is none.
    #[error(
        "{place} {text:?} is not an IPv4 block\n\nhint: write it as address/length, for example 10.20.0.0/16"
    )]
    BadBlock {
        /// Where it was read.
        place: String,
        /// What stood there.
        text: String,
    },
    /// The region is not in the catalog.
    #[error(
        "the availability zones of region {region:?} are not known to this build\n\nhint: target.region may be one of {known}"
    )]
    UnknownRegion {
        /// The region.
        region: String,
        /// The regions that are known.
        known: String,
    },
    /// No instance type is known for a server or database.
    #[error(
        "no instance type is known for {resource} of size {size:?}\n  it is not in the size table, and nothing there has that \
         much memory\n\nhint: name the type yourself, by an override of {decision} in reberth.yaml"
    )]
    UnknownSize {
        /// Name of the decision that answers it.
        decision: String,
        /// Kind and name of the resource.
        resource: String,
        /// The provider's size.
        size: String,
    },
    /// The servers need more addresses than the largest network has.
    #[error(
        "the servers need {needed} addresses in each zone; the largest network has {available} there\n\nhint: split the \
         estate into several projects"
    )]
    TooManyServers {
        /// Addresses needed in each zone.
        needed: u64,
        /// Addresses of the largest application subnet.
        available: u64,
    },
    /// The environment has no server, no application and no database.
    #[error(
        "the estate has no server, no application and no database to design a target for\n\nhint: run discover again with a token that may \
         see them; estate.json lists what was not visible"
    )]
    NothingToMove,
    /// The policy decides something to a value that it cannot have.
    #[error(
        "the policy sets the decision {decision} to {value:?}\n  it may be: {may_be}\n\nhint: correct it in overrides of reberth.yaml"
    )]
    BadOverride {
        /// Name of the decision.
        decision: String,
        /// The policy's value.
        value: String,
        /// What it may be, in words.
        may_be: String,
    },
    /// The policy decides something that this design does not ask.
    #[error(
        "the policy decides {decision:?}, which this design does not ask\n  the nearest that it asks: {nearest}\n\nhint: `reberth design \
         --explain all` lists every decision by name"
    )]
    UnknownDecision {
        /// The policy's name for it.
        decision: String,
        /// Decisions with names like it.
        nearest: String,
    },
    /// The policy asks for another block than that of the previous design.
    #[error(
        "the policy asks for the network {wanted}, and the previous design has {network}\n  a network's block cannot be changed once it \
         exists\n\nhint: if nothing was provisioned yet, remove design.json and design anew; otherwise take the override of network.cidr back"
    )]
    NetworkMoves {
        /// The network's block in the previous design.
        network: String,
        /// The block in the policy.
        wanted: String,
    },
    /// Pods fit on no node that may be chosen.
    #[error(
        "{pods} of the node group {group} fits on no node\n  {why}\n\nhint: ask for less by an override of workloads.NAME.cpu_request_millis or \
         workloads.NAME.memory_mib, or take an override of nodes.{group}.instance_type back"
    )]
    DoesNotFit {
        /// The node group.
        group: String,
        /// What is left over.
        pods: String,
        /// What one of them asks for, and what there is.
        why: String,
    },
    /// The policy does not say what the accounts need.
    #[error("{what}\n\nhint: {hint}")]
    AccountsUnsettled {
        /// What is missing or does not go together.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// The policy takes over something that this design would not make.
    #[error(
        "target.adopt takes over the {what} {name:?}, and no item of this design would become it\n  there is: {known}\n\nhint: name an item as \
         design.json does, by its key or a zone by its name, or take the line out"
    )]
    NothingToAdopt {
        /// What it is.
        what: &'static str,
        /// The item it should become.
        name: String,
        /// What it may become.
        known: String,
    },
    /// A document could not be serialised.
    #[error("the design could not be serialised")]
    Serialise(#[source] serde_json::Error),
}

impl DesignError {
    /// The code of the error's page.
    pub fn code(&self) -> &'static str {
        match self {
            DesignError::NoFreeBlock { .. } => "RB-DSG-001",
            DesignError::NetworkTaken { .. } => "RB-DSG-002",
            DesignError::BadBlock { .. } => "RB-DSG-003",
            DesignError::UnknownRegion { .. } => "RB-DSG-004",
            DesignError::UnknownSize { .. } => "RB-DSG-005",
            DesignError::TooManyServers { .. } => "RB-DSG-006",
            DesignError::NothingToMove => "RB-DSG-007",
            DesignError::Serialise(_) => "RB-DSG-008",
            DesignError::BadOverride { .. } => "RB-DSG-009",
            DesignError::UnknownDecision { .. } => "RB-DSG-010",
            DesignError::NetworkMoves { .. } => "RB-DSG-011",
            DesignError::DoesNotFit { .. } => "RB-DSG-012",
            DesignError::AccountsUnsettled { .. } => "RB-DSG-013",
            DesignError::NothingToAdopt { .. } => "RB-DSG-014",
        }
    }
}
