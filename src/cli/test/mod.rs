//! `wfc test [FILE…]`: runs the tests of workflow files on a virtual clock; nothing of the world is touched.

mod found;
mod rehearse;

use crate::exit::Exit;
use crate::files::Disk;
use crate::report::diagnostics;
use crate::report::test::{Case, FileReport, Format, write};
use crate::report::{Look, Output};
use std::io;
use std::sync::Arc;
use wf_compiler::{Compilation, compile};
use wf_model::diagnostic::Level;
use wf_runtime::simulation::Subject;

/// Runs the tests of workflow files on a virtual clock; no step touches the world.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Files with tests, or folders with such files; without any, all in and below the current folder. `-` is stdin.
    files: Vec<String>,
    /// Only tests whose names contain this text.
    #[arg(long, value_name = "TEXT", env = "WFC_TEST_FILTER", conflicts_with = "rehearse")]
    filter: Option<String>,
    /// How the results are written.
    #[arg(long, value_enum, default_value_t = Format::Human, env = "WFC_TEST_FORMAT")]
    format: Format,
    /// Let every step and every undo fail, time out, be cancelled and crash in turn; FILE:WORKFLOW names one workflow.
    #[arg(long)]
    rehearse: bool,
    /// List every scenario of a rehearsal, not only what is wrong.
    #[arg(long, requires = "rehearse")]
    all: bool,
    /// A parameter of the rehearsed workflows: its type's literal or plain text.
    #[arg(long = "param", value_name = "NAME=VALUE", requires = "rehearse")]
    parameters: Vec<String>,
    /// How many scenarios of a workflow are rehearsed at most.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..), requires = "rehearse")]
    max_scenarios: u32,
    /// How many faults a scenario has: with 2 every pair of them.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2), requires = "rehearse")]
    depth: u32,
    /// Only the scenario of this name, with everything that happens in it.
    #[arg(long, value_name = "SEED", requires = "rehearse")]
    seed: Option<String>,
}

impl Test {
    /// Runs the tests of every file, also behind one that does not check.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        if self.rehearse {
            return self.rehearse(output);
        }
        if self.format == Format::Html {
            output.error("tests have no page", "Add `--rehearse`, or choose human, json, junit or tap.")?;
            return Ok(Exit::Usage);
        }
        let files = match found::files(&self.files) {
            Ok(files) => files,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(Exit::Usage);
            }
        };
        let mut reports = Vec::new();
        let mut unchecked = false;
        for file in &files {
            match self.file(file, output)? {
                Some(report) => reports.push(report),
                None => unchecked = true,
            }
        }
        let cases = || reports.iter().flat_map(|report| &report.cases);
        if cases().next().is_none() && !unchecked {
            let help = match &self.filter {
                Some(filter) => format!("No test's name contains {filter:?}; leave `--filter` out to run all."),
                None => "Write one: `test \"what it shows\" { run WORKFLOW with { … } … }`; `--rehearse` needs none.".to_owned(),
            };
            output.error("there is no test to run", &help)?;
            return Ok(Exit::Usage);
        }
        output.result(&write(self.format, &reports, Look::of(&io::stdout())))?;
        Ok(if unchecked {
            Exit::Usage
        } else if cases().all(Case::has_passed) {
            Exit::Done
        } else {
            Exit::Failed
        })
    }

    /// The tests of one file; nothing where it does not check, which is said on stderr.
    fn file(&self, file: &str, output: &mut Output) -> io::Result<Option<FileReport>> {
        let Some((compilation, subject)) = checked(file, output)? else { return Ok(None) };
        let is_wanted = |name: &str| self.filter.as_ref().is_none_or(|filter| name.contains(&**filter));
        let wanted = compilation.tests.iter().filter(|test| is_wanted(&test.name));
        let cases = wanted.map(|test| Case::of(&subject, test)).collect();
        Ok(Some(FileReport { name: file.into(), cases, sources: compilation.sources }))
    }
}

/// A file that checks, with its program as it is simulated; nothing where it does not check, which is said on stderr.
fn checked(file: &str, output: &mut Output) -> io::Result<Option<(Compilation, Arc<Subject>)>> {
    let mut compilation = compile(file, &Disk::default(), wf_steps::registry(), Level::Basic);
    let Some(program) = compilation.program.take() else {
        let look = Look::of(&io::stderr());
        output.note(&diagnostics::text(&compilation.diagnostics, &compilation.sources, Level::Basic, look))?;
        return Ok(None);
    };
    let subject = Subject::new(Arc::new(program), wf_steps::executors().clone());
    Ok(Some((compilation, Arc::new(subject))))
}
