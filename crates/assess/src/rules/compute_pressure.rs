use reberth_model::assessment::{CheckResult, Evidence};
use reberth_model::estate::{Estate, Utilisation};

use super::{Context, Rule, evidence, fail_if};

/// Flags servers that are short of processor or memory today: their size must not be copied to the target.
pub(super) const RULE: Rule = Rule {
    id: "RB-S-PERF-01",
    problem: "Some servers are short of processor or memory today",
    reads: &["server", "process"],
    check,
};

const CPU_P95_PERCENT_MAX: f64 = 80.0;
const MEMORY_P99_PERCENT_MAX: f64 = 85.0;

fn check(estate: &Estate, _: &Context) -> Vec<Evidence> {
    let servers = estate.servers().map(|(resource, server)| {
        let (result, value) = pressure(server.utilisation.as_ref());
        evidence(resource, result, "utilisation", value)
    });
    let processes = estate.processes().map(|(resource, _)| {
        let value = "not measured: the API has no measurements of processes";
        evidence(resource, CheckResult::Unknown, "utilisation", value)
    });
    servers.chain(processes).collect()
}

fn pressure(measured: Option<&Utilisation>) -> (CheckResult, String) {
    let Some(measured) = measured else {
        return (CheckResult::Unknown, "not measured".to_owned());
    };
    match (measured.cpu_p95_percent, measured.memory_p99_percent) {
        (Some(cpu), Some(memory)) => (
            fail_if(cpu >= CPU_P95_PERCENT_MAX || memory >= MEMORY_P99_PERCENT_MAX),
            format!("processor p95 {cpu:.1} %, memory p99 {memory:.1} %"),
        ),
        (Some(cpu), None) if cpu >= CPU_P95_PERCENT_MAX => (
            CheckResult::Fail,
            format!("processor p95 {cpu:.1} %, memory not measured"),
        ),
        (None, Some(memory)) if memory >= MEMORY_P99_PERCENT_MAX => (
            CheckResult::Fail,
            format!("memory p99 {memory:.1} %, processor not measured"),
        ),
        _ => (CheckResult::Unknown, "only in part measured".to_owned()),
    }
}
