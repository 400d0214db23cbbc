//! `test` declarations: what they run, mock and expect.

mod paths;

use crate::expression::{Checker, Lookup, Names};
use crate::findings::{
    DuplicateName, RepeatedClause, StepPath, StrayDeclaration, TestRunMissing, TestWorkflowUnknown, TriggerArgument, UnknownMock,
};
use crate::load::Module;
use crate::offer::Offer;
use crate::workflow::{FileContext, described};
use foldhash::HashMap;
use paths::{Named, Paths};
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, Function, Reference, ValueId};
use wf_model::program::{Expectation, Place as _, Workflow};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::test::{Mock, MockOutcome, MockTarget, Test};
use wf_model::types::{Field, Type};
use wf_syntax::ast::{self, ClauseKind, Entry, ExpressionKind, Item};

/// What a test's expressions see: the outcomes of steps by path, and `run`.
struct Outcomes<'a> {
    paths: Paths<'a>,
    first: Vec<Arc<str>>,
    run: Type,
}

/// The type of `run` in a test of a workflow with these outputs.
fn run_type(outputs: Type) -> Type {
    Type::record([
        ("status", Type::union(["succeeded", "failed", "cancelled", "rolled_back", "rollback_failed", "paused"])),
        ("duration", Type::Duration),
        ("order", Type::list(Type::String)),
        ("outputs", outputs),
    ])
}

impl Names for Outcomes<'_> {
    fn lookup(&mut self, name: &str, span: Span) -> Lookup {
        if name == "run" {
            return Lookup::Found(Reference::Run, self.run.clone());
        }
        let expression = ast::Expression { kind: ExpressionKind::Name(name.into()), span };
        match self.whole(&expression) {
            Some(Ok((reference, type_))) => Lookup::Found(reference, type_),
            Some(Err(diagnostic)) => Lookup::Refused(diagnostic),
            None => Lookup::Unknown,
        }
    }

    fn whole(&mut self, expression: &ast::Expression) -> Option<Result<(Reference, Type), Box<Diagnostic>>> {
        match self.paths.named(expression, true) {
            Named::Nothing => None,
            Named::Place(place, path) => Some(Ok((Reference::Outcome(path), self.paths.outcome(place)))),
            Named::Wrong(diagnostic) => Some(Err(diagnostic)),
        }
    }

    fn visible(&self) -> Vec<(Arc<str>, Type)> {
        let steps = self.first.iter().map(|name| (name.clone(), Type::Unknown));
        steps.chain([("run".into(), self.run.clone())]).collect()
    }

    fn candidates(&self) -> Vec<Arc<str>> {
        self.first.clone()
    }

    fn is_visible(&self, name: &str) -> bool {
        self.first.iter().any(|known| **known == *name)
    }

    fn trail(&self, _: ValueId) -> Vec<(Span, String)> {
        Vec::new()
    }
}

