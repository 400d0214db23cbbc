//! `wfc test --rehearse`: everything that can go wrong in workflows goes wrong, one thing after the other.

use super::{Test, checked, found};
use crate::exit::Exit;
use crate::report::rehearsal::{Detail, Progress, Refused, Rehearsed, write};
use crate::report::test::Format;
use crate::report::{Look, Output, diagnostics};
use crate::run::arguments::given;
use crate::run::findings;
use crate::run::select::{split, workflow};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use wf_compiler::Compilation;
use wf_model::expression::{Function, GlobalId};
use wf_model::program::{Program, Workflow, WorkflowId};
use wf_model::span::SourceId;
use wf_model::value::Value;
use wf_runtime::parameters::{Origin, Surroundings, bind, missing};
use wf_runtime::simulation::Subject;
use wf_runtime::simulation::rehearsal::{Manner, Rehearsal, Unrehearsable, rehearse};

/// Nothing of the world is seen.
struct Nothing;

impl Surroundings for Nothing {
    fn global(&self, _: GlobalId) -> Option<Value> {
        None
    }

    fn run(&self) -> Option<Value> {
        None
    }

    fn folder(&self, _: &Origin) -> String {
        std::env::current_dir().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn observe(&mut self, function: Function, _: &[Value]) -> Result<Value, String> {
        Err(format!("`{}` looks outside, which a rehearsal does not", function.name()))
    }
}

/// A value for a parameter, by its name.
type Argument = (Arc<str>, Value);

impl Test {
    /// Rehearses the workflows of every file.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub(super) fn rehearse(&self, output: &mut Output) -> io::Result<Exit> {
        if matches!(self.format, Format::Junit | Format::Tap) {
            output.error("a rehearsal is not written in this format", "Choose human, json or html.")?;
            return Ok(Exit::Usage);
        }
        let (mut rehearsed, mut refused) = (Vec::new(), Vec::new());
        let targets = match found::files(&self.files) {
            Ok(targets) => targets,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(Exit::Usage);
            }
        };
        for target in &targets {
            let (file, wanted) = split(target);
            let not = |workflow, why| Refused { file: file.to_owned(), workflow, why };
            let Some((compilation, subject)) = checked(file, output)? else {
                refused.push(not(None, "the file does not check".to_owned()));
                continue;
            };
            let workflows = match wanted.map(|wanted| workflow(&subject.program, file, Some(wanted))) {
                Some(Ok((id, _))) => vec![id],
                Some(Err(message)) => {
                    output.note(&message)?;
                    refused.push(not(None, message));
                    continue;
                }
                None => entries(&subject.program),
            };
            for id in workflows {
                let Some(declared) = subject.program.workflows.get(id) else { continue };
                match self.workflow(&subject, (id, declared), file, &compilation, output)? {
                    Ok(found) => rehearsed.push(found),
                    Err(why) => refused.push(not(Some(declared.name.clone()), why)),
                }
            }
        }
        let nothing = rehearsed.iter().all(|rehearsed| rehearsed.rehearsal.scenarios.is_empty());
        if let Some(seed) = self.seed.as_ref().filter(|_| nothing && refused.is_empty()) {
            let problem = Unrehearsable::NoScenario(seed.clone());
            output.error(crate::report::printable_line(&problem.to_string()), help(&problem))?;
            return Ok(Exit::Usage);
        }
        output.result(&write(self.format, &rehearsed, &refused, Look::of(&io::stdout())))?;
        let has_findings = rehearsed.iter().any(|rehearsed| !rehearsed.rehearsal.findings.is_empty());
        Ok(match (refused.is_empty(), has_findings) {
            (false, _) => Exit::Usage,
            (true, true) => Exit::Failed,
            (true, false) => Exit::Done,
        })
    }

    /// Rehearses a workflow; or says why not, which is told already.
    fn workflow(
        &self,
        subject: &Arc<Subject>,
        (id, declared): (WorkflowId, &Workflow),
        file: &str,
        compilation: &Compilation,
        output: &mut Output,
    ) -> io::Result<Result<Rehearsed, String>> {
        let Some(arguments) = self.arguments(declared, compilation, output)? else {
            return Ok(Err("the parameters that are given do not fit".to_owned()));
        };
        let manner = Manner { arguments, most: self.max_scenarios as usize, depth: self.depth, seed: self.seed.clone() };
        let progress = Progress::of(file, &declared.name);
        let shown = rehearse(subject, id, &manner, &compilation.tests, &|| progress.step());
        drop(progress);
        let rehearsal = match shown {
            Ok(rehearsal) => rehearsal,
            // Another workflow may have it.
            Err(Unrehearsable::NoScenario(_)) if self.files.iter().all(|file| !file.contains(':')) => Rehearsal::default(),
            Err(problem) => {
                let message =
                    format!("workflow `{}` of {} cannot be rehearsed: {problem}", declared.name, crate::text::name(file));
                output.error(crate::report::printable_line(&message), help(&problem))?;
                return Ok(Err(problem.to_string()));
            }
        };
        let (file, workflow) = (file.to_owned(), declared.name.clone());
        Ok(Ok(Rehearsed { file, workflow, sources: compilation.sources.clone(), rehearsal, detail: self.detail() }))
    }

    fn detail(&self) -> Detail {
        match (&self.seed, self.all) {
            (Some(_), _) => Detail::Events,
            (None, true) => Detail::Scenarios,
            (None, false) => Detail::Summary,
        }
    }

    /// The parameters that are given for a workflow; nothing where they do not fit, which is said.
    fn arguments(
        &self,
        declared: &Workflow,
        compilation: &Compilation,
        output: &mut Output,
    ) -> io::Result<Option<Vec<Argument>>> {
        let given = match given(declared, &self.parameters, None) {
            Ok(given) => given,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(None);
            }
        };
        let absent: BTreeSet<Arc<str>> = missing(declared, &given).iter().map(|parameter| parameter.name.clone()).collect();
        // Whoever names one that there is not is told which there are.
        let is_known = |name: &str| declared.parameters.iter().any(|parameter| &*parameter.name == name);
        let has_unknown = given.iter().any(|given| !is_known(&given.name));
        let mut known = declared.clone();
        known.parameters.retain(|parameter| {
            let is_given = given.iter().any(|given| *given.name == *parameter.name);
            !absent.contains(&parameter.name) && (is_given || has_unknown)
        });
        let bound = match bind(&known, &given, &mut Nothing) {
            Ok(bound) => bound,
            Err(problems) => {
                findings::show(diagnostics::Format::Text, compilation, &problems, output)?;
                return Ok(None);
            }
        };
        let named = |(id, value)| {
            let parameter = known.parameters.iter().find(|parameter| parameter.value == id)?;
            Some((parameter.name.clone(), value))
        };
        Ok(Some(bound.into_iter().filter_map(named).collect()))
    }
}

