//! The checks of the paranoid level, which look at the machine: programs on the `PATH`, files there, Docker and databases reachable.

mod findings;
mod needs;
mod programs;

use findings::{FileMissing, InterpreterMissing, ProgramMissing, Unreachable};
pub(crate) use needs::of_kinds;
use programs::named;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::kind::{Kind, Registry};
use wf_model::program::{AttributeValue, Callee, Invocation, Program, SecretSource, Step, Workflow, WorkflowId};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;

/// What is asked of a machine.
pub(crate) struct Machine {
    /// The directories of the `PATH`.
    pub(crate) programs: Vec<PathBuf>,
}

impl Machine {
    /// This machine, as this process sees it.
    pub(crate) fn this() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_else(|| wf_runtime::process::DEFAULT_PATH.into());
        let programs = std::env::split_paths(&path).collect();
        Self { programs }
    }

    /// Whether a program is there: by path, or on the `PATH`.
    fn has(&self, program: &str) -> bool {
        let executable =
            |path: &Path| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        if program.contains('/') {
            return !program.starts_with('/') || executable(Path::new(program));
        }
        self.programs.iter().any(|folder| executable(&folder.join(program)))
    }
}

/// What of the workflows of a program is not there. What only a run knows is not looked for.
pub(crate) fn check(program: &Program, kinds: &Registry, machine: &Machine) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (_, workflow) in program.workflows.iter() {
        let mut look = Look { kinds, machine, workflow, diagnostics: &mut diagnostics, made: made(workflow) };
        look.secrets();
        for (_, statement) in workflow.statements.iter() {
            statement.kind.step().into_iter().flat_map(Step::invocations).for_each(|invocation| look.invocation(invocation));
        }
    }
    for (need, span) in needs::of_steps(program) {
        diagnostics.extend(need.found.err().map(|lack| Unreachable { what: &need.what, lack: &lack, span }.diagnostic()));
    }
    diagnostics
}

/// Interpreters that steps of a workflow, and of those that it calls, cannot run without and that are not there.
pub(crate) fn missing_interpreters(program: &Program, id: WorkflowId, kinds: &Registry, machine: &Machine) -> Vec<Diagnostic> {
    let (mut calls, mut seen, mut found) = (vec![id], BTreeSet::new(), Vec::new());
    while let Some(id) = calls.pop() {
        let Some(workflow) = program.workflows.get(id).filter(|_| seen.insert(id)) else { continue };
        let steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
        for invocation in steps.flat_map(Step::invocations) {
            match &invocation.callee {
                Callee::Workflow(called) => calls.push(*called),
                Callee::Kind(kind) if !sets_path(workflow, invocation) => {
                    let programs = kinds.get(kind).map_or(&[][..], |kind| kind.programs);
                    let missing = programs.iter().filter(|program| !machine.has(program));
                    found.extend(missing.map(|program| InterpreterMissing { program, kind, span: invocation.span }.diagnostic()));
                }
                Callee::Kind(_) => {}
            }
        }
    }
    found.sort_by_key(|found| (found.primary.span.source, found.primary.span.start));
    found
}

/// The files that steps of the workflow make, as far as the program says.
fn made(workflow: &Workflow) -> Vec<String> {
    let steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
    let attributes = steps.filter_map(|step| match &step.invocation.callee {
        Callee::Kind(kind) if &**kind == "file" => step.invocation.attribute("path"),
        Callee::Kind(kind) if &**kind == "http" => step.invocation.attribute("save"),
        _ => None,
    });
    attributes.flat_map(|attribute| attribute.expressions()).flat_map(paths).map(|(path, _)| path).collect()
}

/// The paths that are written out in an expression.
fn paths(expression: &Expression) -> impl Iterator<Item = (String, Span)> {
    expression.walk().filter_map(|part| match &part.kind {
        ExpressionKind::Literal(Value::String(path)) if *part.type_.required() == Type::Path => {
            Some((path.to_string(), part.span))
        }
        _ => None,
    })
}

struct Look<'a> {
    kinds: &'a Registry,
    machine: &'a Machine,
    workflow: &'a Workflow,
    diagnostics: &'a mut Vec<Diagnostic>,
    made: Vec<String>,
}

