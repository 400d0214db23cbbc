//! What can be wrong with files, names and values.

use super::nearly;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::span::Span;
use wf_model::suggest::Near;

/// A file that cannot be read.
pub(crate) struct Unreadable<'a> {
    pub(crate) message: &'a str,
    pub(crate) help: &'a str,
    pub(crate) span: Span,
}

impl Finding for Unreadable<'_> {
    const SLUG: &'static str = "unreadable-file";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, self.message).with_help(self.help)
    }
}

/// A file without any declaration.
pub(crate) struct EmptyFile {
    pub(crate) span: Span,
}

impl Finding for EmptyFile {
    const SLUG: &'static str = "empty-file";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "the file declares nothing").with_help("Begin with a workflow: `workflow main { … }`.")
    }
}

/// A file that a `use` names and that cannot be read.
pub(crate) struct ImportUnreadable<'a> {
    pub(crate) message: &'a str,
    pub(crate) help: &'a str,
    pub(crate) span: Span,
}

impl Finding for ImportUnreadable<'_> {
    const SLUG: &'static str = "unreadable-import";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, self.message).labelled("named here").with_help(self.help)
    }
}

/// `use std.…`, which this version does not have.
pub(crate) struct NoStandardLibrary<'a> {
    pub(crate) module: &'a str,
    pub(crate) span: Span,
}

impl Finding for NoStandardLibrary<'_> {
    const SLUG: &'static str = "unknown-module";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("there is no module `{}`", self.module))
            .labelled("not part of this version")
            .with_help("Name a file in quotes: `use \"./lib/deploy.wf\"`.")
    }
}

/// Files that use each other in a circle.
pub(crate) struct ImportCycle<'a> {
    pub(crate) links: &'a [(Span, String)],
}

impl Finding for ImportCycle<'_> {
    const SLUG: &'static str = "import-cycle";

    fn diagnostic(&self) -> Diagnostic {
        circle(
            Self::at(self.links.last().map(|(span, _)| *span).unwrap_or_default(), "files use each other in a circle"),
            self.links,
            "used in",
        )
        .with_help("Move what both need into a file of its own.")
    }
}

/// Workflows that call each other in a circle.
pub(crate) struct WorkflowRecursion<'a> {
    pub(crate) links: &'a [(Span, String)],
}

impl Finding for WorkflowRecursion<'_> {
    const SLUG: &'static str = "workflow-recursion";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.links.last().map(|(span, _)| *span).unwrap_or_default(), "a workflow calls itself");
        let found =
            self.links.iter().rev().skip(1).fold(found, |found, (span, name)| found.with_label(*span, format!("calls `{name}`")));
        found
            .labelled(format!("calls `{}` again", self.links.last().map_or("", |(_, name)| name)))
            .with_help("Repeat work with `for each` or `repeat until`, which always end.")
    }
}

/// `let`s of a file that need each other in a circle.
pub(crate) struct LetCycle<'a> {
    /// Each name, with the place where its `let` uses the next one; the last uses the first.
    pub(crate) links: &'a [(&'a str, Span)],
}

impl Finding for LetCycle<'_> {
    const SLUG: &'static str = "let-cycle";

    fn diagnostic(&self) -> Diagnostic {
        let (name, span) = self.links.last().copied().unwrap_or_default();
        let message = match self.links {
            [_] => format!("`{name}` is made from itself"),
            _ => "values of the file are made from each other".to_owned(),
        };
        let found = Self::at(span, message).labelled(format!("needed for `{name}`"));
        let others = self.links.iter().rev().skip(1);
        others
            .fold(found, |found, (name, span)| found.with_label(*span, format!("needed for `{name}`")))
            .with_help("Write out one of them, so that the others can follow from it.")
    }
}

/// A name that is taken.
pub(crate) struct DuplicateName<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) first: Option<Span>,
    pub(crate) what: &'static str,
}

