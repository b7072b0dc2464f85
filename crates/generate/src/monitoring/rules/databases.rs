//! Rules for databases, by engine.

use reberth_model::design::Design;

const MYSQL: &str = r#"  - name: databases
    rules:
      - record: database:connections_used:ratio
        expr: max by (database) (mysql_global_status_threads_connected / mysql_global_variables_max_connections)
      - alert: DatabaseDown
        expr: max by (database) (mysql_up) == 0
        for: 1m
        labels:
          severity: critical
        annotations:
          summary: "{{ $labels.database }} does not answer."
      - alert: ConnectionsShort
        expr: database:connections_used:ratio > 0.85
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.database }} has less than 15 percent of its connections left."
      - alert: SlowQueries
        expr: sum by (database) (rate(mysql_global_status_slow_queries[5m])) > 1
        for: 15m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.database }} runs more than one slow query a second."
"#;

const POSTGRES: &str = r#"  - name: databases
    rules:
      - record: database:connections_used:ratio
        expr: sum by (database) (pg_stat_activity_count) / max by (database) (pg_settings_max_connections)
      - alert: DatabaseDown
        expr: max by (database) (pg_up) == 0
        for: 1m
        labels:
          severity: critical
        annotations:
          summary: "{{ $labels.database }} does not answer."
      - alert: ConnectionsShort
        expr: database:connections_used:ratio > 0.85
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.database }} has less than 15 percent of its connections left."
      - alert: Deadlocks
        expr: sum by (database) (increase(pg_stat_database_deadlocks[15m])) > 5
        labels:
          severity: warning
        annotations:
          summary: "Transactions of {{ $labels.database }} lock each other out."
"#;

/// Whether some database is of that engine.
pub(in crate::monitoring) fn has(design: &Design, engine: &str) -> bool {
    design.databases.iter().any(|one| one.engine == engine)
}

/// Each engine with its rules and the metric that tells whether it answers.
fn engines(design: &Design) -> impl Iterator<Item = (&'static str, &'static str)> {
    let engines = [
        ("mysql", MYSQL, "mysql_up"),
        ("postgres", POSTGRES, "pg_up"),
    ];
    let used: Vec<_> = engines
        .into_iter()
        .filter(|(engine, _, _)| has(design, engine))
        .collect();
    used.into_iter().map(|(_, rules, up)| (rules, up))
}

pub(super) fn rules(design: &Design) -> String {
    engines(design).map(|(rules, _)| rules).collect()
}

pub(super) fn tests(design: &Design) -> String {
    engines(design).map(|(_, up)| test(up)).collect()
}

fn test(up: &str) -> String {
    format!(
        r#"  - name: a database that stops answering is called down
    interval: 1m
    input_series:
      - series: {up}{{database="core", instance="one"}}
        values: 1x5 0x10
    alert_rule_test:
      - alertname: DatabaseDown
        eval_time: 5m
        exp_alerts: []
      - alertname: DatabaseDown
        eval_time: 10m
        exp_alerts:
          - exp_labels:
              severity: critical
              database: core
            exp_annotations:
              summary: core does not answer.
"#
    )
}
