//! What can be wrong with names, workflows and statements.

mod habits;
mod invocation;
mod names;
mod never;
mod structure;

pub(crate) use habits::*;
pub(crate) use invocation::*;
pub(crate) use names::*;
pub(crate) use never::*;
pub(crate) use structure::*;

use wf_model::diagnostic::Diagnostic;
use wf_model::span::Span;
use wf_model::suggest::Near;

/// Adds the near name as label and fix.
pub(super) fn nearly(found: Diagnostic, near: Option<Near<'_>>, span: Span, otherwise: &str) -> Diagnostic {
    let Some(Near { name, sure }) = near else {
        return found.labelled("not known here").with_help(otherwise.to_owned());
    };
    let write = format!("Write `{name}`");
    if sure {
        return found.labelled(format!("did you mean `{name}`?")).with_help(format!("{write}.")).with_fix(write, span, name);
    }
    found.labelled(format!("did you mean `{name}`?")).with_help(format!("{write} if that is meant. {otherwise}"))
}
