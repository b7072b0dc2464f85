//! Alerting rules, and tests that prove the downtime alerts with made-up series.

pub(super) mod cluster;
pub(super) mod databases;

use reberth_model::design::{Design, Service};

/// Rules that are the same for every design.
const COMMON: &str = r#"  - name: servers
    rules:
      - record: service:cpu_used:ratio
        expr: 1 - avg by (service) (rate(node_cpu_seconds_total{mode="idle"}[5m]))
      - record: service:memory_used:ratio
        expr: 1 - avg by (service) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)
      - record: instance:disk_used:ratio
        expr: 1 - min by (service, instance) (node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"} / node_filesystem_size_bytes{fstype!~"tmpfs|overlay"})
      - alert: ServiceBusy
        expr: service:cpu_used:ratio > 0.85
        for: 15m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.service }} uses more than 85 percent of its processors, and growing did not help."
      - alert: MemoryShort
        expr: service:memory_used:ratio > 0.92
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.service }} has less than 8 percent of its memory left."
      - alert: DiskFills
        expr: predict_linear(node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"}[6h], 86400) < 0
        for: 1h
        labels:
          severity: warning
        annotations:
          summary: "A disk of {{ $labels.instance }} ({{ $labels.service }}) is full within a day."
      - alert: ClockApart
        expr: abs(node_timex_offset_seconds) > 0.5
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: "The clock of {{ $labels.instance }} is more than half a second off."
"#;

/// `prometheus/rules.yml`.
pub(super) fn rules(design: &Design) -> String {
    let mut text = "groups:\n".to_owned();
    if !design.services.is_empty() {
        text.push_str("  # Downtime: fewer servers answer than the least number of the service.\n  - name: downtime\n    rules:\n");
        design
            .services
            .iter()
            .for_each(|service| text.push_str(&downtime(service)));
    }
    match &design.platform {
        Some(platform) => text.push_str(&cluster::rules(platform)),
        None => text.push_str(COMMON),
    }
    text + &databases::rules(design)
}

/// Two alerts: nobody answers, and fewer than the least number.
fn downtime(service: &Service) -> String {
    let Service { key, capacity, .. } = service;
    let count = format!("count(up{{job=\"node\", service=\"{key}\"}} == 1)");
    let mut text = format!(
        "      - alert: ServiceDown\n        expr: ({count} or vector(0)) == 0\n        for: 2m\n        labels:\n          severity: critical\n          service: {key}\n\
         \x20       annotations:\n          summary: \"{key} is down: no server answers.\"\n"
    );
    if capacity.min > 1 {
        text.push_str(&format!(
            "      - alert: ServersMissing\n        expr: {count} < {}\n        for: 10m\n        labels:\n          severity: warning\n          service: {key}\n\
             \x20       annotations:\n          summary: \"{key} has fewer than {} servers, and replacing them did not help.\"\n",
            capacity.min, capacity.min
        ));
    }
    text
}

/// `prometheus/rules_test.yml`.
pub(super) fn tests(design: &Design) -> String {
    let mut text = "rule_files:\n  - rules.yml\n\nevaluation_interval: 1m\n\ntests:\n".to_owned();
    if let Some((first, others)) = design.services.split_first() {
        let others: Vec<&str> = others.iter().map(|other| other.key.as_str()).collect();
        text.push_str(&downtime_test(&first.key, &others));
    }
    text.push_str(&databases::tests(design));
    match &design.platform {
        Some(platform) => text + &cluster::tests(platform),
        None => text + DISK_TEST,
    }
}

/// One service stops answering after five minutes and all others go on: one alert, two minutes later.
fn downtime_test(key: &str, others: &[&str]) -> String {
    let others: String = others
        .iter()
        .map(|other| {
            format!(
                "      - series: 'up{{job=\"node\", service=\"{other}\", instance=\"one\"}}'\n        values: 1x20\n"
            )
        })
        .collect();
    format!(
        r#"  - name: a service that stops answering is called down
    interval: 1m
    input_series:
      - series: 'up{{job="node", service="{key}", instance="one"}}'
        values: 1x5 0x15
{others}    alert_rule_test:
      - alertname: ServiceDown
        eval_time: 4m
        exp_alerts: []
      - alertname: ServiceDown
        eval_time: 12m
        exp_alerts:
          - exp_labels:
              severity: critical
              service: {key}
            exp_annotations:
              summary: "{key} is down: no server answers."
"#
    )
}

const DISK_TEST: &str = r#"  - name: a disk that loses a gigabyte an hour and has twenty left is called out
    interval: 10m
    input_series:
      - series: node_filesystem_avail_bytes{fstype="ext4", service="web", instance="one"}
        values: 30000000000-170000000x60
    alert_rule_test:
      - alertname: DiskFills
        eval_time: 8h
        exp_alerts:
          - exp_labels:
              severity: warning
              fstype: ext4
              service: web
              instance: one
            exp_annotations:
              summary: "A disk of one (web) is full within a day."
"#;
