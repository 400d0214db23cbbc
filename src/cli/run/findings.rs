//! What keeps a run from starting.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_runtime::engine::Unsupported;

/// A construct that this version checks and does not run.
pub(crate) struct NotRunYet<'a> {
    pub(crate) construct: &'a Unsupported,
}

impl Finding for NotRunYet<'_> {
    const SLUG: &'static str = "not-run-yet";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.construct.span, format!("{} is not run by this version", self.construct.what))
            .labelled("is checked, but refused in a run")
            .with_help("Nothing was started. Leave it out to run the rest; `wfc check` accepts it.")
    }
}
