//! What can be wrong with the shape of a statement.

use wf_model::diagnostic::{Diagnostic, Edit, Finding};
use wf_model::span::Span;
use wf_model::suggest::is_typing_mistake;

/// A word that begins no statement here.
pub(super) struct UnknownStatement {
    pub(super) word: Span,
    pub(super) written: String,
    /// The word that was most likely meant.
    pub(super) meant: Option<&'static str>,
    /// Whether the statement exists, but inside a workflow.
    pub(super) nested: bool,
    /// Whether it stands at the top of a file.
    pub(super) of_file: bool,
    /// Whether another language's word is meant, and the line can be read with ours in its place.
    pub(super) fits: bool,
}

impl Finding for UnknownStatement {
    const SLUG: &'static str = "unknown-statement";

    fn diagnostic(&self) -> Diagnostic {
        let place = if self.of_file { "declaration" } else { "statement" };
        let found = Self::at(self.word, format!("no {place} begins with `{}`", self.written));
        if self.nested {
            return found
                .labelled("stands outside every workflow")
                .with_help(format!("Put it into a workflow: `workflow main {{ {} … }}`.", self.written));
        }
        match self.meant {
            Some(meant) => {
                let found = found
                    .labelled(format!("did you mean `{meant}`?"))
                    .with_help(format!("Write `{meant}` instead of `{}`.", self.written));
                if self.fits || is_typing_mistake(&self.written, meant) {
                    return found.with_fix(format!("Write `{meant}`"), self.word, meant);
                }
                found
            }
            None if self.of_file => {
                found.labelled("not a declaration").with_help("A file holds `use`, `type`, `let`, `workflow` and `test` declarations.")
            }
            None if self.written.starts_with("on ") => found
                .labelled("nothing that can happen")
                .with_help("Behind `on` stands `failure`, `success`, `cancel` or `failure or cancel`; `on unknown` is a clause of a step."),
            None => found.labelled("not a statement").with_help(
                "A step begins with `step NAME:`, an attribute with `NAME:`; blocks are `if`, `stage`, `parallel`, `for each` and `repeat until`.",
            ),
        }
    }
}

/// Something other than a word begins an entry.
pub(super) struct StatementExpected {
    pub(super) at: Span,
    pub(super) of_file: bool,
}

impl Finding for StatementExpected {
    const SLUG: &'static str = "statement-expected";

    fn diagnostic(&self) -> Diagnostic {
        let help = if self.of_file {
            "A file holds `use`, `type`, `let`, `workflow` and `test` declarations."
        } else {
            "A statement begins with a word, such as `step`, `let` or `if`; an attribute with its name and a colon."
        };
        Self::at(self.at, "nothing begins like this").labelled("a statement was expected here").with_help(help)
    }
}

/// The type of a step's value stands behind the step's block.
pub(super) struct TypeBehindBlock {
    pub(super) at: Span,
    /// As it is written, with its arrow.
    pub(super) type_: String,
}

impl Finding for TypeBehindBlock {
    const SLUG: &'static str = "type-behind-block";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.at, "the type of a step's value stands before its block")
            .labelled("nothing stands here")
            .with_help(format!("Write it before the brace: `step NAME: … {} {{ … }}`.", self.type_))
    }
}

/// A statement that needs a body has none.
pub(super) struct BodyMissing<'a> {
    pub(super) statement: &'static str,
    pub(super) example: &'a str,
    pub(super) at: Span,
    /// Whether only the opening brace is missing.
    pub(super) add: bool,
}

impl Finding for BodyMissing<'_> {
    const SLUG: &'static str = "missing-body";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.at, format!("{} has no body", self.statement))
            .labelled("a `{` was expected behind this")
            .with_help(format!("Write what belongs to it between braces: `{}`.", self.example));
        if self.add { found.with_fix("Add the brace", self.at.after(), " {") } else { found }
    }
}

/// A statement that takes no body has one.
pub(super) struct BodyNotExpected {
    pub(super) statement: String,
    pub(super) head: Span,
    pub(super) brace: Span,
}

impl Finding for BodyNotExpected {
    const SLUG: &'static str = "unexpected-body";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.brace, format!("`{}` takes no body", self.statement))
            .labelled("this body belongs to nothing")
            .with_label(self.head, "the statement ends here")
            .with_help("Remove the braces and what stands between them, or begin the line with the statement that it belongs to.")
    }
}

/// A part of a head that stands twice.
pub(super) struct RepeatedPart {
    pub(super) what: &'static str,
    pub(super) place: Span,
}

impl Finding for RepeatedPart {
    const SLUG: &'static str = "repeated-part";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.place, format!("a second {}", self.what)).labelled("stands here already").with_help("Keep one of them.")
    }
}

/// The main attribute in a header is not a literal.
pub(super) struct MainNotLiteral {
    pub(super) place: Span,
}

impl Finding for MainNotLiteral {
    const SLUG: &'static str = "main-not-literal";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.place, "the main attribute in a header is a literal")
            .labelled("no literal")
            .with_help("Put text into quotes, with `${…}` for a value in it; anything else is an attribute in the body.")
    }
}

