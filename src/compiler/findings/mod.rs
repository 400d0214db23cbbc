//! What can be wrong with names, workflows and statements.

mod habits;
mod invocation;
mod names;
mod structure;

pub(crate) use habits::*;
pub(crate) use invocation::*;
pub(crate) use names::*;
pub(crate) use structure::*;

use wf_model::diagnostic::Diagnostic;
use wf_model::span::Span;

/// Adds the near name as label and fix.
pub(super) fn nearly(found: Diagnostic, near: Option<&str>, span: Span, otherwise: &str) -> Diagnostic {
    match near {
        Some(near) => found.labelled(format!("did you mean `{near}`?")).with_help(format!("Write `{near}`.")).with_fix(
            format!("Write `{near}`"),
            span,
            near,
        ),
        None => found.labelled("not known here").with_help(otherwise.to_owned()),
    }
}
