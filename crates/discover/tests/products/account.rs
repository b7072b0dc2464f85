//! The account that has every product, as the API answers.

use serde_json::{Value, json};

pub(super) const NETWORK: &str = "11111111-0000-4000-8000-000000000001";
pub(super) const POSTGRES: &str = "22222222-0000-4000-8000-000000000001";
pub(super) const CACHE: &str = "22222222-0000-4000-8000-000000000002";
pub(super) const LOG: &str = "22222222-0000-4000-8000-000000000003";
pub(super) const SEARCH: &str = "22222222-0000-4000-8000-000000000004";
pub(super) const CLUSTER: &str = "33333333-0000-4000-8000-000000000001";
pub(super) const POOL: &str = "44444444-0000-4000-8000-000000000001";
pub(super) const APP: &str = "55555555-0000-4000-8000-000000000001";
pub(super) const CHECK: &str = "66666666-0000-4000-8000-000000000001";
pub(super) const GLOBAL: &str = "77777777-0000-4000-8000-000000000001";
pub(super) const REGIONAL: &str = "77777777-0000-4000-8000-000000000002";
const SECRET: &str = "RECORDED-FAKE-secret";

/// Lists as `(path, key, items)`.
pub(super) fn lists() -> Vec<(String, &'static str, Value)> {
    let of = |path: &str, key, items| (path.to_owned(), key, items);
    let store = |id: &str, part: &str| format!("/v2/databases/{id}/{part}");
    vec![
        of(
            "/v2/droplets",
            "droplets",
            json!([
            {"id": 1, "name": "node-1", "status": "active", "features": ["backups"], "backup_ids": [7, 8], "tags": ["k8s"], "vpc_uuid": NETWORK,
                "networks": {"v4": [{"ip_address": "192.0.2.1", "type": "public"}, {"ip_address": "10.0.0.1", "type": "private"}],
                    "v6": [{"ip_address": "2001:db8::1", "type": "public"}]}},
            {"id": 2, "name": "worker-1", "status": "active", "features": [], "backup_ids": [], "vpc_uuid": NETWORK}]),
        ),
        of(
            "/v2/vpcs",
            "vpcs",
            json!([{"id": NETWORK, "name": "main", "region": "blr1", "ip_range": "10.0.0.0/16"}]),
        ),
        of(
            "/v2/databases",
            "databases",
            json!([
            {"id": POSTGRES, "name": "shop-pg", "engine": "pg", "version": "16", "version_end_of_life": "2028-11-09T00:00:00Z", "num_nodes": 2,
                "connection": {"host": "shop-pg.example", "password": SECRET, "uri": format!("postgres://u:{SECRET}@shop-pg.example")}},
            {"id": CACHE, "name": "shop-cache", "engine": "valkey", "num_nodes": 1},
            {"id": LOG, "name": "shop-log", "engine": "kafka", "num_nodes": 3},
            {"id": SEARCH, "name": "shop-search", "engine": "opensearch", "num_nodes": 1}]),
        ),
        of(
            &store(POSTGRES, "pools"),
            "pools",
            json!([{"name": "web", "mode": "transaction", "size": 10, "db": "shop", "user": "app",
            "connection": {"password": SECRET}}]),
        ),
        of(
            &store(LOG, "topics"),
            "topics",
            json!([{"name": "orders", "replication_factor": 3, "partition_count": 12, "state": "active"}]),
        ),
        of(
            &store(SEARCH, "indexes"),
            "indexes",
            json!([{"index_name": "products", "number_of_shards": 1, "number_of_replicas": 2, "size": 4096}]),
        ),
        of(
            &store(POSTGRES, "firewall"),
            "rules",
            json!([{"uuid": "r1", "type": "k8s", "value": CLUSTER}, {"uuid": "r2", "type": "ip_addr", "value": "192.0.2.1"}]),
        ),
        of(
            "/v2/kubernetes/clusters",
            "kubernetes_clusters",
            json!([{"id": CLUSTER, "name": "apps", "region": "blr1", "version": "1.33.1-do.0",
            "vpc_uuid": NETWORK, "registries": ["images"], "node_pools": [{"id": "p", "name": "web", "size": "s-2vcpu-4gb", "count": 1,
            "labels": {"token": SECRET}, "nodes": [{"id": "n", "droplet_id": "1"}]}]}]),
        ),
        of(
            "/v2/droplets/autoscale",
            "autoscale_pools",
            json!([{"id": POOL, "name": "workers", "status": "active",
            "config": {"min_instances": 1, "max_instances": 4}, "droplet_template": {"size": "s-1vcpu-1gb", "vpc_uuid": NETWORK, "user_data": SECRET}}]),
        ),
        of(
            &format!("/v2/droplets/autoscale/{POOL}/members"),
            "droplets",
            json!([{"droplet_id": 2, "status": "active"}]),
        ),
        of(
            "/v2/apps",
            "apps",
            json!([{"id": APP, "default_ingress": "https://shop.ondigitalocean.example", "vpc": {"id": NETWORK},
            "spec": {"name": "shop", "region": "blr", "domains": [{"domain": "app.shop.example", "zone": "shop.example", "type": "PRIMARY"}],
            "services": [{"name": "web", "http_port": 8080, "instance_count": 2, "instance_size_slug": "apps-s-1vcpu-1gb", "run_command": SECRET,
                "health_check": {"http_path": "/up"}, "envs": [{"key": "DATABASE_URL", "scope": "RUN_TIME", "type": "SECRET", "value": SECRET}],
                "log_destinations": [{"name": "logs", "datadog": {"api_key": SECRET}}], "image": {"registry_credentials": SECRET, "repository": "web"}}],
            "jobs": [{"name": "migrate", "kind": "PRE_DEPLOY", "run_command": SECRET}],
            "databases": [{"name": "db", "engine": "PG", "cluster_name": "shop-pg", "production": true}]}}]),
        ),
        of(
            &format!("/v2/apps/{APP}/alerts"),
            "alerts",
            json!([{"id": "a1", "component_name": "web", "spec": {"rule": "CPU_UTILIZATION", "value": 80.0},
            "slack_webhooks": [{"url": SECRET}]}]),
        ),
        of(
            "/v2/domains",
            "domains",
            json!([{"name": "shop.example", "ttl": 1800}]),
        ),
        of(
            "/v2/domains/shop.example/records",
            "domain_records",
            json!([
            {"id": 1, "type": "A", "name": "@", "data": "192.0.2.1", "ttl": 60},
            {"id": 2, "type": "CNAME", "name": "www", "data": "@", "ttl": 60},
            {"id": 3, "type": "CNAME", "name": "app", "data": "shop.ondigitalocean.example.", "ttl": 60},
            {"id": 4, "type": "AAAA", "name": "six", "data": "2001:db8::1", "ttl": 60}]),
        ),
        of(
            "/v2/load_balancers",
            "load_balancers",
            json!([
            {"id": GLOBAL, "name": "world", "type": "GLOBAL", "target_load_balancer_ids": [REGIONAL], "domains": [{"name": "shop.example"}]},
            {"id": REGIONAL, "name": "blr", "type": "REGIONAL_NETWORK", "size_unit": 3, "droplet_ids": [1], "enable_proxy_protocol": true,
                "firewall": {"allow": ["cidr:192.0.2.0/24"], "deny": []}}]),
        ),
        of(
            "/v2/firewalls",
            "firewalls",
            json!([{"id": "fw", "name": "web", "droplet_ids": [1], "inbound_rules":
            [{"protocol": "tcp", "ports": "80", "sources": {"load_balancer_uids": [REGIONAL], "kubernetes_ids": [CLUSTER]}}]}]),
        ),
        of(
            "/v2/vpc_peerings",
            "vpc_peerings",
            json!([{"id": "peer", "name": "to-main", "vpc_ids": [NETWORK], "status": "ACTIVE"}]),
        ),
        of(
            "/v2/vpc_nat_gateways",
            "vpc_nat_gateways",
            json!([{"id": "nat", "name": "out", "type": "PUBLIC", "vpcs": [{"vpc_uuid": NETWORK}],
            "egresses": {"public_gateways": [{"ipv4": "192.0.2.9"}]}}]),
        ),
        of(
            "/v2/partner_network_connect/attachments",
            "partner_attachments",
            json!([{"id": "pa", "name": "office", "vpc_ids": [NETWORK]}]),
        ),
        of(
            "/v2/byoip_prefixes",
            "byoip_prefixes",
            json!([{"uuid": "by", "prefix": "198.51.100.0/24", "status": "active"}]),
        ),
        of(
            "/v2/nfs",
            "shares",
            json!([{"id": "share", "name": "files", "size_gib": 50, "region": "blr1", "vpc_ids": [NETWORK]}]),
        ),
        of(
            "/v2/nfs/snapshots",
            "snapshots",
            json!([{"id": "share-snap", "name": "nightly", "size_gib": 5, "share_id": "share"}]),
        ),
        of(
            "/v2/functions/namespaces",
            "namespaces",
            json!([{"uuid": "fn-uuid", "namespace": "fn-1", "label": "jobs", "region": "blr1", "key": SECRET}]),
        ),
        of(
            "/v2/functions/namespaces/fn-1/triggers",
            "triggers",
            json!([{"name": "nightly", "function": "jobs/report", "type": "SCHEDULED",
            "scheduled_details": {"cron": "0 3 * * *", "body": {"name": SECRET}}}]),
        ),
        of(
            "/v2/registries",
            "registries",
            json!([{"name": "images", "region": "blr1", "storage_usage_bytes": 5}]),
        ),
        of(
            "/v2/registries/images/repositoriesV2",
            "repositories",
            json!([{"name": "web", "tag_count": 3, "manifest_count": 9}]),
        ),
        of(
            "/v2/reserved_ips",
            "reserved_ips",
            json!([{"ip": "192.0.2.50", "region": {"slug": "blr1"}, "droplet": null}]),
        ),
        of(
            "/v2/volumes",
            "volumes",
            json!([{"id": "vol", "name": "data", "size_gigabytes": 10, "droplet_ids": [1]}]),
        ),
        of(
            "/v2/snapshots",
            "snapshots",
            json!([{"id": "snap", "name": "before", "resource_id": "vol", "resource_type": "volume", "size_gigabytes": 1.5}]),
        ),
        of(
            "/v2/certificates",
            "certificates",
            json!([{"id": "cert", "name": "shop", "dns_names": ["shop.example"], "type": "lets_encrypt"}]),
        ),
        of(
            "/v2/cdn/endpoints",
            "endpoints",
            json!([{"id": "cdn", "origin": "media.blr1.digitaloceanspaces.com", "endpoint": "media.blr1.cdn.digitaloceanspaces.com"}]),
        ),
        of(
            "/v2/spaces/keys",
            "keys",
            json!([{"name": "web", "access_key": "DO00", "grants": [{"bucket": "uploads", "permission": "read"}]}]),
        ),
        of(
            "/v2/projects",
            "projects",
            json!([{"id": "project", "name": "shop", "is_default": true}]),
        ),
        of(
            "/v2/images",
            "images",
            json!([{"id": 9, "name": "golden", "distribution": "Debian", "regions": ["blr1"]}]),
        ),
        of(
            "/v2/account/keys",
            "ssh_keys",
            json!([{"id": 5, "name": "ops", "fingerprint": "aa:bb"}]),
        ),
        of(
            "/v2/monitoring/alerts",
            "policies",
            json!([{"uuid": "alert", "description": "cpu", "type": "v1/insights/droplet/cpu", "entities": ["1"], "tags": [],
            "alerts": {"email": ["ops@shop.example"], "slack": [{"channel": "x", "url": SECRET}]}}]),
        ),
        of(
            "/v2/monitoring/sinks/destinations",
            "destinations",
            json!([{"id": "dest", "name": "search", "type": "opensearch_dbaas",
            "config": {"cluster_uuid": SEARCH, "endpoint": SECRET}}]),
        ),
        of(
            "/v2/monitoring/sinks",
            "sinks",
            json!([{"destination": {"id": "dest", "name": "search", "config": {"credentials": {"password": SECRET}}},
            "resources": [{"urn": "do:kubernetes:33333333-0000-4000-8000-000000000001", "name": "apps"}]}]),
        ),
        of(
            "/v2/uptime/checks",
            "checks",
            json!([{"id": CHECK, "name": "shop", "type": "https", "target": "https://www.shop.example/up"}]),
        ),
        of(
            &format!("/v2/uptime/checks/{CHECK}/alerts"),
            "alerts",
            json!([{"id": "ua", "name": "down", "type": "down",
            "notifications": {"email": ["ops@shop.example"], "slack": [{"channel": "x", "url": SECRET}]}}]),
        ),
        of(
            "/v2/tags",
            "tags",
            json!([{"name": "k8s", "resources": {"count": 1}}]),
        ),
        of(
            "/v2/customers/my/invoices",
            "invoices",
            json!([{"invoice_uuid": "inv-1", "amount": "10.00", "invoice_period": "2026-09"},
            {"invoice_uuid": "inv-2", "amount": "12.00", "invoice_period": "2026-10"}]),
        ),
    ]
}

