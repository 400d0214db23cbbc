//! What is said about the order of statements.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// So many links of a circle are shown.
const LABELLED: usize = 16;

/// A statement that waits for itself, by way of others or not.
pub(super) struct DependencyCycle {
    /// The statements that wait, in the order of the circle.
    pub(super) titles: Vec<String>,
    /// Each link: its reason as a sentence, and where it stands; the first is the one to look at.
    pub(super) links: Vec<(String, Span)>,
}

impl Finding for DependencyCycle {
    const SLUG: &'static str = "dependency-cycle";

    fn diagnostic(&self) -> Diagnostic {
        let mut links = self.links.iter().take(LABELLED);
        let (first, span) = links.next().cloned().unwrap_or_default();
        let diagnostic = Self::at(span, circle(&self.titles)).labelled(first);
        let labelled = links.fold(diagnostic, |diagnostic, (text, span)| diagnostic.with_label(*span, text));
        labelled
            .with_help("Open the circle at one link: leave a name out of `depends on`, use a value less, or move a statement. Inside `parallel { … }` the order in which statements are written does not count.")
    }
}

fn circle(titles: &[String]) -> String {
    match titles {
        [] => "a statement waits for itself".to_owned(),
        [one] => format!("{one} waits for itself"),
        [one, other] => format!("{one} and {other} wait for each other"),
        [one, second, third] => format!("{one} waits for itself by way of {second} and {third}"),
        [one, second, third, rest @ ..] => {
            format!("{one} waits for itself by way of {second}, {third} and {} more", rest.len())
        }
    }
}

/// A value that is used above the statement that sets it.
pub(super) struct ValueUsedBefore {
    /// Who uses it.
    pub(super) user: String,
    /// Who sets it.
    pub(super) producer: String,
    /// Where it is used.
    pub(super) used: Span,
    /// Where it is set.
    pub(super) declared: Span,
}

impl Finding for ValueUsedBefore {
    const SLUG: &'static str = "value-used-before";

    fn diagnostic(&self) -> Diagnostic {
        let Self { user, producer, used, declared } = self;
        Self::at(*used, format!("{user} uses the value of {producer}, which stands below"))
            .labelled("it is not there yet")
            .with_label(*declared, "it is set here")
            .with_help(format!("Move {producer} above, or say with `depends on` what {user} waits for."))
    }
}
