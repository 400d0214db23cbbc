//! What can be wrong with what stands where.

use super::nearly;
use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::noun::with_article;
use wf_model::span::Span;
use wf_model::suggest::Near;
use wf_model::unit::Duration;

/// An entry that stands on the wrong side of another one.
pub(crate) struct Misplaced {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
    /// The entry on whose other side it belongs.
    pub(crate) other: (&'static str, Span),
    /// Whether it belongs above the other one.
    pub(crate) above: bool,
    /// What moves it there.
    pub(crate) edits: Option<Vec<Edit>>,
}

impl Finding for Misplaced {
    const SLUG: &'static str = "misplaced";

    fn diagnostic(&self) -> Diagnostic {
        let (place, label, other) = match self.above {
            true => ("behind", "belongs further up", "belongs above this"),
            false => ("before", "belongs further down", "belongs below this"),
        };
        let found = Self::at(self.span, format!("{} stands {place} {}", with_article(self.what), with_article(self.other.0)))
            .labelled(label)
            .with_label(self.other.1, other)
            .with_help(
                "Settings and clauses stand first in a body, then declarations and statements, last handlers and triggers.",
            );
        match &self.edits {
            Some(edits) => found.with_edits("Move it there", edits.clone()),
            None => found,
        }
    }
}

/// What no run gets to.
pub(crate) struct Unreachable {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
    /// The condition or list that decides it.
    pub(crate) decided: Span,
}

impl Finding for Unreachable {
    const SLUG: &'static str = "unreachable";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("this {} never runs", self.what))
            .labelled("no run gets here")
            .with_label(self.decided, "because of this")
            .with_help("Remove it, or mend what decides it.")
    }
}

/// A declaration that belongs somewhere else.
pub(crate) struct StrayDeclaration {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
    pub(crate) place: &'static str,
}

impl Finding for StrayDeclaration {
    const SLUG: &'static str = "stray-declaration";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} belongs to a {}", with_article(self.what), self.place))
            .labelled("does not fit here")
            .with_help(format!("Move it into the body of a {}.", self.place))
    }
}

/// A statement in the body of a step.
pub(crate) struct StrayStatement<'a> {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
    pub(crate) kind: &'a str,
}

impl Finding for StrayStatement<'_> {
    const SLUG: &'static str = "stray-statement";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} stands in the body of a step", with_article(self.what)))
            .labelled(format!("attributes and clauses of `{}` stand here", self.kind))
            .with_help("Move it behind the step; statements that belong together stand in a `stage`.")
    }
}

/// A clause where it means nothing.
pub(crate) struct StrayClause {
    pub(crate) clause: &'static str,
    pub(crate) span: Span,
    pub(crate) place: &'static str,
    pub(crate) belongs: &'static str,
}

impl Finding for StrayClause {
    const SLUG: &'static str = "stray-clause";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("clause `{}` means nothing in {}", self.clause, self.place))
            .labelled("does not fit here")
            .with_help(format!("It belongs to {}.", self.belongs))
    }
}

/// A clause that stands twice.
pub(crate) struct RepeatedClause {
    pub(crate) clause: &'static str,
    pub(crate) span: Span,
    pub(crate) first: Span,
}

impl Finding for RepeatedClause {
    const SLUG: &'static str = "repeated-clause";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("clause `{}` stands twice", self.clause))
            .labelled("again")
            .with_label(self.first, "first here")
            .with_help("Keep one of them.")
    }
}

/// Two clauses that say different things of an effect.
pub(crate) struct EffectTwice {
    pub(crate) clause: &'static str,
    pub(crate) span: Span,
    pub(crate) first_clause: &'static str,
    pub(crate) first: Span,
}

impl Finding for EffectTwice {
    const SLUG: &'static str = "effect-contradicts";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` contradicts `{}`", self.clause, self.first_clause))
            .labelled("says another thing of the same step")
            .with_label(self.first, "said first")
            .with_help("A step only reads, or has an `undo`, or says why it has none.")
    }
}