/// Answers that are given whole, as `(path, body)`.
pub(super) fn objects() -> Vec<(String, Value)> {
    let matrix = |value: &str| json!({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1_795_000_000, value], [1_795_003_600, "7"]]}]}});
    vec![
        (
            "/v2/account".to_owned(),
            json!({"account": {"email": "ops@shop.example"}}),
        ),
        (
            format!("/v2/databases/{CACHE}/eviction_policy"),
            json!({"eviction_policy": "allkeys_lru"}),
        ),
        (
            format!("/v2/databases/{POSTGRES}/autoscale"),
            json!({"autoscale": {"storage": {"enabled": true}}}),
        ),
        (
            "/v2/reports/droplet_neighbors_ids".to_owned(),
            json!({"neighbor_ids": [[2, 1]]}),
        ),
        (
            "/v2/customers/my/balance".to_owned(),
            json!({"month_to_date_usage": "3.00", "account_balance": "0.00"}),
        ),
        (
            "/v2/customers/my/invoices/inv-2/summary".to_owned(),
            json!({"amount": "12.00", "user_name": SECRET, "user_email": SECRET,
            "product_charges": {"name": "Product usage charges", "amount": "11.00", "items": [{"name": "Droplets", "amount": "11.00", "count": "2"}]},
            "overages": {"name": "Overages", "amount": "1.00"}}),
        ),
        (
            "/v2/monitoring/metrics/database/mysql/cpu_usage".to_owned(),
            matrix("55.5"),
        ),
    ]
}
