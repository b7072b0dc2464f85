//! One row for each kind that has no type of its own.
//!
//! A fact must never be a secret or hold one: functions carry a key, registries credentials, apps environment values and
//! command lines, alerts the addresses of chat hooks, autoscale pools start-up scripts.

/// One kind of resource and how its list is read.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) path: &'static str,
    pub(super) query: &'static str,
    pub(super) key: &'static str,
    /// The field with the identifier.
    pub(super) id: &'static str,
    /// The field with the name.
    pub(super) name: &'static str,
    /// The fields that are kept, separated by spaces; a dot leads into an object or into each of a list of them.
    pub(super) facts: &'static str,
    /// Fields that name other resources, with the relation.
    pub(super) references: &'static [(&'static str, &'static str)],
}

impl Row {
    /// Every field that is read: the facts, and what the row itself looks at.
    pub(super) fn paths(&self) -> Vec<&'static str> {
        let references = self.references.iter().map(|(field, _)| *field);
        let own = [self.id, self.name, "region", "region.slug"];
        let facts = self.facts.split_ascii_whitespace();
        facts.chain(own).chain(references).collect()
    }
}

/// Lists that are read alike. To map another kind, add a row.
pub(super) const ROWS: &[Row] = &[
    Row {
        kind: "cluster",
        path: "/v2/kubernetes/clusters",
        query: "",
        key: "kubernetes_clusters",
        id: "id",
        name: "name",
        facts: "version ha auto_upgrade surge_upgrade cluster_subnet service_subnet vpc_uuid tags \
            status.state created_at registry_enabled node_pools.id node_pools.name \
            node_pools.size node_pools.count node_pools.auto_scale node_pools.min_nodes \
            node_pools.max_nodes node_pools.tags node_pools.nodes.droplet_id",
        references: &[("vpc_uuid", "in_network")],
    },
    Row {
        kind: "app",
        path: "/v2/apps",
        query: "",
        key: "apps",
        id: "id",
        name: "spec.name",
        facts: "default_ingress live_url tier_slug created_at project_id spec.name spec.region \
            spec.domains.domain spec.services.name spec.services.instance_count \
            spec.services.instance_size_slug spec.services.http_port spec.services.envs.key \
            spec.services.envs.scope spec.services.envs.type spec.services.github.repo \
            spec.services.image.repository spec.workers.name spec.workers.instance_count \
            spec.workers.instance_size_slug spec.workers.envs.key spec.jobs.name spec.jobs.kind \
            spec.jobs.envs.key spec.static_sites.name spec.functions.name spec.databases.name \
            spec.databases.engine spec.databases.cluster_name spec.envs.key spec.vpc.id",
        references: &[],
    },
    Row {
        kind: "autoscale_pool",
        path: "/v2/droplets/autoscale",
        query: "",
        key: "autoscale_pools",
        id: "id",
        name: "name",
        facts: "config.min_instances config.max_instances config.target_cpu_utilization \
            config.target_memory_utilization config.target_number_instances \
            config.cooldown_minutes droplet_template.size droplet_template.region \
            droplet_template.image droplet_template.vpc_uuid droplet_template.tags status \
            active_resources_count",
        references: &[],
    },
    Row {
        kind: "network_peering",
        path: "/v2/vpc_peerings",
        query: "",
        key: "vpc_peerings",
        id: "id",
        name: "name",
        facts: "vpc_ids status created_at",
        references: &[("vpc_ids", "attached_to")],
    },
    Row {
        kind: "nat_gateway",
        path: "/v2/vpc_nat_gateways",
        query: "",
        key: "vpc_nat_gateways",
        id: "id",
        name: "name",
        facts: "type state size vpcs.vpc_uuid vpcs.gateway_ip egresses.public_gateways.ipv4 \
            created_at",
        references: &[],
    },
    Row {
        kind: "function_namespace",
        path: "/v2/functions/namespaces",
        query: "",
        key: "namespaces",
        id: "uuid",
        name: "label",
        facts: "api_host namespace created_at",
        references: &[],
    },
    Row {
        kind: "image",
        path: "/v2/images",
        query: "private=true",
        key: "images",
        id: "id",
        name: "name",
        facts: "distribution type regions size_gigabytes min_disk_size status created_at",
        references: &[],
    },
    Row {
        kind: "ssh_key",
        path: "/v2/account/keys",
        query: "",
        key: "ssh_keys",
        id: "id",
        name: "name",
        facts: "fingerprint",
        references: &[],
    },
    Row {
        kind: "alert",
        path: "/v2/monitoring/alerts",
        query: "",
        key: "policies",
        id: "uuid",
        name: "description",
        facts: "type compare value window entities tags enabled alerts.email",
        references: &[],
    },
    Row {
        kind: "uptime_check",
        path: "/v2/uptime/checks",
        query: "",
        key: "checks",
        id: "id",
        name: "name",
        facts: "type target regions enabled",
        references: &[],
    },
    Row {
        kind: "tag",
        path: "/v2/tags",
        query: "",
        key: "tags",
        id: "name",
        name: "name",
        facts: "resources.count",
        references: &[],
    },
    Row {
        kind: "invoice",
        path: "/v2/customers/my/invoices",
        query: "",
        key: "invoices",
        id: "invoice_uuid",
        name: "invoice_period",
        facts: "amount invoice_period",
        references: &[],
    },
];

/// Registries are asked for at two addresses, the older of which knows one only and says 404 when there is none.
pub(super) const REGISTRY: Row = Row {
    kind: "registry",
    path: "/v2/registries",
    query: "",
    key: "registries",
    id: "name",
    name: "name",
    facts: "storage_usage_bytes subscription.tier.slug created_at",
    references: &[],
};