fn help(problem: &Unrehearsable) -> &'static str {
    match problem {
        Unrehearsable::Parameters(_) => "Give one with `--param NAME=VALUE`, or write a test that runs the workflow with one.",
        Unrehearsable::Fails { .. } => {
            "Write a test in which it succeeds, with mocks that give the values it needs: a rehearsal begins with it."
        }
        Unrehearsable::NoScenario(_) => "Run it without `--seed`; the names are those of the same file and parameters.",
        Unrehearsable::NoWorkflow | Unrehearsable::Illegal(_) => "This is a mistake of wfc: please report it, with the file.",
    }
}

/// The workflows of the file itself that no other of it calls; all where each is called.
fn entries(program: &Program) -> Vec<WorkflowId> {
    let own: Vec<(WorkflowId, &Workflow)> =
        program.workflows.iter().filter(|(_, workflow)| workflow.span.source == SourceId(0)).collect();
    let steps =
        own.iter().flat_map(|(_, workflow)| workflow.statements.iter()).filter_map(|(_, statement)| statement.kind.step());
    let called: BTreeSet<WorkflowId> = steps.filter_map(|step| step.invocation.workflow()).collect();
    let entries: Vec<WorkflowId> = own.iter().map(|(id, _)| *id).filter(|id| !called.contains(id)).collect();
    if entries.is_empty() { own.iter().map(|(id, _)| *id).collect() } else { entries }
}
