//! `monitoring/`: rules with their tests, the agent's configuration, and a dashboard, all for Prometheus and Grafana.
//!
//! Keys of services and databases hold `a-z`, `0-9` and `-` only, so they are safe in YAML and PromQL as they are.

mod agent;
mod dashboard;
mod datadog;
mod log_agent;
mod rules;

use reberth_model::design::{Design, MetricsStore};
use std::collections::BTreeMap;

const README: &str = "\
# Monitoring

- `prometheus/rules.yml`: recording rules, and alerts that end at the topic of `60-operations`. `promtool check rules rules.yml` reads them, `promtool test rules
  rules_test.yml` proves each downtime alert with made-up series.
- `prometheus/agent.yml`: for the agent on each server, beside node_exporter on 9100 and, where a database is watched, mysqld_exporter on 9104. Put both into the image of
  the service, and set `SERVICE` in the agent's environment. The address to write to is the output `remote_write_url` of `60-operations`.
- `grafana/overview.json`: import it into Grafana and choose the workspace as its data source.

CloudWatch alarms of `60-operations` watch the same things from outside the servers: they go on when the agents do not.
";

const CLUSTER_README: &str = "\
# Monitoring

- `prometheus/rules.yml`: recording rules, and alerts that end at the topic of `60-operations`. `promtool check rules rules.yml` reads them, `promtool test rules
  rules_test.yml` proves each downtime alert with made-up series.
- `prometheus/agent.yml`: for one agent in the cluster, in the namespace `monitoring` under the service account `prometheus-agent`, whose role `60-operations` makes. It needs
  kube-state-metrics beside it and, where a database is watched, one postgres_exporter for each with the label `database`. The address to write to is the output
  `remote_write_url` of `60-operations`.
- `grafana/overview.json`: import it into Grafana and choose the workspace as its data source.

CloudWatch alarms of `60-operations` watch the cluster, the load balancers and the databases from outside: they go on when the agent does not.
";

/// The files, by path.
pub(crate) fn files(design: &Design) -> BTreeMap<String, String> {
    let mut files = prometheus(design);
    if design.operations.datadog {
        files.extend(datadog::files(design));
    }
    if design.operations.log_search {
        files.extend(log_agent::files(design));
    }
    files
}

/// None where metrics stay in CloudWatch.
fn prometheus(design: &Design) -> BTreeMap<String, String> {
    if design.operations.metrics == MetricsStore::Cloudwatch {
        return BTreeMap::new();
    }
    let readme = match design.platform {
        Some(_) => CLUSTER_README,
        None => README,
    };
    [
        ("README.md", readme.to_owned()),
        ("prometheus/agent.yml", agent::configuration(design)),
        ("prometheus/rules.yml", rules::rules(design)),
        ("prometheus/rules_test.yml", rules::tests(design)),
        ("grafana/overview.json", dashboard::overview(design)),
    ]
    .into_iter()
    .map(|(name, text)| (format!("monitoring/{name}"), text))
    .collect()
}
