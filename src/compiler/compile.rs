//! From a file and what it uses to a typed program.

use crate::files::Files;
use crate::findings::{DuplicateName, Unreadable};
use crate::index::{Index, Recorder};
use crate::load::{Loaded, Module, load};
use crate::offer::Offer;
use crate::workflow::{Check, FileContext};
use crate::{effects, globals, signature, test};
use foldhash::HashMap;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding, Level, Severity};
use wf_model::kind::Registry;
use wf_model::program::{Program, ProgramSource, Table, WorkflowId};
use wf_model::source::Sources;
use wf_model::span::{SourceId, Span};
use wf_model::test::Test;
use wf_syntax::ast;

/// What compiling gives, always.
#[derive(Debug)]
pub struct Compilation {
    /// All texts that took part; the first is the one that was asked for.
    pub sources: Sources,
    /// The program; `None` where there is an error at the level.
    pub program: Option<Program>,
    /// The tests of the file that was asked for, in written order; none where there is no program.
    pub tests: Vec<Test>,
    /// Everything that the level shows, in the order of the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles the file at `path` with everything that it uses, as strictly as `level` says.
pub fn compile(path: &str, files: &dyn Files, kinds: &Registry, level: Level) -> Compilation {
    checked(load(path, files), kinds, level, &Recorder::default()).0
}

/// What editors ask of a program, whether or not there are errors in it.
#[derive(Debug)]
pub struct Analysis {
    /// What compiling gives.
    pub compilation: Compilation,
    /// The trees of all texts that could be read, in the order of [`Compilation::sources`].
    pub files: Vec<ast::File>,
    /// For each `use` of each text, in written order, the text that it names; `None` where that could not be read.
    pub uses: Vec<Vec<Option<SourceId>>>,
    /// What every name means.
    pub index: Index,
    /// What the name at the cursor could be.
    pub offer: Option<Offer>,
}

/// Compiles as [`compile`] does and keeps what every name means, and what the one at `cursor` could be.
pub fn analyse(path: &str, files: &dyn Files, kinds: &Registry, level: Level, cursor: Option<Span>) -> Analysis {
    let recorder = Recorder::listening(cursor);
    let (compilation, modules) = checked(load(path, files), kinds, level, &recorder);
    let source = |module: usize| u16::try_from(module).ok().map(SourceId);
    let uses = modules.iter().map(|module| module.uses.iter().map(|target| source((*target)?)).collect()).collect();
    let files = modules.into_iter().map(|module| module.file).collect();
    let (index, offer) = recorder.finish();
    Analysis { compilation, files, uses, index, offer }
}

fn checked(loaded: Loaded, kinds: &Registry, level: Level, recorder: &Recorder) -> (Compilation, Vec<Module>) {
    let Loaded { sources, modules, mut diagnostics } = loaded;
    let (program, tests) = program(&sources, &modules, kinds, recorder, &mut diagnostics);
    if no_errors(&diagnostics, Level::Basic) {
        effects::check(&program, kinds, level, &mut diagnostics);
    }
    diagnostics.retain(|diagnostic| diagnostic.severity(level).is_some());
    diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.span, diagnostic.slug));
    let (program, tests) = if no_errors(&diagnostics, level) { (Some(program), tests) } else { (None, Vec::new()) };
    (Compilation { sources, program, tests, diagnostics }, modules)
}

fn no_errors(diagnostics: &[Diagnostic], level: Level) -> bool {
    !diagnostics.iter().any(|diagnostic| diagnostic.severity(level) == Some(Severity::Error))
}

/// A finding about the file itself, where there is no text to point at.
pub(crate) fn unreadable(message: &str, help: &str) -> Diagnostic {
    Unreadable { message, help, span: Span::new(SourceId(0), 0, 0) }.diagnostic()
}

/// A workflow of some file, by its place among all of them.
struct Declared<'a> {
    module: usize,
    workflow: &'a ast::Workflow,
}

fn program(
    sources: &Sources,
    modules: &[Module],
    kinds: &Registry,
    recorder: &Recorder,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Program, Vec<Test>) {
    let mut declared: Vec<Declared<'_>> = Vec::new();
    let mut own: Vec<HashMap<Arc<str>, WorkflowId>> = Vec::new();
    for (module, file) in modules.iter().enumerate() {
        own.push(declare(module, file, kinds, &mut declared, diagnostics));
    }
    for declared in &declared {
        recorder.workflow(declared.workflow.name.span);
    }
    let mut globals = Table::default();
    let mut places = 0;
    let contexts: Vec<FileContext<'_>> = modules
        .iter()
        .enumerate()
        .map(|(index, module)| FileContext::new(index, module, &own, kinds, recorder, diagnostics))
        .collect();
    let globals_of: Vec<_> = modules
        .iter()
        .zip(&contexts)
        .map(|(module, context)| globals::check(module, context, &mut globals, &mut places, diagnostics))
        .collect();
    let callers: Vec<_> =
        declared.iter().filter_map(|declared| Some((declared.workflow, contexts.get(declared.module)?))).collect();
    let order = signature::order(&callers, diagnostics);
    let mut finished = vec![None; declared.len()];
    for index in order {
        let Some(declaration) = declared.get(index) else { continue };
        let (Some(context), Some(globals)) = (contexts.get(declaration.module), globals_of.get(declaration.module)) else {
            continue;
        };
        let checked = Check::workflow(declaration.workflow, context, globals, &finished, &mut places, diagnostics);
        if let Some(slot) = finished.get_mut(index) {
            *slot = Some(checked);
        }
    }
    let mut tests = Vec::new();
    for (place, ((module, context), globals)) in modules.iter().zip(&contexts).zip(&globals_of).enumerate() {
        let of_module = test::check(module, context, &finished, &mut places, diagnostics);
        if place == 0 {
            tests = of_module;
        }
        context.report_unused(module, globals, diagnostics);
    }
    let mut workflows = Table::default();
    for workflow in finished.into_iter().flatten() {
        workflows.add(workflow);
    }
    let sources = sources.iter().map(|(_, source)| program_source(source)).collect();
    (Program { workflows, globals, sources }, tests)
}

fn program_source(source: &wf_model::source::Source) -> ProgramSource {
    ProgramSource { name: source.name.clone(), blake3: blake3::hash(source.text.as_bytes()).to_hex().to_string() }
}

/// The workflows of a file by name; one name for two of them, or for a kind, is reported.
fn declare<'a>(
    module: usize,
    file: &'a Module,
    kinds: &Registry,
    declared: &mut Vec<Declared<'a>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<Arc<str>, WorkflowId> {
    let mut names: HashMap<Arc<str>, (WorkflowId, Span)> = HashMap::default();
    for item in &file.file.items {
        let ast::Item::Workflow(workflow) = item else { continue };
        let id = WorkflowId(u32::try_from(declared.len()).unwrap_or(u32::MAX));
        declared.push(Declared { module, workflow });
        let name = &workflow.name;
        if let Some((_, first)) = names.get(&name.text) {
            diagnostics
                .push(DuplicateName { name: &name.text, span: name.span, first: Some(*first), what: "workflow" }.diagnostic());
        } else if kinds.get(&name.text).is_some() {
            diagnostics.push(DuplicateName { name: &name.text, span: name.span, first: None, what: "step kind" }.diagnostic());
        } else {
            names.insert(name.text.clone(), (id, name.span));
        }
    }
    names.into_iter().map(|(name, (id, _))| (name, id)).collect()
}
