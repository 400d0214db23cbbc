//! The guard of commands that run steps.

use crate::report::Output;
use std::io;
use wf_runtime::guard::{End, Guarded, start};
use wf_steps::docker::end_containers;

/// Puts this process under a guard, before any thread runs; where that fails, says why and gives `None`.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn guarded(output: &mut Output) -> io::Result<Option<Guarded>> {
    match start(look_after) {
        Ok(guarded) => Ok(Some(guarded)),
        Err(error) => {
            let help = "It needs a second process and a mounted /proc. Nothing was started.";
            output.error(format!("the process that ends steps with their run does not start: {error}"), help)?;
            Ok(None)
        }
    }
}

/// Ends the containers of the runs that this process has named.
fn look_after(runs: &[String], end: End) {
    end_containers(runs, end == End::Killed);
}
