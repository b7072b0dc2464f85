//! The configuration of the agent: on each server, or once in a cluster.

use reberth_model::design::Design;

use super::rules::databases;

const HEAD: &str = "\
# Prometheus in agent mode, on each server: prometheus --agent --config.file=agent.yml --enable-feature=expand-external-labels
global:
  scrape_interval: 30s
  external_labels:
    service: ${SERVICE}
    instance: ${HOSTNAME}
";

/// `prometheus/agent.yml`.
pub(super) fn configuration(design: &Design) -> String {
    if design.platform.is_some() {
        return in_cluster(design);
    }
    let target = &design.target;
    let mut text = HEAD.to_owned();
    text.push_str(&format!(
        "    application: {}\n    environment: {}\n",
        target.project, target.environment
    ));
    text.push_str(
        "\nscrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: [localhost:9100]\n",
    );
    if databases::has(design, "mysql") {
        text.push_str(
            "\n  # Where mysqld_exporter runs: one server for each database is enough.\n  - job_name: mysql\n    file_sd_configs:\n      - files: [/etc/prometheus/databases.yml]\n",
        );
    }
    text.push_str(&write(&target.region, "the server's own role signs"));
    text
}

/// What tells of objects, of containers and of nodes.
const CLUSTER: &str = r#"
scrape_configs:
  - job_name: kube-state-metrics
    # Its own labels tell of which namespace and pod a line is.
    honor_labels: true
    kubernetes_sd_configs:
      - role: endpoints
    relabel_configs:
      - source_labels: [__meta_kubernetes_service_label_app_kubernetes_io_name]
        regex: kube-state-metrics
        action: keep

  - job_name: containers
    scheme: https
    metrics_path: /metrics/cadvisor
    authorization:
      credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token
    tls_config:
      ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
      # Kubelets sign their certificates themselves.
      insecure_skip_verify: true
    kubernetes_sd_configs:
      - role: node
"#;

const POSTGRES: &str = r#"
  # One postgres_exporter for each database, with a label that names it.
  - job_name: postgres
    kubernetes_sd_configs:
      - role: pod
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
        regex: prometheus-postgres-exporter
        action: keep
      - source_labels: [__meta_kubernetes_pod_label_database]
        target_label: database
"#;

/// One agent for the whole cluster; its service account's role signs what it writes.
fn in_cluster(design: &Design) -> String {
    let target = &design.target;
    let mut text = format!(
        "# Prometheus in agent mode, once in the cluster: namespace monitoring, service account prometheus-agent.\nglobal:\n  scrape_interval: 30s\n  external_labels:\n    application: {}\n    environment: {}\n{CLUSTER}",
        target.project, target.environment
    );
    if databases::has(design, "postgres") {
        text.push_str(POSTGRES);
    }
    text.push_str(&write(
        &target.region,
        "the role of the service account signs",
    ));
    text
}

/// Where it all goes.
fn write(region: &str, signs: &str) -> String {
    format!(
        "\nremote_write:\n  # The output remote_write_url of 60-operations; {signs}.\n  - url: ${{REMOTE_WRITE_URL}}\n    sigv4:\n      region: {region}\n    queue_config:\n      max_samples_per_send: 1000\n      capacity: 5000\n"
    )
}
