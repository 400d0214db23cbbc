//! What can be wrong with a type.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_model::suggest::Near;
use wf_syntax::ast::Name;

/// No type has this name.
pub(super) struct UnknownType<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) near: Option<Near<'a>>,
    /// What to write where that depends on what was meant.
    pub(super) help: Option<&'static str>,
}

impl Finding for UnknownType<'_> {
    const SLUG: &'static str = "unknown-type";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("no type is called `{}`", self.name));
        if let Some(help) = self.help {
            return found.labelled("a type of other languages").with_help(help);
        }
        match self.near {
            Some(Near { name, sure }) => {
                let found = found
                    .labelled(format!("did you mean `{name}`?"))
                    .with_help(format!("Write `{name}` instead of `{}`.", self.name));
                if sure { found.with_fix(format!("Write `{name}`"), self.span, name) } else { found }
            }
            None => {
                found.labelled("not declared").with_help(format!("Declare it at the top of the file: `type {} = …`.", self.name))
            }
        }
    }
}

/// A type that is declared twice.
pub(super) struct DuplicateType<'a> {
    pub(super) name: &'a Name,
    pub(super) first: Span,
}

impl Finding for DuplicateType<'_> {
    const SLUG: &'static str = "duplicate-type";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.name.span, format!("type `{}` is declared twice", self.name.text))
            .labelled("declared again")
            .with_label(self.first, "declared first")
            .with_help("Remove one of them, or give it another name.")
    }
}

/// A type that holds itself.
pub(super) struct RecursiveType<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
}

impl Finding for RecursiveType<'_> {
    const SLUG: &'static str = "recursive-type";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("type `{}` holds itself", self.name))
            .labelled("comes back to its own declaration")
            .with_help("Write `json` for the part that may go on for ever, and look into it with `as`.")
    }
}

/// A field that a record type names twice.
pub(super) struct DuplicateField<'a> {
    pub(super) name: &'a Name,
    pub(super) first: Span,
}

impl Finding for DuplicateField<'_> {
    const SLUG: &'static str = "duplicate-field";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.name.span, format!("field `{}` stands twice", self.name.text))
            .labelled("again")
            .with_label(self.first, "first here")
            .with_help("Remove one of them.")
    }
}

/// A string that a union lists twice.
pub(super) struct RepeatedMember<'a> {
    pub(super) member: &'a str,
    pub(super) span: Span,
}

impl Finding for RepeatedMember<'_> {
    const SLUG: &'static str = "repeated-member";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{:?} stands twice in the union", self.member))
            .labelled("listed before")
            .with_help("Remove one of them.")
    }
}

/// A type that goes too deep or has too many parts.
pub(super) struct TypeTooLarge {
    pub(super) span: Span,
}

impl Finding for TypeTooLarge {
    const SLUG: &'static str = "type-too-large";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this type is too large")
            .labelled("with all names replaced by what they stand for")
            .with_help("Use lists or maps for parts that are alike, or `json` for what lies deeper.")
    }
}
