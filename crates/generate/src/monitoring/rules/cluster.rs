//! Rules for what runs in a cluster, by what kube-state-metrics and the kubelets tell.

use reberth_model::design::{Application, Platform, Workload};

const COMMON: &str = r#"  - name: cluster
    rules:
      - record: namespace:cpu_used:cores
        expr: sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))
      - record: container:memory_used:ratio
        expr: max by (namespace, pod, container) (container_memory_working_set_bytes{container!=""}) / max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"})
      - alert: NodeNotReady
        expr: max by (node) (kube_node_status_condition{condition="Ready", status="true"}) == 0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "Node {{ $labels.node }} is not ready."
      - alert: PodsWait
        expr: sum by (namespace) (kube_pod_status_phase{phase="Pending"}) > 0
        for: 15m
        labels:
          severity: warning
        annotations:
          summary: "Pods of {{ $labels.namespace }} have found no node for a quarter of an hour."
      - alert: PodRestarts
        expr: sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[30m])) > 3
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.pod }} of {{ $labels.namespace }} starts again and again."
      - alert: MemoryShort
        expr: container:memory_used:ratio > 0.92
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.pod }} of {{ $labels.namespace }} is about to be ended for its memory."
      - alert: JobFailed
        expr: max by (namespace, job_name) (kube_job_failed{condition="true"}) == 1
        labels:
          severity: warning
        annotations:
          summary: "Job {{ $labels.job_name }} of {{ $labels.namespace }} failed."
"#;

const NODE_TEST: &str = r#"  - name: a node that is not ready is called out
    interval: 1m
    input_series:
      - series: kube_node_status_condition{condition="Ready", status="true", node="one"}
        values: 1x5 0x15
      - series: kube_node_status_condition{condition="Ready", status="true", node="two"}
        values: 1x20
    alert_rule_test:
      - alertname: NodeNotReady
        eval_time: 8m
        exp_alerts: []
      - alertname: NodeNotReady
        eval_time: 15m
        exp_alerts:
          - exp_labels:
              severity: warning
              node: one
            exp_annotations:
              summary: Node one is not ready.
  - name: a container that nears its limit is called out
    interval: 1m
    input_series:
      - series: container_memory_working_set_bytes{namespace="school", pod="web-1", container="web"}
        values: 400x5 950x20
      - series: kube_pod_container_resource_limits{namespace="school", pod="web-1", container="web", resource="memory"}
        values: 1000x25
    alert_rule_test:
      - alertname: MemoryShort
        eval_time: 5m
        exp_alerts: []
      - alertname: MemoryShort
        eval_time: 20m
        exp_alerts:
          - exp_labels:
              severity: warning
              namespace: school
              pod: web-1
              container: web
            exp_annotations:
              summary: web-1 of school is about to be ended for its memory.
"#;

/// Workloads that shall always run, with their applications.
pub(in crate::monitoring) fn running(platform: &Platform) -> Vec<(&Workload, &Application)> {
    let workloads = platform.workloads.iter();
    workloads
        .filter(|own| own.kind.is_long_running() && own.replicas.min > 0)
        .filter_map(|own| Some((own, platform.application(&own.application)?)))
        .collect()
}

pub(super) fn rules(platform: &Platform) -> String {
    let running = running(platform);
    let mut text = String::new();
    if !running.is_empty() {
        text.push_str("  # Downtime: fewer pods are ready than the least number of the workload.\n  - name: downtime\n    rules:\n");
    }
    for (workload, application) in running {
        text.push_str(&downtime(workload, application));
    }
    text + COMMON
}

/// Two alerts: no pod is ready, and fewer than the least number.
fn downtime(workload: &Workload, application: &Application) -> String {
    let Workload {
        key,
        name,
        replicas,
        ..
    } = workload;
    let ready = format!("sum({})", series(workload, application));
    let mut text = format!(
        "      - alert: WorkloadDown\n        expr: ({ready} or vector(0)) == 0\n        for: 2m\n        labels:\n          severity: critical\n          workload: {key}\n\
         \x20       annotations:\n          summary: \"{name} of {} is down: no pod is ready.\"\n",
        application.namespace
    );
    if replicas.min > 1 {
        text.push_str(&format!(
            "      - alert: PodsMissing\n        expr: {ready} < {}\n        for: 15m\n        labels:\n          severity: warning\n          workload: {key}\n\
             \x20       annotations:\n          summary: \"{name} of {} has fewer than {} pods, and new ones did not come.\"\n",
            replicas.min, application.namespace, replicas.min
        ));
    }
    text
}

fn series(workload: &Workload, application: &Application) -> String {
    format!(
        "kube_deployment_status_replicas_available{{namespace=\"{}\", deployment=\"{}\"}}",
        application.namespace, workload.name
    )
}

pub(super) fn tests(platform: &Platform) -> String {
    let running = running(platform);
    let mut text = String::new();
    if let Some(((first, application), others)) = running.split_first() {
        let others = others.iter().map(|(own, application)| {
            let least = own.replicas.min;
            format!(
                "      - series: '{}'\n        values: {least}x20\n",
                series(own, application)
            )
        });
        let others: String = others.collect();
        text.push_str(&downtime_test(first, application, &others));
    }
    text + NODE_TEST
}

/// One workload loses its pods after five minutes and all others go on: one alert, two minutes later.
fn downtime_test(workload: &Workload, application: &Application, others: &str) -> String {
    let Workload {
        key,
        name,
        replicas,
        ..
    } = workload;
    let (series, least, namespace) = (
        series(workload, application),
        replicas.min,
        &application.namespace,
    );
    format!(
        r#"  - name: a workload that loses its pods is called down
    interval: 1m
    input_series:
      - series: '{series}'
        values: {least}x5 0x15
{others}    alert_rule_test:
      - alertname: WorkloadDown
        eval_time: 4m
        exp_alerts: []
      - alertname: WorkloadDown
        eval_time: 12m
        exp_alerts:
          - exp_labels:
              severity: critical
              workload: {key}
            exp_annotations:
              summary: "{name} of {namespace} is down: no pod is ready."
"#
    )
}
