//! `wfc plan FILE[:WORKFLOW]`: what a run would do, in what order, and how long it would take.

mod history;
mod world;

use crate::drive::jobs;
use crate::exit::Exit;
use crate::report::Output;
use crate::report::diagnostics::Format as DiagnosticFormat;
use crate::report::plan::Format;
use crate::run::asked::{Asked, Found, Prepared, Secrets};
use std::io;
use wf_compiler::plan::{Request, plan};
use world::Now;

/// Shows what a run would do, in what order, and how long it would take.
#[derive(Debug, clap::Args)]
pub struct Plan {
    #[command(flatten)]
    asked: Asked,
    /// How many steps would run at a time; by default the number of processors, at least 4.
    #[arg(long, value_name = "N", env = "WFC_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Text, env = "WFC_PLAN_FORMAT")]
    format: Format,
}

impl Plan {
    /// Shows it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let found = match self.asked.find(DiagnosticFormat::Text, output)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        let prepared = match self.asked.prepare(&found, None, Secrets::Hide, DiagnosticFormat::Text, output)? {
            Ok(prepared) => prepared,
            Err(exit) => return Ok(exit),
        };
        output.result(&self.format.write(&of(&found, &prepared, jobs(self.jobs)))).map(|()| Exit::Done)
    }
}

/// The plan of a workflow with its arguments.
pub(crate) fn of(found: &Found, prepared: &Prepared, jobs: usize) -> wf_model::plan::Plan {
    let arguments: Vec<_> = prepared.arguments.iter().map(|argument| (argument.name.clone(), argument.value.clone())).collect();
    let request = Request {
        program: &found.program,
        workflow: found.workflow,
        sources: &found.compilation.sources,
        kinds: wf_steps::registry(),
        file: &found.file,
        arguments: &arguments,
        jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
    };
    plan(&request, &mut Now::of(found, prepared))
}
