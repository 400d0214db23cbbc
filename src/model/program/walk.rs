//! The expressions that stand in statements and clauses.

use crate::expression::{Expression, ValueId};
use crate::program::{
    Attribute, AttributeValue, BodyClauses, BodyId, Cache, Callee, Delay, EffectClause, Handler, Invocation, Lock, Retry,
    Statement, StatementKind, Step, StepClauses, Undo, UnknownAnswer, Workflow, WorkflowId,
};
use crate::span::Span;
use std::collections::{BTreeMap, BTreeSet};

impl Attribute {
    /// Its expressions, in written order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (data, script) = match &self.value {
            AttributeValue::Expression(expression) => (Some(expression), None),
            AttributeValue::Script(script) => (None, Some(script.values())),
        };
        data.into_iter().chain(script.into_iter().flatten())
    }
}

impl Invocation {
    /// The expressions of its attributes, in written order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.attributes.iter().flat_map(Attribute::expressions)
    }

    /// The workflow that it calls; `None` for a kind.
    #[must_use]
    pub const fn workflow(&self) -> Option<WorkflowId> {
        match self.callee {
            Callee::Workflow(id) => Some(id),
            Callee::Kind(_) => None,
        }
    }

    /// The attribute called `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }
}

impl Retry {
    /// Its expressions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let delay: Vec<_> = match &self.delay {
            None => Vec::new(),
            Some(Delay::Pause(pause)) => vec![pause],
            Some(Delay::Backoff { from, to }) => vec![from, to],
        };
        std::iter::once(&self.times).chain(delay).chain(&self.within).chain(&self.when)
    }
}

impl Undo {
    /// Its expressions; they see `result` and the step's own value.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let retry = self.retry.iter().flat_map(Retry::expressions);
        self.invocation.expressions().chain(&self.when).chain(&self.timeout).chain(retry)
    }
}

impl Lock {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        std::iter::once(&self.key).chain(&self.max)
    }
}

impl Cache {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        [&self.inputs, &self.outputs].into_iter().chain(&self.key)
    }
}

impl StepClauses {
    /// The undo, where there is one.
    #[must_use]
    pub fn undo(&self) -> Option<&Undo> {
        match &self.effect {
            EffectClause::Undo(undo) => Some(undo),
            EffectClause::Unstated | EffectClause::UndoesItself | EffectClause::ReadsOnly | EffectClause::NoUndo(_) => None,
        }
    }

    /// Whether a rollback undoes the step: by its undo, or because its kind undoes itself.
    #[must_use]
    pub const fn is_undoable(&self) -> bool {
        matches!(self.effect, EffectClause::Undo(_) | EffectClause::UndoesItself)
    }

    /// Expressions that are evaluated without the step's own value; those of handlers are not among them.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let check = match &self.unknown {
            Some(UnknownAnswer::Check(check)) => Some(check.invocation.expressions().chain(&check.timeout)),
            Some(UnknownAnswer::Rerun | UnknownAnswer::Done | UnknownAnswer::Fail | UnknownAnswer::Ask) | None => None,
        };
        (self.timeout.iter())
            .chain(self.retry.iter().flat_map(|retry| retry.expressions()))
            .chain(self.continuation.iter().flat_map(|continuation| &continuation.when))
            .chain(self.cache.iter().flat_map(|cache| cache.expressions()))
            .chain(self.lock.iter().flat_map(|lock| lock.expressions()))
            .chain(&self.estimate)
            .chain(check.into_iter().flatten())
    }

    /// Expressions that may use the step's own value: of what is expected, and of the undo.
    pub fn expressions_with_result(&self) -> impl Iterator<Item = &Expression> {
        let expected =
            self.expectations.iter().flat_map(|expected| std::iter::once(&expected.condition).chain(&expected.message));
        expected.chain(self.undo().into_iter().flat_map(Undo::expressions))
    }
}

impl Step {
    /// What it may start: itself, its undo, and what looks for it at resume.
    pub fn invocations(&self) -> impl Iterator<Item = &Invocation> {
        let check = match &self.clauses.unknown {
            Some(UnknownAnswer::Check(check)) => Some(&check.invocation),
            Some(UnknownAnswer::Rerun | UnknownAnswer::Done | UnknownAnswer::Fail | UnknownAnswer::Ask) | None => None,
        };
        let undo = self.clauses.undo().map(|undo| &undo.invocation);
        [Some(&self.invocation), undo, check].into_iter().flatten()
    }
}

