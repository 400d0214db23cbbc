//! `test` declarations: what they run, mock and expect.

use crate::expression::{Checker, Lookup, Names};
use crate::findings::{DuplicateName, StrayDeclaration, TestRunMissing, TestWorkflowUnknown, TriggerArgument, UnknownMock};
use crate::load::Module;
use crate::workflow::FileContext;
use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Reference, ValueId};
use wf_model::program::{Place, Workflow};
use wf_model::span::Span;
use wf_model::suggest::nearest;
use wf_model::types::Type;
use wf_syntax::ast::{self, ClauseKind, Entry, ExpressionKind, Item};

/// What a test's expressions see: the outcomes of steps by name, and `run`.
struct Outcomes {
    steps: BTreeSet<Arc<str>>,
}

/// The type of `run` in a test.
fn run_type() -> Type {
    Type::record([
        ("status", Type::union(["succeeded", "failed", "cancelled", "rolled_back", "rollback_failed", "paused"])),
        ("duration", Type::Duration),
        ("order", Type::list(Type::String)),
        ("outputs", Type::Json),
    ])
}

impl Names for Outcomes {
    fn lookup(&mut self, name: &str, _: Span) -> Lookup {
        match name {
            "run" => Lookup::Found(Reference::Run, run_type()),
            // The outcome of a step or block; its path goes on behind a dot, so that its type is known only there.
            _ if self.steps.contains(name) => Lookup::Reported,
            _ => Lookup::Unknown,
        }
    }

    fn candidates(&self) -> Vec<Arc<str>> {
        self.steps.iter().cloned().collect()
    }

    fn is_visible(&self, name: &str) -> bool {
        self.steps.contains(name)
    }

    fn trail(&self, _: ValueId) -> Vec<(Span, String)> {
        Vec::new()
    }
}

/// Checks the tests of a file.
pub(crate) fn check(
    module: &Module,
    context: &FileContext<'_>,
    finished: &[Option<Workflow>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut titles: Vec<(&str, Span)> = Vec::new();
    for item in &module.file.items {
        let Item::Test(test) = item else { continue };
        if let Some((_, first)) = titles.iter().find(|(title, _)| *title == test.name) {
            let found = DuplicateName { name: &test.name, span: test.name_span, first: Some(*first), what: "test" };
            diagnostics.push(found.diagnostic());
        }
        titles.push((&test.name, test.name_span));
        Test { context, finished, diagnostics }.check(test);
    }
}

struct Test<'a> {
    context: &'a FileContext<'a>,
    finished: &'a [Option<Workflow>],
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Test<'_> {
    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    fn check(&mut self, test: &ast::Test) {
        let run = test.body.entries.iter().find_map(|entry| if let Entry::Run(run) = entry { Some(run) } else { None });
        let Some(run) = run else {
            return self.report(&TestRunMissing { span: test.name_span });
        };
        let Some(id) = self.context.workflow_named(None, &run.workflow.text) else {
            let names = self.context.kind_names();
            let near = nearest(&run.workflow.text, names.iter().map(String::as_str));
            return self.report(&TestWorkflowUnknown { name: &run.workflow.text, span: run.workflow.span, near });
        };
        let Some(workflow) = self.finished.get(id.index()).and_then(Option::as_ref) else { return };
        let mut outcomes =
            Outcomes { steps: workflow.statements.iter().filter_map(|(_, statement)| statement.name.clone()).collect() };
        self.arguments(run, workflow, &mut outcomes);
        for entry in &test.body.entries {
            match entry {
                Entry::Run(_) => {}
                Entry::Mock(mock) => self.mock(mock, &mut outcomes),
                Entry::Clause(clause) => match &clause.kind {
                    ClauseKind::Expect { condition, message } => {
                        self.expression(condition, &Type::Bool, &mut outcomes);
                        message.iter().for_each(|message| self.expression(message, &Type::String, &mut outcomes));
                    }
                    _ => self.report(&StrayDeclaration { what: "clause", span: clause.span, place: "step" }),
                },
                _ => self.report(&StrayDeclaration { what: "statement", span: test.name_span, place: "workflow" }),
            }
        }
    }

    fn expression(&mut self, expression: &ast::Expression, expected: &Type, outcomes: &mut Outcomes) {
        let mut places = 0;
        let here = self.context.here.clone();
        Checker::new(outcomes, &self.context.types, &here, self.diagnostics, &mut places).check(expression, expected);
    }

    /// `with { … }`: parameters of the workflow.
    fn arguments(&mut self, run: &ast::TestRun, workflow: &Workflow, outcomes: &mut Outcomes) {
        let entries = match run.with.as_ref().map(|with| &with.kind) {
            Some(ExpressionKind::Record(entries)) => entries.as_slice(),
            _ => &[],
        };
        for (key, value) in entries {
            match workflow.parameters.iter().find(|parameter| parameter.name == key.text) {
                Some(parameter) => self.expression(value, &parameter.type_, outcomes),
                None => self.report(&TriggerArgument { span: key.span, problem: "the workflow has no such parameter" }),
            }
        }
        for parameter in &workflow.parameters {
            let optional = parameter.default.is_some() || matches!(parameter.type_, Type::Optional(_));
            if !optional && !entries.iter().any(|(key, _)| key.text == parameter.name) {
                self.report(&TriggerArgument {
                    span: run.span,
                    problem: &format!("parameter `{}` is not given", parameter.name),
                });
            }
        }
    }

    /// A mock names a step by its path, or a call that looks outside.
    fn mock(&mut self, mock: &ast::Mock, outcomes: &mut Outcomes) {
        if let ExpressionKind::Call { name, .. } = &mock.target.kind {
            if wf_model::expression::Function::named(&name.text).is_none_or(|function| !function.looks_outside()) {
                self.report(&UnknownMock { span: mock.target.span, near: None });
            }
            return;
        }
        for (name, span) in path(&mock.target) {
            if !outcomes.steps.contains(&name) {
                let near = nearest(&name, outcomes.steps.iter().map(|step| &**step)).map(str::to_owned);
                self.report(&UnknownMock { span, near: near.as_deref() });
            }
        }
        if let Some(after) = &mock.after {
            self.expression(after, &Type::Duration, outcomes);
        }
        if let Some(times) = &mock.times {
            self.expression(times, &Type::Int, outcomes);
        }
    }
}

/// The names of a path such as `ship.health[1]`.
fn path(expression: &ast::Expression) -> Vec<(Arc<str>, Span)> {
    let mut names = Vec::new();
    let mut inner = expression;
    loop {
        match &inner.kind {
            ExpressionKind::Field { base, name, .. } => {
                names.push((name.text.clone(), name.span));
                inner = base;
            }
            ExpressionKind::Index { base, .. } => inner = base,
            ExpressionKind::Name(name) => {
                names.push((name.clone(), inner.span));
                return names;
            }
            _ => return names,
        }
    }
}
