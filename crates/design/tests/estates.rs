//! The small estate that the tests design a target for: one of everything that is carried, and one of
//! everything that is not.

use reberth_model::estate::{
    Attributes, Bucket, Cdn, Certificate, Database, DatabaseReplica, DnsRecord, Domain, Estate,
    Firewall, FirewallRule, HealthCheck, Listener, LoadBalancer, Network, Resource, Server,
    TrustedSource, Volume,
};
use reberth_model::policy::Policy;
use serde_json::json;
use std::collections::BTreeMap;

use crate::inside;

/// The policy for [`small`].
pub(crate) fn policy() -> Policy {
    Policy::parse(
        "schema: 1\nproject: edtech\nsource: {provider: digitalocean}\ntarget: {region: ap-south-1, avoid_cidrs: [10.1.0.0/16]}\n",
    )
    .unwrap()
}

/// Two web servers behind a load balancer, a scheduler, a staging server, two clusters of which one has a replica.
pub(crate) fn small() -> Estate {
    estate(vec![
        resource("cert-1", "school", Attributes::Certificate(certificate())),
        resource(
            "db-core",
            "school-core",
            Attributes::Database(core_database()),
        ),
        resource(
            "db-staging",
            "school-staging",
            Attributes::Database(staging_database()),
        ),
        resource(
            "replica-1",
            "school-core-ro",
            Attributes::DatabaseReplica(replica()),
        ),
        resource(
            "school-media",
            "school-media",
            Attributes::Bucket(Bucket::default()),
        ),
        resource("cache-1", "school-sessions", Attributes::Cache(cache())),
        resource("cdn-1", "school-media.cdn.example", Attributes::Cdn(cdn())),
        resource(
            "record-1",
            "www",
            Attributes::DnsRecord(DnsRecord::default()),
        ),
        resource("record-2", "@", record("A", "203.0.113.250")),
        resource("record-3", "www", record("CNAME", "@")),
        resource(
            "record-4",
            "media",
            record("CNAME", "school-media.cdn.example."),
        ),
        resource("record-5", "@", record("MX", "mail.example.")),
        resource("record-6", "@", record("CAA", "letsencrypt.org.")),
        resource("record-7", "blog", record("A", "203.0.113.18")),
        resource("record-8", "@", record("NS", "ns1.example.")),
        resource(
            "school.example",
            "school.example",
            Attributes::Domain(Domain::default()),
        ),
        resource("fw-1", "web-from-lb", Attributes::Firewall(firewall())),
        resource(
            "lb-1",
            "school-lb",
            Attributes::LoadBalancer(load_balancer()),
        ),
        resource("net-1", "prod", Attributes::Network(network())),
        resource("11", "school-web-01", Attributes::Server(inside::web(1))),
        resource("12", "school-web-02", Attributes::Server(inside::web(2))),
        resource(
            "13",
            "school-cron-01",
            Attributes::Server(server("s-2vcpu-2gb", 2048, &["env:prod", "cron", "school"])),
        ),
        resource(
            "14",
            "school-staging-01",
            Attributes::Server(server("s-2vcpu-4gb", 4096, &["env:staging", "school"])),
        ),
        resource("vol-1", "uploads", Attributes::Volume(volume())),
    ])
}

