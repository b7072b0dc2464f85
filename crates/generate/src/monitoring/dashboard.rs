//! The dashboard: one page that says whether the application is well.

use reberth_model::design::Design;
use serde_json::{Value, json};

/// Columns of Grafana's grid.
const GRID_WIDTH: u32 = 24;
const PANEL_HEIGHT: u32 = 8;

/// A panel: title, unit, expression, legend.
const PANELS: [(&str, &str, &str, &str); 6] = [
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
    (
        "Connections of databases in use",
        "percentunit",
        "database:connections_used:ratio",
        "{{database}}",
    ),
    (
        "Statements a second",
        "ops",
        "sum by (database) (rate(mysql_global_status_questions[5m]))",
        "{{database}}",
    ),
];

/// `grafana/overview.json`.
pub(super) fn overview(design: &Design) -> String {
    let target = &design.target;
    let mut panels = vec![answering(design)];
    for (index, panel) in PANELS.iter().enumerate() {
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
    let overrides: Vec<Value> = design
        .services
        .iter()
        .map(|service| {
            let steps = json!([{ "color": "red", "value": null }, { "color": "green", "value": service.capacity.min }]);
            json!({
                "matcher": { "id": "byName", "options": service.key },
                "properties": [{ "id": "thresholds", "value": { "mode": "absolute", "steps": steps } }],
            })
        })
        .collect();
    json!({
        "id": 1,
        "type": "stat",
        "title": "Servers that answer",
        "description": "Red: fewer than the least number of the service.",
        "datasource": source(),
        "gridPos": { "x": 0, "y": 0, "w": GRID_WIDTH, "h": 5 },
        "fieldConfig": { "defaults": { "unit": "none" }, "overrides": overrides },
        "options": { "colorMode": "background", "reduceOptions": { "calcs": ["lastNotNull"] } },
        "targets": [{ "refId": "A", "expr": "sum by (service) (up{job=\"node\"})", "legendFormat": "{{service}}" }],
    })
}

fn graph(index: u32, (title, unit, expression, legend): &(&str, &str, &str, &str)) -> Value {
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
