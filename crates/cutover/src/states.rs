//! The twenty-five states of a move, and which of them this build carries out.

/// One state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateOfTheMove {
    /// Number, 0 to 24.
    pub number: u8,
    /// The step's name in the journal.
    pub name: &'static str,
    /// Why it is not carried out, where it is not: recorded so in the evidence, never as passed.
    pub not_built: Option<&'static str>,
}

const fn built(number: u8, name: &'static str) -> StateOfTheMove {
    StateOfTheMove {
        number,
        name,
        not_built: None,
    }
}

const fn unbuilt(number: u8, name: &'static str, reason: &'static str) -> StateOfTheMove {
    StateOfTheMove {
        number,
        name,
        not_built: Some(reason),
    }
}

/// All states in order. Those up to 4 are the documents of the project; `cutover run` carries out the others.
pub const STATES: [StateOfTheMove; 25] = [
    built(0, "draft"),
    built(1, "discovered"),
    built(2, "assessed"),
    built(3, "designed"),
    unbuilt(
        4,
        "plan_approved",
        "the cutover does not look for approved plans: `reberth provision plan` and `reberth approve` do that apart",
    ),
    unbuilt(
        5,
        "provisioned",
        "the cutover does not look at what was provisioned: `reberth provision apply` comes before, and the target must exist",
    ),
    unbuilt(
        6,
        "certificates_and_network",
        "certificates and the network path are not probed",
    ),
    built(7, "loading"),
    built(8, "streaming"),
    built(9, "verified"),
    unbuilt(
        10,
        "deployed_dark",
        "releasing the application on the target is not built",
    ),
    unbuilt(
        11,
        "rehearsed",
        "rehearsal on a copy is not built: the downtime is measured, not promised",
    ),
    built(12, "ready"),
    built(13, "jobs_stopped"),
    built(14, "source_fenced"),
    built(15, "drained"),
    built(16, "aligned"),
    built(17, "reverse_armed"),
    built(18, "target_open_internally"),
    built(19, "point_of_decision"),
    built(20, "switched"),
    built(21, "jobs_started"),
    unbuilt(
        22,
        "hypercare",
        "watching after the switch is not built; keep `reberth replicate start --reverse` running",
    ),
    unbuilt(
        23,
        "point_of_no_return",
        "giving up the way back is not built: it stays open",
    ),
    unbuilt(
        24,
        "finalised",
        "removing access and closing the source is not built",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_numbered_and_named_once() {
        for (index, state) in STATES.iter().enumerate() {
            assert_eq!(usize::from(state.number), index);
            assert_eq!(
                STATES
                    .iter()
                    .filter(|other| other.name == state.name)
                    .count(),
                1
            );
        }
    }
}