/// An estate of these resources.
pub(crate) fn estate(resources: Vec<Resource>) -> Estate {
    let mut counts = BTreeMap::new();
    for resource in &resources {
        *counts
            .entry(resource.attributes.kind().to_owned())
            .or_insert(0) += 1;
    }
    Estate {
        schema: 1,
        provider: "digitalocean".to_owned(),
        account: None,
        counts,
        resources,
        edges: Vec::new(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

/// A resource in the fixture's region.
pub(crate) fn resource(id: &str, name: &str, attributes: Attributes) -> Resource {
    Resource {
        id: id.to_owned(),
        name: name.to_owned(),
        region: Some("blr1".to_owned()),
        cost: None,
        attributes,
    }
}

/// A running server.
pub(crate) fn server(size: &str, memory_mib: u64, tags: &[&str]) -> Server {
    Server {
        size: size.to_owned(),
        vcpus: 2,
        memory_mib,
        disk_gib: 60,
        operating_system: Some("Ubuntu 22.04 (LTS) x64".to_owned()),
        status: "active".to_owned(),
        private_ipv4: vec!["10.139.0.3".to_owned()],
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Server::default()
    }
}

fn network() -> Network {
    Network {
        cidr: "10.139.0.0/16".to_owned(),
        ..Network::default()
    }
}

fn certificate() -> Certificate {
    Certificate {
        dns_names: vec!["*.school.example".to_owned(), "school.example".to_owned()],
        ..Certificate::default()
    }
}

fn core_database() -> Database {
    Database {
        engine: "mysql".to_owned(),
        version: "8.0.35".to_owned(),
        size: "db-s-4vcpu-8gb".to_owned(),
        nodes: 2,
        storage_mib: Some(117_760),
        databases: vec!["defaultdb".to_owned(), "core".to_owned()],
        trusted_sources: Some(vec![TrustedSource {
            kind: "tag".to_owned(),
            value: "school".to_owned(),
        }]),
        settings: Some(
            [
                ("backup_hour", json!(3)),
                ("backup_minute", json!(30)),
                ("default_time_zone", json!("+05:30")),
                ("innodb_rollback_on_timeout", json!(true)),
                ("long_query_time", json!(10)),
                ("never_heard_of", json!("x")),
                ("sql_require_primary_key", json!(true)),
                ("wait_timeout", json!(3600)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        ),
        sql_mode: Some("ANSI,STRICT_ALL_TABLES".to_owned()),
        replicas: Some(1),
        tags: vec!["env:prod".to_owned()],
        ..Database::default()
    }
}

fn staging_database() -> Database {
    Database {
        engine: "mysql".to_owned(),
        version: "8.0.35".to_owned(),
        size: "db-s-1vcpu-1gb".to_owned(),
        nodes: 1,
        trusted_sources: Some(Vec::new()),
        replicas: Some(0),
        tags: vec!["env:staging".to_owned()],
        ..Database::default()
    }
}

fn cache() -> Database {
    Database {
        engine: "redis".to_owned(),
        version: "7".to_owned(),
        size: "db-s-1vcpu-2gb".to_owned(),
        nodes: 2,
        trusted_sources: Some(vec![TrustedSource {
            kind: "tag".to_owned(),
            value: "web".to_owned(),
        }]),
        settings: Some(
            [
                ("redis_maxmemory_policy", json!("allkeys_lru")),
                ("redis_ssl", json!(true)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        ),
        tags: vec!["env:prod".to_owned()],
        ..Database::default()
    }
}

fn cdn() -> Cdn {
    Cdn {
        origin: "school-media.objects.example".to_owned(),
        endpoint: "school-media.cdn.example".to_owned(),
        custom_domain: Some("media.school.example".to_owned()),
        ..Cdn::default()
    }
}

fn record(record_type: &str, data: &str) -> Attributes {
    Attributes::DnsRecord(DnsRecord {
        domain: "school.example".to_owned(),
        record_type: record_type.to_owned(),
        data: data.to_owned(),
        ttl_seconds: Some(300),
        priority: Some(1),
        ..DnsRecord::default()
    })
}

fn volume() -> Volume {
    Volume {
        size_gib: 100,
        server_ids: vec!["11".to_owned()],
        ..Volume::default()
    }
}

fn replica() -> DatabaseReplica {
    DatabaseReplica {
        database_id: "db-core".to_owned(),
        size: Some("db-s-2vcpu-4gb".to_owned()),
        ..DatabaseReplica::default()
    }
}

fn load_balancer() -> LoadBalancer {
    let listener = |protocol: &str, port: u16, certificate: Option<&str>| Listener {
        protocol: protocol.to_owned(),
        port,
        server_protocol: "http".to_owned(),
        server_port: 8080,
        certificate_id: certificate.map(str::to_owned),
    };
    LoadBalancer {
        address: Some("203.0.113.250".to_owned()),
        listeners: vec![
            listener("http", 80, None),
            listener("https", 443, Some("cert-1")),
        ],
        health_check: Some(HealthCheck {
            protocol: "http".to_owned(),
            port: 8080,
            path: Some("/healthz".to_owned()),
            interval_seconds: 10,
            healthy_threshold: 5,
            unhealthy_threshold: 3,
        }),
        sticky_cookie: Some("LB".to_owned()),
        server_ids: vec!["11".to_owned(), "12".to_owned()],
        redirect_http_to_https: true,
        ..LoadBalancer::default()
    }
}

fn firewall() -> Firewall {
    let rule = |ports: &str, addresses: &[&str], tags: &[&str]| FirewallRule {
        protocol: "tcp".to_owned(),
        ports: ports.to_owned(),
        addresses: addresses.iter().map(|text| (*text).to_owned()).collect(),
        tags: tags.iter().map(|text| (*text).to_owned()).collect(),
        ..FirewallRule::default()
    };
    Firewall {
        inbound: vec![
            rule("9000", &[], &["cron"]),
            rule("22", &["0.0.0.0/0"], &[]),
        ],
        tags: vec!["web".to_owned()],
        ..Firewall::default()
    }
}