/// Checks the tests of a file; those that could be read come back. `places` counts the calls that look outside.
pub(crate) fn check(
    module: &Module,
    context: &FileContext<'_>,
    finished: &[Option<Workflow>],
    places: &mut u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Test> {
    let mut titles: HashMap<&str, Span> = HashMap::default();
    let mut tests = Vec::new();
    for item in &module.file.items {
        let Item::Test(test) = item else { continue };
        let first = *titles.entry(&test.name).or_insert(test.name_span);
        if first != test.name_span {
            let found = DuplicateName { name: &test.name, span: test.name_span, first: Some(first), what: "test" };
            diagnostics.push(found.diagnostic());
        }
        tests.extend(Check { context, finished, places, diagnostics }.test(test));
    }
    tests
}

struct Check<'a> {
    context: &'a FileContext<'a>,
    finished: &'a [Option<Workflow>],
    places: &'a mut u32,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    fn test(&mut self, test: &ast::Test) -> Option<Test> {
        let run = test.body.entries.iter().find_map(|entry| if let Entry::Run(run) = entry { Some(run) } else { None });
        let Some(run) = run else {
            self.report(&TestRunMissing { span: test.name_span });
            return None;
        };
        self.context.recorder.offer(run.workflow.span, || Offer::Workflows(self.context.callable()));
        let Some(id) = self.context.workflow_named(None, &run.workflow.text) else {
            let names = self.context.kind_names();
            let near = near(&run.workflow.text, names.iter().map(String::as_str));
            self.report(&TestWorkflowUnknown { name: &run.workflow.text, span: run.workflow.span, near });
            return None;
        };
        let workflow = self.finished.get(id.index())?.as_ref()?;
        self.context.recorder.calls(run.workflow.span, id);
        let mut paths = Paths::new(id, self.finished, self.context.kinds, &self.context.recorder);
        let (first, run_type) = (paths.first_names(), run_type(paths.outputs(id)));
        let mut outcomes = Outcomes { paths, first, run: run_type };
        let arguments = self.arguments(run, workflow, &mut outcomes);
        let (name, span) = (test.name.as_str().into(), test.name_span);
        let mut checked = Test { name, span, workflow: id, arguments, mocks: Vec::new(), expectations: Vec::new() };
        for entry in &test.body.entries {
            match entry {
                Entry::Run(again) if again.span != run.span => {
                    self.report(&RepeatedClause { clause: "run", span: again.span, first: run.span });
                }
                Entry::Run(_) => {}
                Entry::Mock(mock) => checked.mocks.extend(self.mock(mock, &mut outcomes)),
                Entry::Clause(clause) if matches!(clause.kind, ClauseKind::Expect { .. }) => {
                    checked.expectations.extend(self.expectation(clause, &mut outcomes));
                }
                other => {
                    let (what, span) = described(other);
                    self.report(&StrayDeclaration { what, span, place: if what == "clause" { "step" } else { "workflow" } });
                }
            }
        }
        Some(checked)
    }

    fn expectation(&mut self, clause: &ast::Clause, outcomes: &mut Outcomes<'_>) -> Option<Expectation> {
        let ClauseKind::Expect { condition, message } = &clause.kind else { return None };
        let text = self.context.slice(condition.span);
        let condition = self.with_checker(outcomes, |checker| checker.condition(condition));
        let message = message.as_ref().map(|message| self.expression(message, &Type::String, outcomes));
        Some(Expectation { condition, message, text })
    }

    fn with_checker<T>(&mut self, outcomes: &mut Outcomes<'_>, check: impl FnOnce(&mut Checker<'_>) -> T) -> T {
        let here = self.context.here.clone();
        check(&mut Checker::new(outcomes, &self.context.types, &here, self.diagnostics, self.places))
    }

    fn expression(&mut self, expression: &ast::Expression, expected: &Type, outcomes: &mut Outcomes<'_>) -> Expression {
        self.with_checker(outcomes, |checker| checker.check(expression, expected))
    }

    /// `with { … }`: parameters of the workflow.
    fn arguments(&mut self, run: &ast::TestRun, workflow: &Workflow, outcomes: &mut Outcomes<'_>) -> Vec<(Arc<str>, Expression)> {
        let entries = match run.with.as_ref().map(|with| &with.kind) {
            Some(ExpressionKind::Record(entries)) => entries.as_slice(),
            _ => &[],
        };
        let mut arguments = Vec::new();
        for (key, value) in entries {
            match workflow.parameters.iter().find(|parameter| parameter.name == key.text) {
                Some(parameter) => {
                    self.context.recorder.parameter(key.span, workflow, parameter.value);
                    arguments.push((key.text.clone(), self.expression(value, &parameter.type_, outcomes)));
                }
                None => {
                    let problem = format!("workflow `{}` has no parameter `{}`", workflow.name, key.text);
                    self.report(&TriggerArgument { span: key.span, problem: &problem });
                }
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
        arguments
    }

    /// A mock names a step by its path, or a call that looks outside.
    fn mock(&mut self, mock: &ast::Mock, outcomes: &mut Outcomes<'_>) -> Option<Mock> {
        let (target, type_) = match &mock.target.kind {
            ExpressionKind::Call { name, .. } => self.mocked_call(&mock.target, &name.text, outcomes),
            _ => self.mocked_step(&mock.target, outcomes),
        }?;
        let outcome = match &mock.outcome {
            ast::MockOutcome::Succeeds(given) => {
                MockOutcome::Succeeds(given.as_ref().map(|given| self.expression(given, &type_, outcomes)))
            }
            ast::MockOutcome::Gives(given) => MockOutcome::Gives(self.expression(given, &type_, outcomes)),
            ast::MockOutcome::Fails(message) => {
                MockOutcome::Fails(message.as_ref().map(|message| self.expression(message, &Type::String, outcomes)))
            }
            ast::MockOutcome::TimesOut => MockOutcome::TimesOut,
            ast::MockOutcome::Crashes => MockOutcome::Crashes,
        };
        let after = mock.after.as_ref().map(|after| self.expression(after, &Type::Duration, outcomes));
        let times = mock.times.as_ref().map(|times| self.expression(times, &Type::Int, outcomes));
        Some(Mock { target, outcome, after, times, span: mock.span })
    }

    /// A call that looks outside, and what it gives.
    fn mocked_call(&mut self, target: &ast::Expression, name: &str, outcomes: &mut Outcomes<'_>) -> Option<(MockTarget, Type)> {
        if Function::named(name).is_some_and(|function| !function.looks_outside()) {
            self.report(&UnknownMock { span: target.span, near: None });
            return None;
        }
        let call = self.with_checker(outcomes, |checker| checker.infer(target, None));
        let type_ = match &call.type_ {
            Type::Unknown => return None,
            // A path would be made absolute against the file of the test.
            paths if *paths == Type::list(Type::Path) => Type::list(Type::String),
            type_ => type_.clone(),
        };
        Some((MockTarget::Call(call), type_))
    }

    /// A mocked step, and what it gives; of a record any fields.
    fn mocked_step(&mut self, target: &ast::Expression, outcomes: &mut Outcomes<'_>) -> Option<(MockTarget, Type)> {
        let (place, path) = match outcomes.paths.named(target, false) {
            Named::Place(place, path) => (place, path),
            Named::Nothing => {
                let near = root(target).and_then(|name| near(name, outcomes.first.iter().map(|first| &**first)));
                self.report(&UnknownMock { span: target.span, near });
                return None;
            }
            Named::Wrong(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return None;
            }
        };
        let Some(step) = outcomes.paths.step(place) else {
            self.report(&StepPath::block(target.span));
            return None;
        };
        let type_ = match outcomes.paths.value(step) {
            Type::Record(fields) if step.invocation.decode.is_none() => Type::Record(fields.iter().map(optional).collect()),
            type_ => type_,
        };
        Some((MockTarget::Step { path, workflow: place.workflow, statement: place.statement }, type_))
    }
}

fn optional(field: &Field) -> Field {
    // `json` holds null as it is, but has to be given all the same.
    let type_ =
        if field.type_ == Type::Json { Type::Optional(Arc::new(Type::Json)) } else { Type::optional(field.type_.clone()) };
    Field { name: field.name.clone(), type_ }
}

/// The first name of a path that is nothing but that.
fn root(expression: &ast::Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name),
        _ => None,
    }
}
