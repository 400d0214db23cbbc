//! What is said about a source text: one value for the terminal, SARIF, JSON, GitHub and editors alike.

mod level;

pub use level::{Level, Severity, Strictness};

use crate::span::Span;
use serde::Serialize;

/// One finding: what, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The stable kebab-case name; `wfc explain SLUG` shows its page.
    pub slug: &'static str,
    /// From which level on it is shown, and as what.
    pub strictness: Strictness,
    /// One fact, lower case, no full stop.
    pub message: String,
    /// The place that it is about.
    pub primary: Label,
    /// Further places that explain it.
    pub labels: Vec<Label>,
    /// A sentence that one can act on.
    pub help: Option<String>,
    /// The edit that mends it, where there is one that surely does.
    pub fix: Option<Fix>,
}

/// A place and what it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this span is, lower case; may be empty.
    pub text: String,
}

/// A change of the text that mends the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What the change does, as an editor's menu shows it: an imperative.
    pub title: String,
    /// Replacements that do not overlap.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

/// A struct that describes one sort of finding; each has exactly one slug and one page.
///
/// The struct holds the facts, this trait turns them into the [`Diagnostic`] that everybody shows.
pub trait Finding {
    /// The stable kebab-case name.
    const SLUG: &'static str;
    /// From which level on it is shown, and as what.
    const STRICTNESS: Strictness = Strictness::ERROR;

    /// The whole diagnostic; begin with [`Finding::at`].
    fn diagnostic(&self) -> Diagnostic;

    /// Starts the diagnostic of this finding.
    #[must_use]
    fn at(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            slug: Self::SLUG,
            strictness: Self::STRICTNESS,
            message: message.into(),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }
}

impl Diagnostic {
    /// Changes every span that it names.
    pub fn each_span(&mut self, mut change: impl FnMut(&mut Span)) {
        change(&mut self.primary.span);
        self.labels.iter_mut().for_each(|label| change(&mut label.span));
        self.fix.iter_mut().flat_map(|fix| &mut fix.edits).for_each(|edit| change(&mut edit.span));
    }

    /// Says what the primary span is.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds the help sentence.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fix that replaces one span.
    #[must_use]
    pub fn with_fix(self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.with_edits(title, vec![Edit { span, replacement: replacement.into() }])
    }

    /// Adds a fix of several edits.
    #[must_use]
    pub fn with_edits(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }

    /// What it counts as at `level`; `None` where that level does not show it.
    #[must_use]
    pub fn severity(&self, level: Level) -> Option<Severity> {
        self.strictness.at(level)
    }
}
