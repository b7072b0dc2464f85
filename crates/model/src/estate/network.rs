//! The kinds of resource between users and servers: names, certificates, load balancers, networks, packet filters.

use serde::{Deserialize, Serialize};

/// Attributes of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// Its public address.
    pub address: Option<String>,
    /// How it spreads requests.
    pub algorithm: Option<String>,
    /// What it listens for.
    pub listeners: Vec<Listener>,
    /// How it tells a healthy server.
    pub health_check: Option<HealthCheck>,
    /// Name of the stickiness cookie; `None` when requests are not sticky.
    pub sticky_cookie: Option<String>,
    /// Ids of the servers behind it, ordered.
    pub server_ids: Vec<String>,
    /// Tag that selects the servers behind it.
    pub server_tag: Option<String>,
    /// Whether plain HTTP is sent on to HTTPS.
    pub redirect_http_to_https: bool,
    /// Id of the private network.
    pub network_id: Option<String>,
    /// `regional` for HTTP and TCP, `regional_network` for packets, `global` before several regions. `None`: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How many nodes it has, where the provider counts them; it is paid by the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// Whether it tells servers the client's address by the PROXY protocol.
    #[serde(default, skip_serializing_if = "is_false")]
    pub proxy_protocol: bool,
    /// Who may come, such as `ip:192.0.2.7` or `cidr:192.0.2.0/24`; empty: everyone who is not denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// Who may not come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
    /// Host names that it serves, ordered, where the provider knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_names: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out a reference"
)]
fn is_false(value: &bool) -> bool {
    !*value
}

/// One listener of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `http`, `https`, `tcp`, …
    pub protocol: String,
    /// Port that clients use.
    pub port: u16,
    /// Protocol towards the servers.
    pub server_protocol: String,
    /// Port of the servers.
    pub server_port: u16,
    /// Id of the certificate.
    pub certificate_id: Option<String>,
}

/// How a load balancer tells a healthy server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// `http` or `tcp`.
    pub protocol: String,
    /// Port.
    pub port: u16,
    /// Path, for HTTP.
    pub path: Option<String>,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Successes that make a server healthy.
    pub healthy_threshold: u32,
    /// Failures that make it unhealthy.
    pub unhealthy_threshold: u32,
}

/// Attributes of a DNS zone, or of a host name that a platform serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Default time to live in seconds.
    pub ttl_seconds: Option<u64>,
    /// Host name that the owner's DNS must point to, where the platform serves the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Id of the certificate that is served for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_id: Option<String>,
    /// How the platform's own certificate for it stands, where it makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_status: Option<String>,
}

/// Attributes of a DNS record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsRecord {
    /// The zone's name.
    pub domain: String,
    /// `A`, `MX`, `TXT`, …
    pub record_type: String,
    /// What it says.
    pub data: String,
    /// Time to live in seconds.
    pub ttl_seconds: Option<u64>,
    /// Priority of MX and SRV.
    pub priority: Option<u64>,
    /// Port of SRV.
    pub port: Option<u64>,
    /// Weight of SRV.
    pub weight: Option<u64>,
    /// Flags of CAA.
    pub flags: Option<u64>,
    /// Tag of CAA.
    pub tag: Option<String>,
}

/// Attributes of a private network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// IPv4 block in CIDR notation.
    pub cidr: String,
    /// What people wrote about it.
    pub description: String,
    /// Whether new resources land here by themselves.
    pub is_default: bool,
}

/// Attributes of a firewall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    /// Traffic let in.
    pub inbound: Vec<FirewallRule>,
    /// Traffic let out.
    pub outbound: Vec<FirewallRule>,
    /// Servers it protects by id, ordered.
    pub server_ids: Vec<String>,
    /// Servers it protects by tag, ordered.
    pub tags: Vec<String>,
}

/// One rule of a firewall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirewallRule {
    /// `tcp`, `udp`, `icmp`.
    pub protocol: String,
    /// `all`, one port, or a range such as `8000-9000`; `0` for ICMP.
    pub ports: String,
    /// Addresses in CIDR notation.
    pub addresses: Vec<String>,
    /// Servers by id.
    pub server_ids: Vec<String>,
    /// Servers by tag.
    pub tags: Vec<String>,
    /// Load balancers by id.
    pub load_balancer_ids: Vec<String>,
    /// Kubernetes clusters by id.
    pub cluster_ids: Vec<String>,
}

/// Attributes of a content delivery endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cdn {
    /// Host name of the origin.
    pub origin: String,
    /// Host name of the endpoint.
    pub endpoint: String,
    /// The customer's own host name for it.
    pub custom_domain: Option<String>,
    /// Certificate of the custom host name.
    pub certificate_id: Option<String>,
    /// How long content is kept, in seconds.
    pub ttl_seconds: Option<u64>,
}

/// Attributes of a reserved address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address.
    pub ip: String,
    /// The server it points to; `None` when nobody uses it.
    pub server_id: Option<String>,
}

/// Attributes of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// `lets_encrypt`, `platform` (made and renewed by it) or `custom`.
    pub issuer: Option<String>,
    /// When it ends (RFC 3339).
    pub not_after: Option<String>,
    /// Names it is good for, ordered.
    pub dns_names: Vec<String>,
    /// `verified`, …
    pub status: Option<String>,
}
