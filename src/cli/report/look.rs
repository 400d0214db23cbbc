//! How text may look: colours, characters and width.

use std::io::IsTerminal;
use std::os::fd::AsFd;

/// Columns where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 100;

/// Fewer columns than this are taken as this many.
const SMALLEST_WIDTH: usize = 40;

/// How text may look on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether colours are used.
    pub colour: bool,
    /// Whether lines are drawn with more than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Look {
    /// Plain text of the default width.
    pub const PLAIN: Self = Self { colour: false, unicode: true, width: DEFAULT_WIDTH };

    /// What a stream of this process takes.
    #[must_use]
    pub fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        let columns = rustix::termios::tcgetwinsize(stream).map(|size| usize::from(size.ws_col));
        let terminal = stream.is_terminal().then(|| columns.unwrap_or(0));
        Self::from_environment(terminal, |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Decides by the columns of the terminal, if it is one, and `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and `CI`.
    #[must_use]
    pub fn from_environment(terminal: Option<usize>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").as_deref() != Some("0");
        let dumb = variable("TERM").as_deref() == Some("dumb");
        let able = terminal.is_some() && !dumb && !set("CI");
        let width = terminal.filter(|columns| *columns > 0).unwrap_or(DEFAULT_WIDTH);
        Self { colour: !set("NO_COLOR") && (forced || able), unicode: !dumb, width: width.max(SMALLEST_WIDTH) }
    }
}

/// Whether somebody sits at a terminal who can be asked; in CI nobody is.
pub(crate) fn somebody_is_there() -> bool {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    !in_ci && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::Look;

    fn colour(terminal: Option<usize>, variables: &[(&str, &str)]) -> bool {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Look::from_environment(terminal, find).colour
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        assert!(colour(Some(80), &[]));
        assert!(!colour(None, &[]));
        assert!(!colour(Some(80), &[("NO_COLOR", "1")]));
        assert!(!colour(Some(80), &[("TERM", "dumb")]));
        assert!(!colour(Some(80), &[("CI", "true")]));
        assert!(colour(Some(80), &[("NO_COLOR", "")]));
    }

    #[test]
    fn colours_can_be_forced_but_not_against_no_color() {
        assert!(colour(None, &[("CLICOLOR_FORCE", "1"), ("CI", "1")]));
        assert!(!colour(None, &[("CLICOLOR_FORCE", "0")]));
        assert!(!colour(None, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }

    #[test]
    fn width_is_the_terminals_or_100() {
        let width = |terminal| Look::from_environment(terminal, |_| None).width;
        assert_eq!([width(Some(72)), width(Some(0)), width(Some(3)), width(None)], [72, 100, 40, 100]);
    }
}