impl Finding for DuplicateName<'_> {
    const SLUG: &'static str = "duplicate-name";

    fn diagnostic(&self) -> Diagnostic {
        let found =
            Self::at(self.span, format!("`{}` is the name of another {}", self.name, self.what)).labelled("declared again");
        let found = match self.first {
            Some(first) => found.with_label(first, "declared first"),
            None => found,
        };
        found.with_help(match self.what {
            "value" => "Give it a name of its own; only the branches of one `if` may share names.",
            _ => "Give it a name of its own.",
        })
    }
}

/// A name that always means something else.
pub(crate) struct ReservedName<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for ReservedName<'_> {
    const SLUG: &'static str = "reserved-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` cannot be the name of a value", self.name))
            .labelled("always means something here")
            .with_help("Choose another name; `run`, `here`, `result`, `failure` and `event` are taken.")
    }
}

/// A value that stands below its use.
pub(crate) struct UsedBeforeDeclared<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) declared: Span,
    /// Whether a parameter or a setting uses it, which happens before the first statement.
    pub(crate) early: bool,
    /// Whether a step gives it: that may be waited for from above.
    pub(crate) of_step: bool,
}

impl Finding for UsedBeforeDeclared<'_> {
    const SLUG: &'static str = "used-before-declared";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("`{}` has no value yet", self.name))
            .with_label(self.declared, if self.declared < self.span { "declared here" } else { "declared below" });
        if self.early {
            return found
                .labelled("used before the first statement")
                .with_help("A parameter may use the parameters above it, a setting all parameters and secrets.");
        }
        found.labelled("used here").with_help(match self.of_step {
            true => "Move the use below it, or let the step that uses it say `depends on`.",
            false => "Move the use below it.",
        })
    }
}

/// A name that exists and cannot be used here.
pub(crate) struct NotVisible<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) declared: Span,
    pub(crate) reason: (String, String),
}

impl Finding for NotVisible<'_> {
    const SLUG: &'static str = "not-visible";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` {}", self.name, self.reason.0))
            .labelled("not visible here")
            .with_label(self.declared, "declared here")
            .with_help(self.reason.1.clone())
    }
}

/// `result`, `failure` or `event` where there is none.
pub(crate) struct NotHere<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) place: &'static str,
}

impl Finding for NotHere<'_> {
    const SLUG: &'static str = "not-here";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("there is no `{}` here", self.name))
            .labelled("has no value here")
            .with_help(format!("It is there {}.", self.place))
    }
}

/// Something of a run in the `let` of a file.
pub(crate) struct GlobalSeesNothing<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for GlobalSeesNothing<'_> {
    const SLUG: &'static str = "global-sees-no-run";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a `let` of the file knows no `{}`", self.name))
            .labelled("belongs to a run")
            .with_help("Move the `let` into the workflow that uses it.")
    }
}

/// A name that a file does not offer.
pub(crate) struct UnknownImport<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for UnknownImport<'_> {
    const SLUG: &'static str = "unknown-import";

    fn diagnostic(&self) -> Diagnostic {
        nearly(
            Self::at(self.span, format!("the file has no workflow `{}`", self.name)),
            self.near,
            self.span,
            "Look at the names of its workflows; only they are imported.",
        )
    }
}

/// Something that nothing uses.
pub(crate) struct Unused<'a> {
    pub(crate) what: &'static str,
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for Unused<'_> {
    const SLUG: &'static str = "unused";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} `{}` is never used", self.what, self.name))
            .labelled("used nowhere")
            .with_help("Remove it, or use it.")
    }
}

/// Adds every link of a circle but the last, which is the primary place.
fn circle(found: Diagnostic, links: &[(Span, String)], verb: &str) -> Diagnostic {
    let found = links.iter().rev().skip(1).fold(found, |found, (span, name)| found.with_label(*span, format!("{verb} {name}")));
    found.labelled(links.last().map(|(_, name)| format!("{verb} {name}")).unwrap_or_default())
}
