//! The guard of commands that run steps.

use crate::report::Output;
use std::io;
use wf_runtime::guard::{Guarded, start};

/// Puts this process under a guard, before any thread runs; where that fails, says why and gives `None`.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn guarded(output: &mut Output) -> io::Result<Option<Guarded>> {
    match start() {
        Ok(guarded) => Ok(Some(guarded)),
        Err(error) => {
            let help = "It needs a second process and a mounted /proc. Nothing was started.";
            output.error(format!("the process that ends steps with their run does not start: {error}"), help)?;
            Ok(None)
        }
    }
}
