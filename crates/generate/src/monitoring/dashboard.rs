//! The dashboard: one page that says whether the application is well.

use reberth_model::design::{Design, Platform};
use serde_json::{Value, json};

use super::rules::{cluster, databases};

/// Columns of Grafana's grid.
const GRID_WIDTH: u32 = 24;
const PANEL_HEIGHT: u32 = 8;

/// A panel: title, unit, expression, legend.
type Panel = (&'static str, &'static str, &'static str, &'static str);

const SERVERS: [Panel; 4] = [
    (
        "Processors in use",
        "percentunit",
        "service:cpu_used:ratio",
        "{{service}}",
    ),
    (
        "Memory in use",
        "percentunit",
        "service:memory_used:ratio",
        "{{service}}",
    ),
    (
        "Fullest disk of each server",
        "percentunit",
        "instance:disk_used:ratio",
        "{{service}} {{instance}}",
    ),
    (
        "Network out",
        "Bps",
        "sum by (service) (rate(node_network_transmit_bytes_total{device!=\"lo\"}[5m]))",
        "{{service}}",
    ),
];

const CLUSTER: [Panel; 4] = [
    (
        "Processors in use",
        "none",
        "namespace:cpu_used:cores",
        "{{namespace}}",
    ),
    (
        "Memory of the fullest container, by its limit",
        "percentunit",
        "max by (namespace, pod) (container:memory_used:ratio)",
        "{{namespace}} {{pod}}",
    ),
    (
        "Restarts in half an hour",
        "none",
        "sum by (namespace) (increase(kube_pod_container_status_restarts_total[30m]))",
        "{{namespace}}",
    ),
    (
        "Nodes that are ready",
        "none",
        "sum(kube_node_status_condition{condition=\"Ready\", status=\"true\"})",
        "nodes",
    ),
];

const CONNECTIONS: Panel = (
    "Connections of databases in use",
    "percentunit",
    "database:connections_used:ratio",
    "{{database}}",
);

const MYSQL_WORK: Panel = (
    "Statements a second",
    "ops",
    "sum by (database) (rate(mysql_global_status_questions[5m]))",
    "{{database}}",
);

const POSTGRES_WORK: Panel = (
    "Transactions a second",
    "ops",
    "sum by (database) (rate(pg_stat_database_xact_commit[5m]))",
    "{{database}}",
);

fn panels(design: &Design) -> Vec<Panel> {
    let mut panels = match design.platform {
        Some(_) => CLUSTER.to_vec(),
        None => SERVERS.to_vec(),
    };
    panels.push(CONNECTIONS);
    let has_postgres = databases::has(design, "postgres");
    panels.push(if has_postgres {
        POSTGRES_WORK
    } else {
        MYSQL_WORK
    });
    panels
}

/// `grafana/overview.json`.
pub(super) fn overview(design: &Design) -> String {
    let target = &design.target;
    let mut panels = vec![match &design.platform {
        Some(platform) => ready(platform),
        None => answering(design),
    }];
    for (index, panel) in self::panels(design).iter().enumerate() {
        panels.push(graph(index as u32, panel));
    }
    let dashboard = json!({
        "title": format!("{} {}: overview", target.project, target.environment),
        "uid": format!("{}-{}-overview", target.project, target.environment).chars().take(40).collect::<String>(),
        "schemaVersion": 39,
        "editable": true,
        "refresh": "1m",
        "time": { "from": "now-6h", "to": "now" },
        "tags": [target.project, target.environment],
        "templating": { "list": [{ "name": "source", "label": "Data source", "type": "datasource", "query": "prometheus" }] },
        "panels": panels,
    });
    let mut text = serde_json::to_string_pretty(&dashboard).unwrap_or_default();
    text.push('\n');
    text
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${source}" })
}

/// How many servers of each service answer, over the whole width; red under the least number.
fn answering(design: &Design) -> Value {
    let least = design
        .services
        .iter()
        .map(|service| (service.key.clone(), service.capacity.min));
    let target = json!({ "refId": "A", "expr": "sum by (service) (up{job=\"node\"})", "legendFormat": "{{service}}" });
    counted(
        "Servers that answer",
        "Red: fewer than the least number of the service.",
        least,
        target,
    )
}

/// How many pods of each workload are ready; red under the least number.
fn ready(platform: &Platform) -> Value {
    let running = cluster::running(platform).into_iter();
    let least = running.map(|(workload, application)| {
        let name = format!("{} {}", application.namespace, workload.name);
        (name, workload.replicas.min)
    });
    let expression = "sum by (namespace, deployment) (kube_deployment_status_replicas_available)";
    let target =
        json!({ "refId": "A", "expr": expression, "legendFormat": "{{namespace}} {{deployment}}" });
    counted(
        "Pods that are ready",
        "Red: fewer than the least number of the workload.",
        least,
        target,
    )
}

fn counted(
    title: &str,
    description: &str,
    least: impl Iterator<Item = (String, u32)>,
    target: Value,
) -> Value {
    let overrides: Vec<Value> = least
        .map(|(name, min)| {
            let steps = json!([{ "color": "red", "value": null }, { "color": "green", "value": min }]);
            json!({
                "matcher": { "id": "byName", "options": name },
                "properties": [{ "id": "thresholds", "value": { "mode": "absolute", "steps": steps } }],
            })
        })
        .collect();
    json!({
        "id": 1,
        "type": "stat",
        "title": title,
        "description": description,
        "datasource": source(),
        "gridPos": { "x": 0, "y": 0, "w": GRID_WIDTH, "h": 5 },
        "fieldConfig": { "defaults": { "unit": "none" }, "overrides": overrides },
        "options": { "colorMode": "background", "reduceOptions": { "calcs": ["lastNotNull"] } },
        "targets": [target],
    })
}

fn graph(index: u32, (title, unit, expression, legend): &Panel) -> Value {
    let width = GRID_WIDTH / 2;
    json!({
        "id": index + 2,
        "type": "timeseries",
        "title": title,
        "datasource": source(),
        "gridPos": { "x": (index % 2) * width, "y": 5 + (index / 2) * PANEL_HEIGHT, "w": width, "h": PANEL_HEIGHT },
        "fieldConfig": { "defaults": { "unit": unit, "min": 0 }, "overrides": [] },
        "targets": [{ "refId": "A", "expr": expression, "legendFormat": legend }],
    })
}
