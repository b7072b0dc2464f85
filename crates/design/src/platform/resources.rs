//! What one pod asks for: from measured use where there is any, else from its size at the source.
//!
//! Memory is asked for and limited alike, so that a pod that grows dies itself and takes no other with it. Processors have no limit: as at the source, a
//! pod may use what its neighbours leave, and is held to its request only when they do not.

use reberth_model::design::{PodResources, ResourceBasis};
use reberth_model::estate::{Process, ProcessUtilisation};

use super::process_size;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

/// Hours and samples without which a measurement says nothing of the busiest hour of a day.
const WINDOW_HOURS_MIN: u64 = 24;
const SAMPLES_MIN: u64 = 100;
/// What is added to measured memory, in percent.
const MEMORY_ROOM_PERCENT: u64 = 20;
/// Requests are rounded up to these.
const CPU_STEP_MILLIS: u64 = 50;
const MEMORY_STEP_MIB: u64 = 64;
/// What a pod of an unknown size asks for.
const UNKNOWN_CPU_MILLIS: u64 = 500;
const UNKNOWN_MEMORY_MIB: u64 = 1024;
/// Most that a person may ask for: more than any machine has is found by the placement check, which tells it better.
const CPU_MILLIS_MAX: u64 = 200_000;
const MEMORY_MIB_MAX: u64 = 2_000_000;

/// What a pod of a process asks for, before anybody decides otherwise.
pub(super) fn own(process: &Process) -> PodResources {
    match process.utilisation.as_ref().and_then(measured) {
        Some(resources) => resources,
        None => assumed(process),
    }
}

/// The same as the policy wants it.
pub(super) fn decided(
    key: &str,
    own: PodResources,
    decisions: &mut Decisions<'_>,
) -> Result<PodResources, DesignError> {
    let cpu_id = format!("workloads.{key}.cpu_request_millis");
    let memory_id = format!("workloads.{key}.memory_mib");
    let is_decided = decisions.is_overridden(&cpu_id) || decisions.is_overridden(&memory_id);
    let cpu_request_millis = decisions.number(&Question {
        id: &cpu_id,
        value: &own.cpu_request_millis.to_string(),
        alternative: "what it is measured to use",
        why: &own.why,
        may_be: Values::Number(10, CPU_MILLIS_MAX),
    })?;
    let memory_mib = decisions.number(&Question {
        id: &memory_id,
        value: &own.memory_request_mib.to_string(),
        alternative: "what it is measured to use",
        why: &own.why,
        may_be: Values::Number(32, MEMORY_MIB_MAX),
    })?;
    Ok(PodResources {
        cpu_request_millis,
        memory_request_mib: memory_mib,
        memory_limit_mib: memory_mib,
        basis: if is_decided {
            ResourceBasis::Decided
        } else {
            own.basis
        },
        ..own
    })
}

fn measured(use_of: &ProcessUtilisation) -> Option<PodResources> {
    let is_enough = use_of.window_hours >= WINDOW_HOURS_MIN && use_of.samples >= SAMPLES_MIN;
    let cpu = use_of.cpu_p95_millis.filter(|_| is_enough)?;
    let memory = use_of.memory_max_mib?;
    let memory = memory + memory * MEMORY_ROOM_PERCENT / 100;
    Some(resources(
        cpu.max(1).next_multiple_of(CPU_STEP_MILLIS),
        memory.max(1).next_multiple_of(MEMORY_STEP_MIB),
        ResourceBasis::Measured,
        format!(
            "measured over {} hours: 95 % of {} samples used {cpu} thousandths of a processor or less, and {MEMORY_ROOM_PERCENT} % are added to the most memory seen",
            use_of.window_hours, use_of.samples
        ),
    ))
}

fn assumed(process: &Process) -> PodResources {
    let size = process_size::of(&process.size);
    let cpu = size.map_or(UNKNOWN_CPU_MILLIS, |size| size.cpu_millis);
    let memory = process
        .memory_mib
        .or(size.map(|size| size.memory_mib))
        .unwrap_or(UNKNOWN_MEMORY_MIB);
    let why = match (size, process.memory_mib) {
        (Some(_), _) => format!(
            "assumed from its size {}: its use was not measured",
            process.size
        ),
        (None, Some(_)) => format!(
            "assumed: the processors of size {:?} are in no table; its memory is told",
            process.size
        ),
        (None, None) => format!(
            "assumed: the size {:?} is in no table and nothing was measured",
            process.size
        ),
    };
    resources(cpu, memory.max(1), ResourceBasis::Assumed, why)
}

fn resources(
    cpu_request_millis: u64,
    memory_mib: u64,
    basis: ResourceBasis,
    why: String,
) -> PodResources {
    PodResources {
        cpu_request_millis,
        memory_request_mib: memory_mib,
        cpu_limit_millis: None,
        memory_limit_mib: memory_mib,
        basis,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(
        size: &str,
        memory_mib: Option<u64>,
        utilisation: Option<ProcessUtilisation>,
    ) -> Process {
        Process {
            size: size.to_owned(),
            memory_mib,
            utilisation,
            ..Process::default()
        }
    }

    fn used(window_hours: u64) -> ProcessUtilisation {
        ProcessUtilisation {
            window_hours,
            samples: 1000,
            cpu_p95_millis: Some(810),
            memory_max_mib: Some(700),
        }
    }

    #[test]
    fn measured_use_wins_if_it_was_measured_long_enough() {
        for (utilisation, cpu, memory, basis) in [
            (Some(used(168)), 850, 896, ResourceBasis::Measured),
            (Some(used(2)), 2000, 2560, ResourceBasis::Assumed),
            (None, 2000, 2560, ResourceBasis::Assumed),
        ] {
            let own = own(&process("Performance-M", None, utilisation));
            assert_eq!(
                (own.cpu_request_millis, own.memory_request_mib, own.basis),
                (cpu, memory, basis)
            );
            assert_eq!(own.memory_limit_mib, own.memory_request_mib);
        }
    }

    #[test]
    fn an_unknown_size_is_said_to_be_unknown() {
        let own = own(&process("Galactic", None, None));
        assert!(
            own.why.contains("Galactic") && own.why.contains("no table"),
            "{}",
            own.why
        );
        assert_eq!(own.basis, ResourceBasis::Assumed);
    }
}