impl BodyClauses {
    /// Its expressions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        (self.timeout.iter())
            .chain(self.retry.iter().flat_map(Retry::expressions))
            .chain(self.continuation.iter().flat_map(|continuation| &continuation.when))
            .chain(self.lock.iter().flat_map(Lock::expressions))
    }
}

impl Statement {
    /// The expressions of its own, its condition included; those of its bodies are not among them, nor those that may use the
    /// statement's own value.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.kind.expressions().into_iter().chain(&self.when)
    }

    /// The expressions that may use the statement's own value.
    pub fn expressions_with_result(&self) -> impl Iterator<Item = &Expression> {
        self.kind.step().into_iter().flat_map(|step| step.clauses.expressions_with_result())
    }
}

impl Workflow {
    /// Where each of `values` is used first by a statement other than its own, by an output, or behind its loop.
    #[must_use]
    pub fn first_uses(&self, values: &BTreeSet<ValueId>) -> BTreeMap<ValueId, Span> {
        let mut first = BTreeMap::new();
        for (_, statement) in self.statements.iter() {
            let others = |(value, _): &(ValueId, Span)| Some(*value) != statement.value;
            let expressions = statement.expressions().chain(statement.expressions_with_result());
            for (value, span) in expressions.flat_map(names).filter(others) {
                first.entry(value).or_insert(span);
            }
            if let StatementKind::ForEach(each) = &statement.kind {
                each.exports.iter().for_each(|export| _ = first.entry(export.value).or_insert(statement.span));
            }
        }
        let clauses = self.bodies.iter().flat_map(|(_, body)| body.clauses.expressions());
        for (value, span) in clauses.chain(self.outputs.iter().map(|output| &output.expression)).flat_map(names) {
            first.entry(value).or_insert(span);
        }
        first.retain(|value, _| values.contains(value));
        first
    }

    /// Every expression of it, outermost ones only.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let statements = self.statements.iter().flat_map(|(_, statement)| {
            let own = statement.expressions();
            own.chain(statement.expressions_with_result())
        });
        let parameters = self.parameters.iter().flat_map(|parameter| parameter.default.iter().chain(&parameter.constraint));
        let settings = self.settings.named().map(|(_, setting)| setting);
        let triggers = self.triggers.iter().flat_map(|trigger| trigger.arguments.iter().map(|(_, expression)| expression));
        (statements.chain(parameters).chain(settings).chain(triggers))
            .chain(self.bodies.iter().flat_map(|(_, body)| body.clauses.expressions()))
            .chain(self.outputs.iter().map(|output| &output.expression))
    }
}

impl StatementKind {
    /// The step, where it is one.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        match self {
            Self::Step(step) => Some(step),
            _ => None,
        }
    }

    /// The bodies of a block in written order; those of handlers are not among them.
    #[must_use]
    pub fn bodies(&self) -> Vec<BodyId> {
        match self {
            Self::If(branches) => branches.branches.iter().map(|branch| branch.body).chain(branches.otherwise).collect(),
            Self::Stage(body) => vec![*body],
            Self::Parallel(parallel) => vec![parallel.body],
            Self::ForEach(each) => vec![each.body],
            Self::Repeat(repeat) => vec![repeat.body],
            Self::Let(_) | Self::Step(_) | Self::Rollback(_) | Self::Checkpoint(_) | Self::Commit => Vec::new(),
        }
    }

    /// The handlers of a step; those of a block stand in its bodies.
    #[must_use]
    pub fn handlers(&self) -> &[Handler] {
        self.step().map_or(&[], |step| &step.clauses.handlers)
    }

    /// The expressions of its own, in written order; those of its bodies are not among them, nor those that may use the
    /// statement's own value.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Let(binding) => vec![&binding.expression],
            Self::Step(step) => step.invocation.expressions().chain(step.clauses.expressions()).collect(),
            Self::If(branches) => branches.branches.iter().map(|branch| &branch.condition).collect(),
            Self::Parallel(parallel) => parallel.max.iter().collect(),
            Self::ForEach(each) => each.iterators.iter().map(|iterator| &iterator.list).chain(&each.max).collect(),
            Self::Repeat(repeat) => std::iter::once(&repeat.until).chain(&repeat.pause).chain([&repeat.max]).collect(),
            Self::Stage(_) | Self::Rollback(_) | Self::Checkpoint(_) | Self::Commit => Vec::new(),
        }
    }
}

fn names(expression: &Expression) -> impl Iterator<Item = (ValueId, Span)> {
    expression.walk().filter_map(|part| Some((part.named_value()?, part.span)))
}