/// A handler where nothing has one.
pub(crate) struct StrayHandler {
    pub(crate) span: Span,
    /// "a handler", "an undo" or "a check".
    pub(crate) place: &'static str,
}

impl Finding for StrayHandler {
    const SLUG: &'static str = "stray-handler";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("a handler stands in {}", self.place));
        if self.place == "a handler" {
            return found.labelled("nothing fails further here").with_help(
                "A step that fails in a handler is recorded, and the next statement runs; wrap steps in a `stage` with handlers of its own.",
            );
        }
        found
            .labelled("does not fit here")
            .with_help("Move it to the end of the step's body, or to the end of the body that the step stands in.")
    }
}

/// `rollback` outside a handler.
pub(crate) struct RollbackOutsideHandler {
    pub(crate) span: Span,
}

impl Finding for RollbackOutsideHandler {
    const SLUG: &'static str = "rollback-outside-handler";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "`rollback` stands outside a handler")
            .labelled("nothing has failed here")
            .with_help("Write `on failure { rollback }` at the end of the body, or `on failure rollback`.")
    }
}

/// `rollback manually` further in than the workflow.
pub(crate) struct ManualRollbackInside {
    pub(crate) span: Span,
}

impl Finding for ManualRollbackInside {
    const SLUG: &'static str = "manual-rollback-inside";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "`rollback manually` stands in a handler of a block or step")
            .labelled("only a whole run waits for somebody")
            .with_help("Write `rollback` here, or `rollback manually` in a handler at the end of the workflow.")
    }
}

/// A checkpoint where no order is.
pub(crate) struct StrayCheckpoint {
    pub(crate) span: Span,
    pub(crate) in_handler: bool,
}

impl Finding for StrayCheckpoint {
    const SLUG: &'static str = "stray-checkpoint";

    fn diagnostic(&self) -> Diagnostic {
        if self.in_handler {
            return Self::at(self.span, "a `checkpoint` stands in a handler")
                .labelled("comes too late")
                .with_help("Put it between the statements of the body whose handler this is.");
        }
        Self::at(self.span, "a `checkpoint` stands in a body without an order")
            .labelled("what came before it is not known here")
            .with_help("Put it into a workflow, stage, branch or loop; in a `parallel` nothing comes before anything.")
    }
}

/// A checkpoint that there is not.
pub(crate) struct UnknownCheckpoint<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for UnknownCheckpoint<'_> {
    const SLUG: &'static str = "unknown-checkpoint";

    fn diagnostic(&self) -> Diagnostic {
        nearly(
            Self::at(self.span, format!("the body of this handler has no checkpoint `{}`", self.name)),
            self.near,
            self.span,
            "Set it with `checkpoint NAME` between the statements of the body.",
        )
    }
}

/// A step that depends on itself.
pub(crate) struct SelfDependency<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for SelfDependency<'_> {
    const SLUG: &'static str = "self-dependency";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("step `{}` depends on itself", self.name))
            .labelled("would wait for ever")
            .with_help("Name the step that it has to wait for.")
    }
}

/// A `depends on` that names no step.
pub(crate) struct UnknownStep<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
    pub(crate) is_value: bool,
}

impl Finding for UnknownStep<'_> {
    const SLUG: &'static str = "unknown-step";

    fn diagnostic(&self) -> Diagnostic {
        let help = if self.is_value {
            "It is a value and no step; using it is enough, a value is waited for by itself."
        } else {
            "Name a step or a named block of this workflow."
        };
        nearly(Self::at(self.span, format!("no step is called `{}`", self.name)), self.near, self.span, help)
    }
}

/// A `depends on` that names a step which is not there when the statement waits.
pub(crate) struct OutOfReach<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) declared: Option<Span>,
}

impl Finding for OutOfReach<'_> {
    const SLUG: &'static str = "depends-out-of-reach";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("step `{}` cannot be waited for here", self.name))
            .labelled("stands in another branch or in a handler");
        let found = match self.declared {
            Some(declared) => found.with_label(declared, "declared here"),
            None => found,
        };
        found.with_help("Name a step of this body, of one around it, or inside a block above.")
    }
}

