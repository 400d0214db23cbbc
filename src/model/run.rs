//! How a run stands.

use serde::{Deserialize, Serialize};

/// The states of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It has not begun.
    Queued,
    /// It goes on.
    Running,
    /// It waits for somebody.
    Paused,
    /// Everything that had to succeed did.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It failed, and what it did is undone.
    RolledBack,
    /// It failed, and something that it did could not be undone.
    RollbackFailed,
}

impl RunState {
    /// How programs, journals and reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
            Self::RollbackFailed => "rollback_failed",
        }
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Paused => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::RolledBack | Self::RollbackFailed => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RunState;

    #[test]
    fn a_state_is_written_as_it_is_named() {
        for state in [RunState::Queued, RunState::Succeeded, RunState::RolledBack, RunState::RollbackFailed] {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.name()));
        }
    }
}
