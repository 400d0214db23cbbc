//! How strictly a file is checked.

use serde::{Deserialize, Serialize};

/// How much `wfc check` asks of a file; each level includes the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Errors only.
    Basic,
    /// Adds warnings.
    #[default]
    Standard,
    /// Adds what a production workflow should say.
    Strict,
    /// Adds checks that look at the machine.
    Paranoid,
}

/// What a diagnostic counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth a look; the file still runs.
    Warning,
    /// The file does not run.
    Error,
}

/// From which level on a diagnostic warns and from which on it is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Strictness {
    /// The first level that shows it as a warning.
    pub warns_from: Option<Level>,
    /// The first level that shows it as an error.
    pub fails_from: Option<Level>,
}

impl Strictness {
    /// An error at every level.
    pub const ERROR: Self = Self { warns_from: None, fails_from: Some(Level::Basic) };
    /// A warning from standard on.
    pub const WARNING: Self = Self { warns_from: Some(Level::Standard), fails_from: None };
    /// A warning in standard, an error from strict on.
    pub const WARNING_THEN_ERROR: Self = Self { warns_from: Some(Level::Standard), fails_from: Some(Level::Strict) };
    /// A warning from strict on.
    pub const STRICT_WARNING: Self = Self { warns_from: Some(Level::Strict), fails_from: None };
    /// An error from strict on.
    pub const STRICT_ERROR: Self = Self { warns_from: None, fails_from: Some(Level::Strict) };
    /// A warning of the paranoid level.
    pub const PARANOID_WARNING: Self = Self { warns_from: Some(Level::Paranoid), fails_from: None };

    /// What it counts as at `level`.
    #[must_use]
    pub fn at(self, level: Level) -> Option<Severity> {
        if self.fails_from.is_some_and(|from| from <= level) {
            return Some(Severity::Error);
        }
        self.warns_from.is_some_and(|from| from <= level).then_some(Severity::Warning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_may_become_an_error_at_a_stricter_level() {
        let at = |strictness: Strictness| [Level::Basic, Level::Standard, Level::Strict].map(|level| strictness.at(level));
        let (warning, error) = (Some(Severity::Warning), Some(Severity::Error));
        assert_eq!(at(Strictness::ERROR), [error; 3]);
        assert_eq!(at(Strictness::WARNING), [None, warning, warning]);
        assert_eq!(at(Strictness::WARNING_THEN_ERROR), [None, warning, error]);
        assert_eq!(at(Strictness::STRICT_ERROR), [None, None, error]);
    }
}
