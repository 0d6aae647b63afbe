//! What the process says with its exit code.

use std::process::ExitCode;

use crate::client::RunStatus;

/// The exit codes of every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// 0: done; of a run: it succeeded.
    Done,
    /// 1: the run failed or was cancelled, or the command could not do its work.
    Failed,
    /// 2: a bad definition, input or command line.
    Usage,
    /// 3: the run is blocked, or waits for a person.
    NeedsPerson,
    /// 130: interrupted from the keyboard.
    Interrupted,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NeedsPerson => 3,
            Self::Interrupted => 130,
        }
    }

    /// Of a run that has ended, or that stands still.
    pub(crate) const fn of_run(status: RunStatus) -> Self {
        match status {
            RunStatus::Succeeded => Self::Done,
            RunStatus::Failed | RunStatus::Cancelled => Self::Failed,
            RunStatus::Queued
            | RunStatus::Running
            | RunStatus::Waiting
            | RunStatus::Paused
            | RunStatus::Blocked
            | RunStatus::Other => Self::NeedsPerson,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_s_end_decides_the_exit_code() {
        let codes = [
            (RunStatus::Succeeded, 0),
            (RunStatus::Failed, 1),
            (RunStatus::Cancelled, 1),
            (RunStatus::Blocked, 3),
            (RunStatus::Waiting, 3),
            (RunStatus::Paused, 3),
        ];
        for (status, code) in codes {
            assert_eq!(Exit::of_run(status).code(), code, "{status:?}");
        }
    }
}