/// So many names are listed where none is near.
const LISTED: usize = 30;

/// A step kind that there is not.
pub(crate) struct UnknownKind<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
    pub(crate) known: &'a [String],
}

impl Finding for UnknownKind<'_> {
    const SLUG: &'static str = "unknown-kind";

    fn diagnostic(&self) -> Diagnostic {
        let listed = self.known.iter().take(LISTED).map(|name| format!("`{name}`"));
        let more = self.known.len().saturating_sub(LISTED);
        let more = (more > 0).then(|| format!("{more} more"));
        let known = listed.chain(more).collect::<Vec<_>>().join(", ");
        nearly(
            Self::at(self.span, format!("no step kind is called `{}`", self.name)),
            self.near,
            self.span,
            &format!("There are {known}."),
        )
    }
}

/// `bash "…"`: a shell where a kind belongs.
pub(crate) struct ShellAsKind<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    /// What names it in the body; `None` where that is not known.
    pub(crate) setting: Option<Vec<Edit>>,
}

impl Finding for ShellAsKind<'_> {
    const SLUG: &'static str = "unknown-kind";

    fn diagnostic(&self) -> Diagnostic {
        let name = self.name;
        let found = Self::at(self.span, format!("no step kind is called `{name}`"))
            .labelled("a shell, which an attribute names")
            .with_help(format!("Write `shell \"…\" {{ shell: \"{name}\" }}`; without it `/bin/sh` reads the text."));
        let Some(setting) = &self.setting else { return found };
        let kind = Edit { span: self.span, replacement: "shell".to_owned() };
        found.with_edits(format!("Write `shell`, read by {name}"), [kind].into_iter().chain(setting.iter().cloned()).collect())
    }
}

/// `sleep "5s"`
pub(crate) struct TimeExpected<'a> {
    pub(crate) span: Span,
    pub(crate) text: &'a str,
}

impl Finding for TimeExpected<'_> {
    const SLUG: &'static str = "sleep-until";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("{:?} is no time", self.text)).labelled("`sleep` waits until the time in a text");
        match Duration::parse(self.text) {
            Some(_) => found.with_help(format!("Write `{}` without quotes for how long to wait.", self.text)).with_fix(
                "Remove the quotes",
                self.span,
                self.text,
            ),
            None => found
                .with_help("Write a time such as \"2026-03-01T06:00:00Z\", or how long to wait without quotes, such as `5s`."),
        }
    }
}

/// `inputs: { "a-b": 1 }`
pub(crate) struct InputName<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for InputName<'_> {
    const SLUG: &'static str = "input-name";

    fn diagnostic(&self) -> Diagnostic {
        let snake: String = self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let snake = snake.trim_matches('_');
        let found = Self::at(self.span, format!("{:?} is no name of a variable in the program", self.name))
            .labelled("the program cannot read it");
        if snake != self.name && snake.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return found.with_help(format!("Use letters, digits and `_`, such as `{snake}`."));
        }
        found.with_help("Choose another name, of letters, digits and `_`, that is no word of the program's language.")
    }
}

/// `mode: "rw-r--r--"`
pub(crate) struct FileMode<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Span,
}

impl Finding for FileMode<'_> {
    const SLUG: &'static str = "file-mode";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{:?} is no octal number up to 7777", self.text))
            .labelled("says who may read, write and run the file")
            .with_help("Write three or four octal digits, such as \"0644\": for the owner, the group and everybody else.")
    }
}

/// A module that is not imported.
pub(crate) struct UnknownModule<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for UnknownModule<'_> {
    const SLUG: &'static str = "unknown-import-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("no module is called `{}`", self.name))
            .labelled("not imported")
            .with_help(format!("Import it at the top of the file: `use \"./{}.wf\"`.", self.name))
    }
}