impl Look<'_> {
    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    fn secrets(&mut self) {
        for secret in &self.workflow.secrets {
            // With several sources, any one may be missing.
            match secret.sources.as_slice() {
                [SecretSource::File(path)] => {
                    let path = path.strip_prefix("./").unwrap_or(path);
                    self.file(&Path::new(&*self.workflow.here).join(path).to_string_lossy(), secret.span);
                }
                [SecretSource::Command(words)] => {
                    words.first().into_iter().for_each(|program| self.program(program, secret.span));
                }
                _ => {}
            }
        }
    }

    fn invocation(&mut self, invocation: &Invocation) {
        let Callee::Kind(name) = &invocation.callee else { return };
        let kinds = self.kinds;
        let Some(kind) = kinds.get(name) else { return };
        self.paths(invocation, kind);
        if sets_path(self.workflow, invocation) {
            return;
        }
        for program in kind.programs {
            self.program(program, invocation.span);
        }
        for (program, span) in named(invocation) {
            self.program(&program, span);
        }
    }

    fn paths(&mut self, invocation: &Invocation, kind: &Kind) {
        for attribute in &invocation.attributes {
            if kind.attribute(&attribute.name).is_some_and(|known| known.reads_paths)
                && let AttributeValue::Expression(expression) = &attribute.value
            {
                paths(expression).for_each(|(path, span)| self.file(&path, span));
            }
        }
    }

    fn file(&mut self, path: &str, span: Span) {
        if !Path::new(path).exists() && !self.made.iter().any(|made| made == path) {
            self.report(&FileMissing { path, span });
        }
    }

    fn program(&mut self, program: &str, span: Span) {
        if !self.machine.has(program) {
            self.report(&ProgramMissing { program, span });
        }
    }
}

/// Whether a step's programs are looked for elsewhere than this process looks.
fn sets_path(workflow: &Workflow, invocation: &Invocation) -> bool {
    let own = invocation.attribute("env").into_iter().flat_map(|env| env.expressions());
    own.chain(&workflow.settings.env).any(|env| match &env.kind {
        ExpressionKind::Map(entries) => entries.iter().any(|(name, _)| &**name == "PATH"),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::{Machine, check};
    use crate::files::Disk;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use wf_compiler::compile;
    use wf_model::diagnostic::Level;

    /// The messages about a workflow in a folder that holds `there.txt` and, in `bin`, the program `tool`.
    fn said(body: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::write(folder.path().join("there.txt"), "x").unwrap();
        fs::write(bin.join("plain"), "x").unwrap();
        fs::write(bin.join("tool"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(bin.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
        let file = folder.path().join("main.wf");
        fs::write(&file, format!("workflow main {{\n{body}\n}}\n")).unwrap();
        let kinds = wf_steps::registry();
        let compilation = compile(&file.to_string_lossy(), &Disk::default(), kinds, Level::Standard);
        let program = compilation.program.unwrap_or_else(|| panic!("{:#?}", compilation.diagnostics));
        let machine = Machine { programs: vec![bin] };
        let name = format!("{}/", fs::canonicalize(folder.path()).unwrap().display());
        check(&program, kinds, &machine).into_iter().map(|found| found.message.replace(&name, "")).collect()
    }

    #[test]
    fn programs_are_looked_for() {
        assert_eq!(said("step a: shell \"tool --version\" { reads only }"), [""; 0]);
        assert_eq!(said("step a: shell \"toool --version\" { reads only }"), ["program `toool` is not on the `PATH`"]);
        assert_eq!(said("step a: shell [\"plain\"] { reads only }"), ["program `plain` is not on the `PATH`"]);
        assert_eq!(said("step a: shell \"tool\" { shell: \"zzsh\", reads only }"), ["program `zzsh` is not on the `PATH`"]);
        assert_eq!(said("step a: python \"1\" { reads only }"), ["program `python3` is not on the `PATH`"]);
        assert_eq!(said("step a: shell \"toool\" { env: { PATH: \"/x\" }, reads only }"), [""; 0]);
        assert_eq!(said("step a: shell \"if tool; then other; fi\" { reads only }"), [""; 0]);
        assert_eq!(
            said("secret s from command [\"pass\"]\nstep a: shell \"tool ${s}\" { reads only }"),
            ["program `pass` is not on the `PATH`"]
        );
    }

    #[test]
    fn files_are_looked_for() {
        let upload = |path: &str| format!("step a: http \"https://a.example\" {{ upload: \"{path}\", method: \"PUT\" }}");
        assert_eq!(said(&upload("./there.txt")), [""; 0]);
        assert_eq!(said(&upload("./gone.txt")), ["`gone.txt` is not there"]);
        assert_eq!(said(&format!("step f: file \"./gone.txt\" {{ content: \"x\" }}\n{}", upload("./gone.txt"))), [""; 0]);
        assert_eq!(said("step a: shell \"tool\" { cwd: \"./gone\", reads only }"), ["`gone` is not there"]);
        assert_eq!(said("secret s from file \"gone\"\nstep a: shell \"tool ${s}\" { reads only }"), ["`gone` is not there"]);
    }
}
