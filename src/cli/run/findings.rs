//! What keeps a run from starting.

use crate::check::has_error;
use crate::report::diagnostics::{Format, write};
use crate::report::{Look, Output};
use std::io;
use wf_compiler::Compilation;
use wf_model::diagnostic::{Diagnostic, Finding, Level};
use wf_model::kind::Registry;
use wf_model::program::{Program, WorkflowId};
use wf_runtime::engine::{Unsupported, unsupported};

/// A construct that this version checks and does not run.
struct NotRunYet<'a> {
    construct: &'a Unsupported,
}

impl Finding for NotRunYet<'_> {
    const SLUG: &'static str = "not-run-yet";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.construct.span, format!("{} is not run by this version", self.construct.what))
            .labelled("is checked, but refused in a run")
            .with_help("Nothing was started. Leave it out to run the rest; `wfc check` accepts it.")
    }
}

/// What a workflow needs that this version checks and does not run.
pub(crate) fn not_run_yet(program: &Program, workflow: WorkflowId, kinds: &Registry) -> Vec<Diagnostic> {
    unsupported(program, workflow, kinds).iter().map(|construct| NotRunYet { construct }.diagnostic()).collect()
}

/// Shows what was found in a file that is to run.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn show(format: Format, compilation: &Compilation, found: &[Diagnostic], output: &mut Output) -> io::Result<()> {
    // Warnings of a file that runs are for `wfc check`.
    let level = if has_error(found, Level::Standard) { Level::Standard } else { Level::Basic };
    output.note(&write(format, found, &compilation.sources, level, Look::of(&io::stderr())))
}
