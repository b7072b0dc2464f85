//! What the exit code says.

use std::process::ExitCode;

/// How a command ended. Usage errors (2) are reported by the argument parser itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 3: waiting for a gate or an approval.
    Waiting,
    /// 4: differences were found.
    Differences,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Waiting => 3,
            Exit::Differences => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
