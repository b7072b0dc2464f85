//! One row for each kind that has no type of its own.
//!
//! A fact must never be a secret or hold one: functions carry a key, registries credentials, apps environment values and
//! command lines, alerts the addresses of chat hooks, autoscale pools start-up scripts.

/// One kind of resource and how its list is read.
pub(super) struct Row {
    pub(super) kind: &'static str,
    /// Where the list is; in a part, `{}` stands for what it is a part of.
    pub(super) path: &'static str,
    pub(super) query: &'static str,
    pub(super) key: &'static str,
    /// The field with the identifier.
    pub(super) id: &'static str,
    /// The field with the name.
    pub(super) name: &'static str,
    /// The fields that are kept, separated by spaces; a dot leads into an object or into each of a list of them, and
    /// `{a,b}` stands for either.
    pub(super) facts: &'static str,
    /// Fields that name other resources.
    pub(super) references: &'static [Reference],
}

/// A field that names other resources: which, by what, and the relation to them.
pub(super) struct Reference {
    pub(super) field: &'static str,
    pub(super) names: Names,
    pub(super) relation: &'static str,
}

/// By what a field names another resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// By its identifier; one that is not found is listed.
    Id,
    /// By its identifier, which may be gone.
    IdIfKnown,
    /// By `do:kind:id`, which may be gone.
    UrnIfKnown,
    /// By its identifier; it is the other that has the relation to this one.
    Member,
    /// A database or cache by its name.
    Store,
    /// Servers by a tag.
    Tag,
    /// By a host name, an address or a URL.
    Host,
}

const fn to(field: &'static str, names: Names, relation: &'static str) -> Reference {
    Reference {
        field,
        names,
        relation,
    }
}

impl Row {
    /// Every field that is read: the facts, and what the row itself looks at.
    pub(super) fn paths(&self) -> Vec<String> {
        let references = self.references.iter().map(|reference| reference.field);
        let own = [self.id, self.name, "region", "region.slug"];
        let facts = self.facts.split_ascii_whitespace();
        let all = facts.chain(own).chain(references);
        all.flat_map(expanded).collect()
    }
}

