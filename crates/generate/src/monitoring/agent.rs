//! The configuration of the agent that runs on each server.

use reberth_model::design::Design;

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
    let target = &design.target;
    let mut text = HEAD.to_owned();
    text.push_str(&format!(
        "    application: {}\n    environment: {}\n",
        target.project, target.environment
    ));
    text.push_str(
        "\nscrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: [localhost:9100]\n",
    );
    if !design.databases.is_empty() {
        text.push_str(
            "\n  # Where mysqld_exporter runs: one server for each database is enough.\n  - job_name: mysql\n    file_sd_configs:\n      - files: [/etc/prometheus/databases.yml]\n",
        );
    }
    text.push_str(&format!(
        "\nremote_write:\n  # The output remote_write_url of 60-operations; the server's own role signs.\n  - url: ${{REMOTE_WRITE_URL}}\n    sigv4:\n      region: {}\n    queue_config:\n      max_samples_per_send: 1000\n      capacity: 5000\n",
        target.region
    ));
    text
}
