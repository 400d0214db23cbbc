//! One workflow: its declarations and statements, to the typed program.

mod below;
mod beside;
mod block;
mod body;
mod clause;
mod context;
mod declaration;
mod handler;
mod invocation;
mod moving;
mod names;
mod order;
mod placing;
mod raw_text;
mod script;
mod step;
mod trigger;
mod unused;
mod value_as_variable;

pub(crate) use body::described;
pub(crate) use context::FileContext;

use crate::expression::{Checker, Facts};
use crate::findings::BelowZero;
use crate::globals::Globals;
use crate::index::Symbol;
use crate::order::Depends;
use foldhash::HashMap;
use handler::InHandler;
use names::{Known, Visibility};
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, ExpressionKind, ValueId};
use wf_model::program::{Place, StatementId, ValueDeclaration, ValueOrigin, Workflow};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast;

/// Checks one workflow.
pub(crate) struct Check<'a> {
    context: &'a FileContext<'a>,
    globals: &'a Globals,
    /// Workflows that are checked already, by their id.
    finished: &'a [Option<Workflow>],
    places: &'a mut u32,
    diagnostics: &'a mut Vec<Diagnostic>,
    workflow: Workflow,
    names: HashMap<Arc<str>, Known>,
    /// Names inside blocks, wherever they stand.
    in_blocks: HashMap<Arc<str>, Span>,
    /// The branches that lead to what is checked now: number of the `if` and of its branch.
    branches: Vec<(u32, u32)>,
    next_if: u32,
    /// `result`, where it is there.
    result: Option<Type>,
    /// `failure`, where it is there.
    failure: Option<Type>,
    /// `event`, where it is there.
    event: Option<Type>,
    /// What is known not to be `null`.
    facts: Facts,
    /// Whether the statement that is checked has its own `depends on`, so that it may use what stands below.
    free_order: bool,
    /// Whether parameters and settings are checked, which have their values before the first statement.
    early: bool,
    /// How a secret came into a value.
    trails: HashMap<ValueId, Vec<(Span, String)>>,
    used: foldhash::HashSet<ValueId>,
    /// Names that something was reported about; that they are unused besides is not worth saying.
    mentioned: foldhash::HashSet<Arc<str>>,
    depends: HashMap<StatementId, Depends>,
    written: Vec<order::Written>,
    statements_of: HashMap<Arc<str>, Vec<StatementId>>,
    /// The checkpoints of the body that is checked.
    checkpoints: Vec<ast::Name>,
    /// What outputs are set to, by their names.
    output_places: HashMap<Arc<str>, Span>,
    handler: Option<InHandler>,
    in_undo: bool,
    /// Names in the order in which they became visible.
    shown: Vec<Arc<str>>,
    /// Steps that were declared ahead of their check, by the place of their name, each with its types.
    ahead: HashMap<Span, (ValueId, step::Types)>,
}

impl<'a> Check<'a> {
    /// Checks a workflow whose callees are checked.
    pub(crate) fn workflow(
        workflow: &ast::Workflow,
        context: &'a FileContext<'a>,
        globals: &'a Globals,
        finished: &'a [Option<Workflow>],
        places: &'a mut u32,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Workflow {
        let mut check = Self {
            context,
            globals,
            finished,
            places,
            diagnostics,
            workflow: Workflow {
                doc: workflow.doc.as_ref().map(|doc| doc.text.as_str().into()),
                ..Workflow::empty(workflow.name.text.clone(), context.here.clone(), workflow.name.span)
            },
            names: HashMap::default(),
            in_blocks: below::names_in_blocks(&workflow.body),
            branches: Vec::new(),
            next_if: 0,
            result: None,
            failure: None,
            event: None,
            facts: Facts::default(),
            free_order: false,
            early: true,
            trails: HashMap::default(),
            used: foldhash::HashSet::default(),
            mentioned: foldhash::HashSet::default(),
            depends: HashMap::default(),
            written: Vec::new(),
            statements_of: HashMap::default(),
            checkpoints: Vec::new(),
            output_places: HashMap::default(),
            handler: None,
            in_undo: false,
            shown: Vec::new(),
            ahead: HashMap::default(),
        };
        check.declare_globals();
        let root = check.workflow_body(&workflow.body);
        check.workflow.root = root;
        let mut workflow = check.finish();
        // It is kept as long as the run.
        workflow.statements.shrink();
        workflow.values.shrink();
        workflow.bodies.shrink();
        workflow
    }