/// Each of the paths that one with `{a,b}` stands for.
fn expanded(path: &str) -> Vec<String> {
    let parts = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        None => vec![path.to_owned()],
        Some((before, (choices, after))) => choices
            .split(',')
            .flat_map(|choice| expanded(&format!("{before}{choice}{after}")))
            .collect(),
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
            status.state created_at registry_enabled registries endpoint ipv4 \
            control_plane_firewall.{enabled,allowed_addresses} \
            maintenance_policy.{day,start_time} node_pools.{id,name,size,count,auto_scale} \
            node_pools.{min_nodes,max_nodes,tags} node_pools.nodes.droplet_id",
        references: &[
            to("vpc_uuid", Names::Id, "in_network"),
            to("node_pools.nodes.droplet_id", Names::Member, "belongs_to"),
            to("registries", Names::IdIfKnown, "uses"),
        ],
    },
    Row {
        kind: "app",
        path: "/v2/apps",
        query: "",
        key: "apps",
        id: "id",
        name: "spec.name",
        facts: "default_ingress live_domain tier_slug created_at project_id \
            dedicated_ips.ip vpc.id spec.{name,region} spec.envs.{key,scope,type} \
            spec.domains.{domain,type,zone,wildcard,minimum_tls_version} \
            spec.{services,workers,jobs,static_sites,functions}.{name,source_dir} \
            spec.{services,workers,jobs,static_sites,functions}.envs.{key,scope,type} \
            spec.{services,workers,jobs,static_sites,functions}.{github,gitlab,bitbucket}.{repo,branch} \
            spec.{services,workers,jobs,static_sites}.{dockerfile_path,environment_slug} \
            spec.{services,workers,jobs,static_sites}.image.{registry_type,registry,repository,tag} \
            spec.{services,workers,jobs}.{instance_count,instance_size_slug} \
            spec.{services,workers}.autoscaling.{min_instance_count,max_instance_count} \
            spec.{services,workers}.autoscaling.metrics.cpu.percent \
            spec.services.{http_port,internal_ports,protocol} \
            spec.services.{health_check,liveness_health_check}.{http_path,port,period_seconds} \
            spec.{services,static_sites,functions}.routes.path \
            spec.jobs.kind spec.static_sites.{output_dir,index_document,error_document} \
            spec.databases.{name,engine,version,production,cluster_name,db_name,db_user} \
            spec.ingress.rules.component.name spec.ingress.rules.match.path.prefix \
            spec.egress.type spec.maintenance.enabled spec.vpc.id",
        references: &[
            to("vpc.id", Names::Id, "in_network"),
            to("spec.vpc.id", Names::Id, "in_network"),
            to("spec.databases.cluster_name", Names::Store, "uses"),
            to("spec.domains.zone", Names::IdIfKnown, "serves"),
            to("spec.domains.domain", Names::IdIfKnown, "serves"),
        ],
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
            active_resources_count current_utilization.cpu current_utilization.memory",
        references: &[to("droplet_template.vpc_uuid", Names::Id, "in_network")],
    },
    Row {
        kind: "network_peering",
        path: "/v2/vpc_peerings",
        query: "",
        key: "vpc_peerings",
        id: "id",
        name: "name",
        facts: "vpc_ids status created_at",
        references: &[to("vpc_ids", Names::Id, "attached_to")],
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
        references: &[to("vpcs.vpc_uuid", Names::Id, "attached_to")],
    },
    Row {
        kind: "partner_attachment",
        path: "/v2/partner_network_connect/attachments",
        query: "",
        key: "partner_attachments",
        id: "id",
        name: "name",
        facts: "state connection_bandwidth_in_mbps naas_provider vpc_ids bgp.{local_asn,peer_asn} \
            created_at",
        references: &[to("vpc_ids", Names::Id, "attached_to")],
    },
    Row {
        kind: "address_block",
        path: "/v2/byoip_prefixes",
        query: "",
        key: "byoip_prefixes",
        id: "uuid",
        name: "prefix",
        facts: "name status advertised",
        references: &[],
    },
    Row {
        kind: "file_share",
        path: "/v2/nfs",
        query: "",
        key: "shares",
        id: "id",
        name: "name",
        facts: "size_gib status performance_tier mount_path vpc_ids created_at",
        references: &[to("vpc_ids", Names::Id, "in_network")],
    },
    Row {
        kind: "file_share_snapshot",
        path: "/v2/nfs/snapshots",
        query: "",
        key: "snapshots",
        id: "id",
        name: "name",
        facts: "size_gib status share_id created_at",
        references: &[to("share_id", Names::IdIfKnown, "belongs_to")],
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
        references: &[
            to("entities", Names::IdIfKnown, "watches"),
            to("tags", Names::Tag, "watches"),
        ],
    },
    Row {
        kind: "uptime_check",
        path: "/v2/uptime/checks",
        query: "",
        key: "checks",
        id: "id",
        name: "name",
        facts: "type target regions enabled",
        references: &[to("target", Names::Host, "watches")],
    },
    Row {
        kind: "log_destination",
        path: "/v2/monitoring/sinks/destinations",
        query: "",
        key: "destinations",
        id: "id",
        name: "name",
        facts: "type config.{cluster_uuid,cluster_name,index_name,retention_days}",
        references: &[to("config.cluster_uuid", Names::IdIfKnown, "sends_to")],
    },
    Row {
        kind: "log_sink",
        path: "/v2/monitoring/sinks",
        query: "",
        key: "sinks",
        id: "destination.id",
        name: "destination.name",
        facts: "destination.{id,name,type} resources.{urn,name}",
        references: &[to("resources.urn", Names::UrnIfKnown, "watches")],
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
];

/// Registries are asked for at two addresses, the older of which knows one only and says 404 when there is none.
pub(super) const REGISTRY: Row = Row {
    kind: "registry",
    path: "/v2/registries",
    query: "",
    key: "registries",
    id: "name",
    name: "name",
    facts: "storage_usage_bytes subscription.tier.{slug,monthly_price_in_cents} created_at",
    references: &[],
};

#[cfg(test)]
mod tests {
    use super::super::parts::PARTS;
    use super::*;

    #[test]
    fn a_path_with_choices_stands_for_each() {
        assert_eq!(
            expanded("a.{b,c}.{d,e}"),
            ["a.b.d", "a.b.e", "a.c.d", "a.c.e"]
        );
        assert_eq!(expanded("a.b"), ["a.b"]);
    }

    #[test]
    fn no_kept_field_is_called_like_a_secret() {
        let rows = ROWS.iter().chain(PARTS.iter().map(|part| &part.row));
        for path in rows.chain([&REGISTRY]).flat_map(Row::paths) {
            for word in [
                "password",
                "secret",
                "credential",
                "value",
                "url",
                "user_data",
                "key_id",
            ] {
                let last = path.rsplit('.').next().unwrap_or_default();
                let is_threshold = ["value", "spec.value"].contains(&path.as_str());
                assert!(!last.contains(word) || is_threshold, "{path}");
            }
        }
    }
}
