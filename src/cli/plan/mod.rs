//! `wfc plan FILE[:WORKFLOW]`: what a run would do, in what order, and how long it would take.

mod history;
pub(crate) mod remaining;
pub(crate) mod saved;
mod world;

use crate::drive::jobs;
use crate::exit::Exit;
use crate::report::diagnostics::Format as DiagnosticFormat;
use crate::report::plan::Format;
use crate::report::{Output, printable_line};
use crate::run::asked::{Asked, Found, Prepared, Secrets};
use crate::waits::{short, word};
use saved::Saved;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use wf_compiler::plan::plan;
use world::Now;

/// For so long a plan reads journals that it does not know yet.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// A file that takes the plan with all that it was made of: `wfc run` runs just that, or says in what it would be another run.
    #[arg(long, value_name = "PLAN", env = "WFC_PLAN_OUT")]
    out: Option<PathBuf>,
}

impl Plan {
    /// Shows it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        if let Some(saved) = Saved::read(&self.asked.file) {
            return match saved {
                Ok(saved) => output.result(&self.format.write(saved.plan())).map(|()| Exit::Done),
                Err(problem) => saved::refuse(&printable_line(&self.asked.file), problem, output),
            };
        }
        let found = match self.asked.find(DiagnosticFormat::Text, output)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        let prepared = match self.asked.prepare(&found, None, Secrets::Hide, DiagnosticFormat::Text, output)? {
            Ok(prepared) => prepared,
            Err(exit) => return Ok(exit),
        };
        let plan = of(&found, &prepared, jobs(self.jobs));
        if let Some(path) = &self.out {
            let Some(saved) = Saved::of(&found, &prepared, &plan) else {
                let help = "Declare it as a `secret`, which a plan names and does not hold.";
                return output.error("a parameter holds a secret, which no plan keeps", help).map(|()| Exit::Usage);
            };
            if let Err(error) = saved.write(path) {
                let message = format!("{} cannot be written: {error}", printable_line(&path.display().to_string()));
                return output.error(message, "Name a file in a directory that you may write to.").map(|()| Exit::Failed);
            }
            let name = printable_line(&word(&path.display().to_string()));
            output.note(&format!("plan {} is kept: wfc run {name}\n", short(saved.hash())))?;
        }
        output.result(&self.format.write(&plan)).map(|()| Exit::Done)
    }
}

/// The plan of a workflow with its arguments.
pub(crate) fn of(found: &Found, prepared: &Prepared, jobs: usize) -> wf_model::plan::Plan {
    let arguments: Vec<_> = prepared.arguments.iter().map(|argument| (argument.name.clone(), argument.value.clone())).collect();
    let request = found.request(&arguments, u32::try_from(jobs).unwrap_or(u32::MAX));
    plan(&request, &mut Now::of(found, prepared, PATIENCE))
}