/// A branch behind `else`.
pub(super) struct BranchBehindElse {
    pub(super) head: Span,
}

impl Finding for BranchBehindElse {
    const SLUG: &'static str = "branch-behind-else";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.head, "a branch stands behind `else`")
            .labelled("never reached")
            .with_help("Put `else` last: it runs when no condition holds.")
    }
}

/// An `else` without its `if`.
pub(super) struct ElseWithoutIf {
    pub(super) head: Span,
}

impl Finding for ElseWithoutIf {
    const SLUG: &'static str = "else-without-if";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.head, "`else` belongs to no `if`")
            .labelled("no `if` body ends right before it")
            .with_help("Put it behind the closing brace of an `if`: `if ready { … } else { … }`.")
    }
}

/// `depends on` in an undo or a check.
pub(super) struct DependsInClause {
    pub(super) clause: &'static str,
    pub(super) place: Span,
}

impl Finding for DependsInClause {
    const SLUG: &'static str = "depends-in-clause";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.place, format!("`{}` has no `depends on`", self.clause))
            .labelled("belongs to statements")
            .with_help(format!("Remove it: the engine runs `{}` when its time has come.", self.clause))
            .with_fix("Remove `depends on`", self.place, "")
    }
}

/// `step build: shell "make" timeout 30s`
pub(super) struct ClauseInHead<'a> {
    pub(super) clauses: &'a str,
    pub(super) place: Span,
}

impl Finding for ClauseInHead<'_> {
    const SLUG: &'static str = "clause-in-head";

    fn diagnostic(&self) -> Diagnostic {
        let word = self.clauses.split_whitespace().next().unwrap_or("");
        Self::at(self.place, format!("clause `{word}` stands in the head"))
            .labelled("belongs into the body")
            .with_help(format!("Write it into the body: `{{ {} }}`.", self.clauses.lines().next().unwrap_or("")))
    }
}

/// `timeout: 30s`
pub(super) struct ClauseWithColon<'a> {
    pub(super) head: Span,
    pub(super) place: Span,
    pub(super) clause: &'a str,
    /// The head as it should be.
    pub(super) right: &'a str,
}

impl Finding for ClauseWithColon<'_> {
    const SLUG: &'static str = "clause-with-colon";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.place, format!("clause `{}` takes no colon", self.clause))
            .labelled("a clause of the language, not an attribute of the kind")
            .with_help(format!("Write `{}`.", self.right.lines().next().unwrap_or("")))
            .with_fix("Remove the colon", self.head, self.right)
    }
}

/// `url "x"`
pub(super) struct MissingColon {
    pub(super) word: Span,
    pub(super) written: String,
}

impl Finding for MissingColon {
    const SLUG: &'static str = "missing-colon";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.word, format!("attribute `{}` has no colon", self.written))
            .labelled("a colon was expected behind this")
            .with_help(format!("Write `{}: …`; only clauses such as `timeout` stand without one.", self.written))
            .with_fix("Add the colon", self.word.after(), ":")
    }
}

/// `url = "x"`
pub(super) struct Assignment {
    pub(super) word: Span,
    pub(super) written: String,
    pub(super) equals: Span,
    /// Whether attributes stand here.
    pub(super) attribute: bool,
    /// Whether it is `f := 3`.
    pub(super) walrus: bool,
}

/// `n += 3`, `n = n + 3`
pub(super) struct Change {
    pub(super) head: Span,
    pub(super) written: String,
}

impl Finding for Change {
    const SLUG: &'static str = "assignment";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.head, format!("`{}` cannot be changed", self.written))
            .labelled("a value is set once")
            .with_help(format!("Give the new value a name of its own: `let next = {} + 1`.", self.written))
    }
}

impl Finding for Assignment {
    const SLUG: &'static str = "assignment";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.word.to(self.equals), format!("nothing is assigned to `{}` like this", self.written));
        if self.attribute {
            // The blank before the `=` goes with it.
            let edit = Edit { span: self.word.after().to(self.equals), replacement: ":".to_owned() };
            return found
                .labelled("an attribute is given with a colon")
                .with_help(format!("Write `{}: …`.", self.written))
                .with_edits("Write a colon", vec![edit]);
        }
        let mut edits = vec![Edit { span: self.word.before(), replacement: "let ".to_owned() }];
        if self.walrus {
            edits.push(Edit { span: self.word.after().to(self.equals), replacement: " =".to_owned() });
        }
        found
            .labelled("a value is declared with `let`")
            .with_help(format!("Write `let {} = …`; a value is set once and never changed.", self.written))
            .with_edits("Add `let`", edits)
    }
}

/// `build: shell "make"`
pub(super) struct MissingStep {
    pub(super) head: Span,
    pub(super) kind: String,
}

impl Finding for MissingStep {
    const SLUG: &'static str = "missing-step";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.head, "a step begins with `step`")
            .labelled(format!("reads like a step of kind `{}`", self.kind))
            .with_help("Put `step` before its name.")
            .with_fix("Add `step`", self.head.before(), "step ")
    }
}
