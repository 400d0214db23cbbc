//! Exit codes of `wfc`, as `language.md` §14 lists them.

use std::process::ExitCode;

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is done.
    Done,
    /// The run failed, or the check found errors.
    Failed,
    /// The command line is wrong, or the file does not check.
    Usage,
    /// The run failed and what it had done was rolled back.
    RolledBack,
    /// A rollback failed: someone must look.
    RollbackFailed,
    /// The run waits for somebody.
    Waiting,
    /// The journal is damaged.
    JournalDamaged,
    /// The run is held by another process.
    RunHeld,
    /// The journal cannot be written.
    JournalUnwritable,
    /// Cancelled by the signal of this number.
    Signal(u8),
}

impl Exit {
    /// The number; a signal counts from 128, as in a shell.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::RolledBack => 3,
            Self::RollbackFailed => 4,
            Self::Waiting => 5,
            Self::JournalDamaged => 65,
            Self::RunHeld => 73,
            Self::JournalUnwritable => 74,
            Self::Signal(number) => number.saturating_add(128),
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
    use super::Exit;

    #[test]
    fn a_signal_counts_from_128() {
        assert_eq!([1, 2, 15].map(|number| Exit::Signal(number).code()), [129, 130, 143]);
    }
}
