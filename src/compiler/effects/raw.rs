//! `raw` over what comes from outside.

use super::Check;
use foldhash::HashMap;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind, Function, Reference, ValueId};
use wf_model::program::{AttributeValue, Invocation, Place, StatementKind, Step, ValueOrigin, Workflow};
use wf_model::script::{ScriptPart, ScriptPlace};
use wf_model::span::Span;

/// Reports every `raw` whose text somebody outside the program decides.
pub(super) fn check(check: &mut Check<'_, '_>) {
    let workflow = check.room.workflow;
    let calls: Vec<_> = workflow.expressions().flat_map(Expression::walk).filter(|part| is_raw(part)).collect();
    let pieces: Vec<_> = raw_pieces(workflow).filter(|piece| !is_raw(piece)).collect();
    if calls.is_empty() && pieces.is_empty() {
        return;
    }
    let outside = Outside::new(workflow);
    for raw in calls.into_iter().chain(pieces) {
        if let Some(source) = gives(raw).into_iter().find_map(|part| outside.source(part)) {
            check.report(&RawFromOutside { source, span: raw.span });
        }
    }
}

fn is_raw(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Call(Function::Raw, ..))
}

/// Values that shell texts take in as they are.
fn raw_pieces(workflow: &Workflow) -> impl Iterator<Item = &Expression> {
    let steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
    steps.flat_map(Step::invocations).flat_map(raw_pieces_of)
}

fn raw_pieces_of(invocation: &Invocation) -> impl Iterator<Item = &Expression> {
    let parts = invocation.attributes.iter().flat_map(|attribute| match &attribute.value {
        AttributeValue::Script(script) => script.parts.as_slice(),
        AttributeValue::Expression(_) => &[],
    });
    parts.filter_map(|part| match part {
        ScriptPart::Value { value, place: ScriptPlace::Raw } => Some(value),
        ScriptPart::Value { .. } | ScriptPart::Literal(_) => None,
    })
}

/// The parts that a text is made of; a condition only chooses between them.
fn gives(expression: &Expression) -> Vec<&Expression> {
    let mut found = Vec::new();
    let mut left = vec![expression];
    while let Some(part) = left.pop() {
        found.push(part);
        match &part.kind {
            ExpressionKind::Conditional(choice) => left.extend([&choice.then, &choice.otherwise]),
            _ => left.extend(part.parts()),
        }
    }
    found
}

/// Which values come from outside the program, directly or by way of others.
struct Outside<'a> {
    workflow: &'a Workflow,
    values: Vec<bool>,
}

impl<'a> Outside<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let mut outside = Self { workflow, values: vec![false; workflow.values.len()] };
        let from_outside = |origin| matches!(origin, ValueOrigin::Parameter | ValueOrigin::Step | ValueOrigin::Block);
        let declared = workflow.values.iter().filter(|(_, declaration)| from_outside(declaration.origin));
        let mut left: Vec<_> = declared.map(|(id, _)| id).collect();
        let mut made_from: HashMap<ValueId, Vec<ValueId>> = HashMap::default();
        for (value, expression) in derived(workflow) {
            for part in gives(expression) {
                match &part.kind {
                    ExpressionKind::Reference(Reference::Value(source)) => made_from.entry(*source).or_default().push(value),
                    ExpressionKind::Reference(Reference::Result | Reference::Failure | Reference::Event) => left.push(value),
                    _ => {}
                }
            }
        }
        while let Some(value) = left.pop() {
            if let Some(known) = outside.values.get_mut(value.index())
                && !std::mem::replace(known, true)
            {
                left.extend(made_from.get(&value).into_iter().flatten());
            }
        }
        outside
    }

    /// What an expression takes from outside, as messages call it.
    fn source(&self, expression: &Expression) -> Option<String> {
        let ExpressionKind::Reference(reference) = &expression.kind else { return None };
        match reference {
            Reference::Value(value) => {
                let known = self.values.get(value.index()).copied().unwrap_or(false);
                self.workflow.values.get(*value).filter(|_| known).map(|declaration| format!("`{}`", declaration.name))
            }
            Reference::Result => Some("`result`".to_owned()),
            Reference::Failure => Some("`failure`".to_owned()),
            Reference::Event => Some("`event`".to_owned()),
            Reference::Global(_) | Reference::Local(_) | Reference::Run | Reference::Outcome(_) => None,
        }
    }
}

/// Values that are made from others, each with an expression that it is made from.
fn derived(workflow: &Workflow) -> impl Iterator<Item = (ValueId, &Expression)> {
    workflow.statements.iter().flat_map(|(_, statement)| match &statement.kind {
        StatementKind::Let(binding) => statement.value.map(|value| (value, &binding.expression)).into_iter().collect(),
        StatementKind::ForEach(each) => {
            let variables = each.iterators.iter().flat_map(|iterator| {
                [Some(iterator.item), iterator.index].into_iter().flatten().map(move |variable| (variable, &iterator.list))
            });
            variables.collect::<Vec<_>>()
        }
        _ => Vec::new(),
    })
}

/// Text from outside that becomes code.
struct RawFromOutside {
    source: String,
    span: Span,
}

impl Finding for RawFromOutside {
    const SLUG: &'static str = "raw-from-outside";
    const STRICTNESS: Strictness = Strictness::STRICT_ERROR;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`raw` makes code of {}, which comes from outside the program", self.source))
            .labelled("whoever decides this text decides what runs")
            .with_help("Leave `raw` out, so that the value goes over as data, or choose between texts that stand in the program.")
    }
}
