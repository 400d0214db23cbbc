//! What keeps a run from starting.

use crate::check::has_error;
use crate::report::diagnostics::{Format, write};
use crate::report::{Look, Output};
use std::io;
use wf_compiler::Compilation;
use wf_model::diagnostic::{Diagnostic, Level};

/// Shows what was found in a file that is to run.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn show(format: Format, compilation: &Compilation, found: &[Diagnostic], output: &mut Output) -> io::Result<()> {
    // Warnings of a file that runs are for `wfc check`.
    let level = if has_error(found, Level::Standard) { Level::Standard } else { Level::Basic };
    output.note(&write(format, found, &compilation.sources, level, Look::of(&io::stderr())))
}
