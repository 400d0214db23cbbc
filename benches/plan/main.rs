//! Measures how fast plans are made, and how well they foretell times.
//!
//! `cargo bench -p wf-compiler --bench plan` does both, with `-- speed` or `-- traces` one. The second needs task graphs with real times: `WFC_TRACES` names the file, a JSON object of lists of
//! `{instance, makespan_s, tasks}` by family, packed by gzip; a task is `[name, seconds, [indexes of its parents]]`.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement prints its figures and has nobody to tell of errors")]

mod speed;
mod traces;

use std::process::ExitCode;
use std::sync::Arc;
use wf_compiler::plan::{Outlook, Request, plan};
use wf_compiler::{Compilation, FileProblem, Files, compile};
use wf_model::diagnostic::Level;
use wf_model::plan::Plan;
use wf_model::program::WorkflowId;

/// The file `main.wf`, which stands alone.
struct OneFile<'a>(&'a str);

impl Files for OneFile<'_> {
    fn read(&self, _: &str) -> Result<String, FileProblem> {
        Ok(self.0.to_owned())
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        path.to_owned()
    }
}

/// A file that checks.
struct Checked {
    compilation: Compilation,
}

impl Checked {
    fn new(text: &str) -> Self {
        Self { compilation: compile("main.wf", &OneFile(text), wf_steps::registry(), Level::Basic) }
    }

    fn plan(&self, outlook: &mut dyn Outlook, jobs: u32) -> Plan {
        let arguments: [(Arc<str>, _); 0] = [];
        let request = Request {
            program: self.compilation.program.as_ref().expect("it checks"),
            workflow: WorkflowId(0),
            sources: &self.compilation.sources,
            kinds: wf_steps::registry(),
            file: "main.wf",
            arguments: &arguments,
            jobs,
        };
        plan(&request, outlook)
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let fast = !is_wanted("speed") || speed::measure();
    let good = match std::env::var_os("WFC_TRACES").filter(|_| is_wanted("traces")) {
        Some(path) => traces::measure(&path),
        None => {
            println!("what plans foretell is not tried: that needs WFC_TRACES");
            true
        }
    };
    if fast && good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