    fn finish(mut self) -> Workflow {
        self.resolve_depends();
        self.narrow_exports();
        self.report_unused();
        let mut workflow = self.workflow;
        crate::order::resolve(&mut workflow, &self.depends, self.diagnostics);
        workflow
    }

    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    /// Does something with a checker of expressions that sees what is visible now.
    fn with_checker<T>(&mut self, check: impl FnOnce(&mut Checker<'_>) -> T) -> T {
        let mut names = names::Scope {
            known: &self.names,
            in_blocks: &self.in_blocks,
            globals: self.globals,
            result: self.result.as_ref(),
            failure: self.failure.as_ref(),
            event: self.event.as_ref(),
            free_order: self.free_order,
            early: self.early,
            here: &self.workflow.here,
            trails: &self.trails,
            used: &mut self.used,
            mentioned: &mut self.mentioned,
            suggestions: &self.context.suggestions,
            values: &self.workflow.values,
        };
        let mut checker = Checker::new(&mut names, &self.context.types, &self.workflow.here, self.diagnostics, self.places)
            .with_facts(self.facts.clone());
        checker.uncertain = self.in_undo;
        check(&mut checker)
    }

    /// An expression that has to fit.
    fn expression(&mut self, expression: &ast::Expression, expected: &Type) -> Expression {
        self.with_checker(|checker| checker.check(expression, expected))
    }

    /// A duration that something takes.
    fn time(&mut self, expression: &ast::Expression) -> Expression {
        self.not_below_zero(expression, &Type::Duration)
    }

    /// A number or duration; one that is written out and less than nothing is reported.
    fn not_below_zero(&mut self, expression: &ast::Expression, expected: &Type) -> Expression {
        let checked = self.expression(expression, expected);
        let negative = match &checked.kind {
            ExpressionKind::Literal(Value::Int(number)) => *number < 0,
            ExpressionKind::Literal(Value::Duration(duration)) => duration.milliseconds < 0,
            _ => false,
        };
        if negative {
            self.report(&BelowZero { span: checked.span });
        }
        checked
    }

    /// An expression of any type.
    fn inferred(&mut self, expression: &ast::Expression) -> Expression {
        self.with_checker(|checker| checker.infer(expression, None))
    }

    /// A condition.
    fn condition(&mut self, expression: &ast::Expression) -> Expression {
        self.with_checker(|checker| checker.condition(expression))
    }

    fn type_(&mut self, expression: &ast::TypeExpression) -> Type {
        self.context.note_types(expression);
        crate::types::resolve(expression, &self.context.types, self.diagnostics)
    }

    /// Adds a value name; one that is taken is reported, and shared where branches of one `if` may share it.
    fn declare(&mut self, name: &ast::Name, type_: &Type, origin: ValueOrigin) -> ValueId {
        if let Some(known) = self.names.get(&name.text).filter(|known| known.value.is_some() && known.may_share(&self.branches)) {
            if let Some(value) = known.value.filter(|value| self.takes(*value, type_)) {
                let first = self.workflow.values.get(value).map_or(name.span, |declared| declared.span);
                self.context.recorder.declared(name.span, Symbol::Value(first), Some(type_));
                self.show(name, value, type_);
                return value;
            }
        } else {
            self.report_taken(name);
        }
        let declaration = ValueDeclaration { name: name.text.clone(), type_: type_.clone(), origin, span: name.span };
        let value = self.workflow.values.add(declaration);
        self.context.recorder.declared(name.span, Symbol::Value(name.span), Some(type_));
        self.show(name, value, type_);
        value
    }

    /// Whether a value that another branch declares may hold this type as well; one that may be missing makes it optional.
    fn takes(&mut self, value: ValueId, type_: &Type) -> bool {
        let Some(declared) = self.workflow.values.get_mut(value) else { return false };
        let same = declared.type_.required() == type_.required();
        if same && matches!(type_, Type::Optional(_)) {
            declared.type_ = type_.clone();
        }
        same
    }

    fn report_taken(&mut self, name: &ast::Name) {
        use crate::findings::{DuplicateName, ReservedName};
        if matches!(&*name.text, "run" | "here" | "result" | "failure" | "event") {
            return self.report(&ReservedName { name: &name.text, span: name.span });
        }
        // Of two declarations the second is reported, in whatever order they are checked.
        let before = |known: &&Known| known.global || known.span < name.span && !known.may_share(&self.branches);
        let first = self.names.get(&name.text).filter(before).map(|known| known.span);
        if let Some(first) = first {
            self.mentioned.insert(name.text.clone());
            drop(self.globals.lookup(&name.text));
            self.report(&DuplicateName { name: &name.text, span: name.span, first: Some(first), what: "value" });
        }
    }

    fn show(&mut self, name: &ast::Name, value: ValueId, type_: &Type) {
        let known = Known {
            value: Some(value),
            span: name.span,
            visibility: Visibility::Visible(type_.clone()),
            branches: self.branches.clone(),
            global: false,
        };
        self.names.insert(name.text.clone(), known);
        self.shown.push(name.text.clone());
    }

    /// Adds the name of a block without a value.
    fn declare_block(&mut self, name: &ast::Name, visibility: Visibility) {
        self.report_taken(name);
        self.context.recorder.declared(name.span, Symbol::Value(name.span), None);
        let branches = self.branches.clone();
        self.names.insert(name.text.clone(), Known { value: None, span: name.span, visibility, branches, global: false });
    }

    /// Changes how a name is seen.
    fn see(&mut self, name: &str, visibility: Visibility) {
        if let Some(known) = self.names.get_mut(name) {
            known.visibility = visibility;
        }
    }

    fn declare_globals(&mut self) {
        for (name, (_, type_, span)) in &self.globals.known {
            let known = Known {
                value: None,
                span: *span,
                visibility: Visibility::Visible(type_.clone()),
                branches: Vec::new(),
                global: true,
            };
            self.names.insert(name.clone(), known);
        }
    }

    /// The workflow that a step calls, once it is checked.
    fn callee(&self, id: wf_model::program::WorkflowId) -> Option<&'a Workflow> {
        self.finished.get(id.index()).and_then(Option::as_ref)
    }
}
