//! Hand-made workflows, and what is found in them.

use super::check;
use crate::sample::Sample;
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::expression::{
    BinaryOperator, Conditional, Expression, ExpressionKind, Function, Place, Reference, TextPart, ValueId,
};
use wf_model::program::{
    Attribute, AttributeValue, BodyId, Callee, EffectClause, Export, HandlerCause, Invocation, Let, Output, Program, Retry,
    Rollback, StatementId, StatementKind, Table, Undo, UnknownAnswer, Wait, Workflow, WorkflowId,
};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

fn found(workflows: impl IntoIterator<Item = Workflow>) -> Vec<Diagnostic> {
    let mut table: Table<WorkflowId, Workflow> = Table::default();
    for workflow in workflows {
        table.add(workflow);
    }
    let program = Program { workflows: table, globals: Table::default(), sources: Vec::new() };
    let mut diagnostics = Vec::new();
    check(&program, wf_steps::registry(), Level::Paranoid, &mut diagnostics);
    diagnostics
}

/// The slugs of what `level` shows, but for missing timeouts, which no sample sets.
fn slugs(sample: &Sample, level: Level) -> Vec<&'static str> {
    let shown = |diagnostic: &Diagnostic| diagnostic.severity(level).is_some() && diagnostic.slug != "timeout-missing";
    found([sample.workflow.clone()]).into_iter().filter(shown).map(|diagnostic| diagnostic.slug).collect()
}

fn retry(sample: &mut Sample) -> Retry {
    let times = sample.expression(ExpressionKind::Literal(Value::Int(2)));
    Retry { times, delay: None, within: None, when: None }
}

fn timeout(sample: &mut Sample) -> Expression {
    sample.expression(ExpressionKind::Literal(Value::Duration(Duration::from_seconds(1))))
}

/// A step that reads only.
fn reader(sample: &mut Sample, body: BodyId, name: &str) -> StatementId {
    let step = sample.step(body, name);
    sample.step_mut(step).clauses.effect = EffectClause::ReadsOnly;
    step
}

/// A step with an undo whose command is `command`.
fn undoable(sample: &mut Sample, body: BodyId, name: &str, command: Expression) -> StatementId {
    let step = sample.step(body, name);
    set_undo(sample, step, command);
    step
}

fn set_undo(sample: &mut Sample, step: StatementId, command: Expression) {
    let attribute = Attribute { name: "run".into(), value: AttributeValue::Expression(command) };
    let invocation =
        Invocation { callee: Callee::Kind("shell".into()), attributes: vec![attribute], decode: None, span: sample.span() };
    let undo = Undo { invocation, when: None, timeout: None, retry: None };
    sample.step_mut(step).clauses.effect = EffectClause::Undo(Box::new(undo));
}

fn roll_back(sample: &mut Sample, body: BodyId) {
    let handler = sample.handler(body, HandlerCause::Failure);
    sample.statement(handler, "back", StatementKind::Rollback(Rollback::Everything));
}

fn call(sample: &mut Sample, body: BodyId, name: &str, workflow: WorkflowId) -> StatementId {
    let step = sample.step(body, name);
    sample.step_mut(step).invocation.callee = Callee::Workflow(workflow);
    step
}

fn value_of(sample: &Sample, statement: StatementId) -> ValueId {
    sample.workflow.statements.get(statement).unwrap().value.unwrap()
}

#[test]
fn a_changing_step_under_a_rollback_has_to_say_something() {
    let mut sample = Sample::new();
    let root = sample.root();
    sample.step(root, "silent");
    reader(&mut sample, root, "reads");
    let stated = sample.step(root, "stated");
    sample.step_mut(stated).clauses.effect = EffectClause::NoUndo("why".into());
    let file = sample.step(root, "file");
    sample.step_mut(file).invocation.callee = Callee::Kind("file".into());
    assert_eq!(slugs(&sample, Level::Standard), [""; 0], "nothing rolls back");
    assert_eq!(slugs(&sample, Level::Strict), ["effect-unstated"]);
    roll_back(&mut sample, root);
    let handler = sample.handler(root, HandlerCause::Finally);
    sample.step(handler, "clean");
    assert_eq!(slugs(&sample, Level::Standard), ["effect-unstated"], "handlers are not rolled back");
    let found = found([sample.workflow]).swap_remove(0);
    assert_eq!(found.message, "step `silent` does not say what it does to the world");
    assert_eq!(found.labels.len(), 1, "the handler is shown");
}

#[test]
fn an_undo_needs_a_handler_or_a_race_that_runs_it() {
    let mut sample = Sample::new();
    let root = sample.root();
    let command = sample.text("rm x");
    undoable(&mut sample, root, "alone", command.clone());
    let (_, race) = sample.parallel(root, "race", Wait::Any);
    undoable(&mut sample, race, "loser", command.clone());
    let (_, stage) = sample.stage(root, "stage");
    undoable(&mut sample, stage, "covered", command);
    roll_back(&mut sample, stage);
    assert_eq!(slugs(&sample, Level::Standard), ["undo-never-run"]);
}

#[test]
fn a_caller_that_rolls_back_covers_the_workflows_that_it_calls() {
    let mut inner = Sample::new();
    let root = inner.root();
    let command = inner.text("rm x");
    undoable(&mut inner, root, "made", command);
    inner.step(root, "silent");
    let mut middle = Sample::new();
    let root = middle.root();
    call(&mut middle, root, "deeper", WorkflowId(0));
    let mut outer = Sample::new();
    let root = outer.root();
    call(&mut outer, root, "deep", WorkflowId(1));
    let workflows = |outer: &Sample| [inner.workflow.clone(), middle.workflow.clone(), outer.workflow.clone()];
    let standard = |outer: &Sample| {
        let found = found(workflows(outer)).into_iter().filter(|found| found.severity(Level::Standard).is_some());
        found.map(|found| found.slug).collect::<Vec<_>>()
    };
    assert_eq!(standard(&outer), ["undo-never-run"]);
    roll_back(&mut outer, root);
    assert_eq!(standard(&outer), ["effect-unstated"]);
}

/// `part ?? ""` or, where `choice`, `if own == null then "" else part`, inside a text.
fn command_with(sample: &mut Sample, part: Expression) -> Expression {
    let text = TextPart::Literal("rm ".into());
    sample.expression(ExpressionKind::Text(vec![text, TextPart::Value(part)]))
}

#[test]
fn an_undo_uses_what_its_step_gave_only_where_it_is_there() {
    let mut sample = Sample::new();
    let root = sample.root();
    roll_back(&mut sample, root);
    let step = sample.step(root, "made");
    let own = sample.reference(step);
    let empty = sample.text("");
    let bare = command_with(&mut sample, own.clone());
    set_undo(&mut sample, step, bare.clone());
    assert_eq!(slugs(&sample, Level::Standard), ["undo-value-may-be-missing"]);

    let default =
        sample.expression(ExpressionKind::Binary(BinaryOperator::Default, Box::new(own.clone()), Box::new(empty.clone())));
    let command = command_with(&mut sample, default);
    set_undo(&mut sample, step, command);
    assert_eq!(slugs(&sample, Level::Standard), ["undo-value-may-be-missing"], "an empty text is another command");

    let named = sample.text("all");
    let default = sample.expression(ExpressionKind::Binary(BinaryOperator::Default, Box::new(own.clone()), Box::new(named)));
    let command = command_with(&mut sample, default);
    set_undo(&mut sample, step, command);
    assert_eq!(slugs(&sample, Level::Standard), [""; 0], "somebody chose what to do without the value");

    let conditional = Conditional { condition: own.clone(), then: own.clone(), otherwise: empty };
    let choice = sample.expression(ExpressionKind::Conditional(Box::new(conditional)));
    let command = command_with(&mut sample, choice);
    set_undo(&mut sample, step, command);
    assert_eq!(slugs(&sample, Level::Standard), [""; 0]);

    set_undo(&mut sample, step, bare);
    let EffectClause::Undo(undo) = &mut sample.step_mut(step).clauses.effect else { panic!() };
    undo.when = Some(own);
    assert_eq!(slugs(&sample, Level::Standard), [""; 0], "`when` looks first");
}

#[test]
fn an_undo_in_a_loop_names_what_belongs_to_the_iteration() {
    let mut sample = Sample::new();
    let root = sample.root();
    roll_back(&mut sample, root);
    let (each, body) = sample.for_each(root, "ship");
    let StatementKind::ForEach(loop_) = &sample.workflow.statements.get(each).unwrap().kind else { panic!() };
    let item = loop_.iterators[0].item;
    let named = sample.expression(ExpressionKind::Reference(Reference::Value(item)));
    let binding = StatementKind::Let(Let { expression: named.clone() });
    let context = sample.statement(body, "context", binding);
    let before = reader(&mut sample, body, "before");
    for (command, expected) in [
        (sample.text("undo"), &["undo-ignores-loop"][..]),
        (sample.reference(before), &["undo-ignores-loop"]),
        (named, &[]),
        (sample.reference(context), &[]),
    ] {
        let mut sample = sample.clone();
        undoable(&mut sample, body, "release", command);
        assert_eq!(slugs(&sample, Level::Strict), expected);
    }
}

#[test]
fn a_retry_wants_a_timeout_and_care() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [hangs, bounded, changes, asked] = ["hangs", "bounded", "changes", "asked"].map(|name| reader(&mut sample, root, name));
    let (retry, timeout) = (retry(&mut sample), timeout(&mut sample));
    for step in [hangs, bounded, changes, asked] {
        sample.step_mut(step).clauses.retry = Some(Box::new(retry.clone()));
    }
    for step in [bounded, changes, asked] {
        sample.step_mut(step).clauses.timeout = Some(timeout.clone());
    }
    for step in [changes, asked] {
        sample.step_mut(step).clauses.effect = EffectClause::NoUndo("why".into());
    }
    sample.step_mut(asked).clauses.unknown = Some(UnknownAnswer::Rerun);
    assert_eq!(slugs(&sample, Level::Standard), ["retry-without-timeout"]);
    assert_eq!(slugs(&sample, Level::Strict), ["retry-without-timeout", "retry-may-repeat"]);
}

#[test]
fn a_body_that_is_tried_again_begins_clean() {
    let mut sample = Sample::new();
    let root = sample.root();
    roll_back(&mut sample, root);
    let (_, stage) = sample.stage(root, "stage");
    let command = sample.text("rm x");
    undoable(&mut sample, stage, "made", command);
    reader(&mut sample, stage, "reads");
    assert_eq!(slugs(&sample, Level::Strict), [""; 0]);
    sample.workflow.bodies.get_mut(stage).unwrap().clauses.retry = Some(retry(&mut Sample::new()));
    assert_eq!(slugs(&sample, Level::Strict), ["retry-without-rollback"], "the rollback around it comes too late");
    roll_back(&mut sample, stage);
    assert_eq!(slugs(&sample, Level::Strict), [""; 0]);
}

#[test]
fn a_step_that_may_hang_wants_a_timeout_somewhere() {
    let mut sample = Sample::new();
    let root = sample.root();
    reader(&mut sample, root, "hangs");
    let gate = sample.step(root, "gate");
    sample.step_mut(gate).invocation.callee = Callee::Kind("gate".into());
    let (_, stage) = sample.stage(root, "stage");
    reader(&mut sample, stage, "inside");
    sample.workflow.bodies.get_mut(stage).unwrap().clauses.timeout = Some(timeout(&mut Sample::new()));
    let messages: Vec<_> = found([sample.workflow]).into_iter().map(|found| found.message).collect();
    assert_eq!(messages, ["step `hangs` has no timeout"]);
}

#[test]
fn an_image_is_pinned_or_built_here() {
    let mut sample = Sample::new();
    let root = sample.root();
    for (name, attribute, text) in [
        ("loose", "image", "alpine:3"),
        ("pinned", "image", "alpine@sha256:0123"),
        ("ours", "image", "api:v1"),
        ("make", "tag", "api:v1"),
    ] {
        let step = reader(&mut sample, root, name);
        sample.step_mut(step).invocation.callee = Callee::Kind("docker".into());
        let text = sample.text(text);
        sample.set(step, attribute, text);
        if attribute == "tag" {
            let build = sample.expression(ExpressionKind::Map(Vec::new()));
            sample.set(step, "build", build);
        }
    }
    assert_eq!(slugs(&sample, Level::Strict), ["image-unpinned"]);
}

#[test]
fn a_step_taken_as_done_has_no_value_to_use() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (each, body) = sample.for_each(root, "ship");
    let steps =
        [(root, "used"), (root, "unused"), (root, "given"), (body, "kept")].map(|(body, name)| reader(&mut sample, body, name));
    for step in steps {
        sample.step_mut(step).clauses.unknown = Some(UnknownAnswer::Done);
        let own = sample.reference(step);
        let command = sample.text("x");
        set_undo(&mut sample, step, command);
        let EffectClause::Undo(undo) = &mut sample.step_mut(step).clauses.effect else { panic!() };
        undo.when = Some(own);
    }
    let [used, _, given, kept] = steps;
    let user = reader(&mut sample, root, "user");
    sample.uses(user, used);
    let expression = sample.reference(given);
    sample.workflow.outputs.push(Output { name: "out".into(), doc: None, expression });
    let export = Export { name: "kept".into(), value: value_of(&sample, kept) };
    let StatementKind::ForEach(loop_) = &mut sample.workflow.statements.get_mut(each).unwrap().kind else { panic!() };
    loop_.exports.push(export);
    let messages: Vec<_> = found([sample.workflow]).into_iter().filter(|found| found.slug == "value-asserted").collect();
    let messages: Vec<_> = messages.iter().map(|found| found.message.as_str()).collect();
    let expected = ["used", "given", "kept"].map(|name| format!("step `{name}` is taken as done, but its value is used"));
    assert_eq!(messages, expected);
}

#[test]
fn raw_takes_only_what_stands_in_the_program() {
    let mut sample = Sample::new();
    let root = sample.root();
    let source = reader(&mut sample, root, "source");
    let expression = sample.reference(source);
    let derived = sample.statement(root, "derived", StatementKind::Let(Let { expression }));
    let constant = sample.text("-v");
    let fixed = sample.statement(root, "fixed", StatementKind::Let(Let { expression: constant }));
    // A `let` has a value of its own sort.
    for statement in [derived, fixed] {
        let value = value_of(&sample, statement);
        sample.workflow.values.get_mut(value).unwrap().origin = wf_model::program::ValueOrigin::Let;
    }
    for statement in [derived, fixed] {
        let step = reader(&mut sample, root, "user");
        let inner = sample.reference(statement);
        let raw = sample.expression(ExpressionKind::Call(Function::Raw, vec![inner.clone()], Place(0)));
        sample.set(step, "stdin", raw);
        let parts = vec![ScriptPart::Value { value: inner, place: ScriptPlace::Raw }];
        let script = Attribute { name: "run".into(), value: AttributeValue::Script(Script { parts }) };
        sample.step_mut(step).invocation.attributes.push(script);
    }
    assert_eq!(slugs(&sample, Level::Standard), [""; 0]);
    assert_eq!(slugs(&sample, Level::Strict), ["raw-from-outside"; 2], "the call and the place in the script");
}

#[test]
fn reads_only_stands_over_no_redirection_to_a_file() {
    let mut sample = Sample::new();
    let root = sample.root();
    let changes = sample.step(root, "changes");
    sample.step_mut(changes).clauses.effect = EffectClause::NoUndo("why".into());
    let [writes, starts] = ["writes", "starts"].map(|name| reader(&mut sample, root, name));
    for step in [changes, writes] {
        let text = sample.text("make > log");
        sample.set(step, "run", text);
    }
    let argument = sample.text(">");
    let list = Expression { type_: Type::list(Type::String), ..sample.expression(ExpressionKind::List(vec![argument])) };
    sample.set(starts, "run", list);
    let messages: Vec<_> = found([sample.workflow]).into_iter().filter(|found| found.slug != "timeout-missing").collect();
    let messages: Vec<_> = messages.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["step `writes` says `reads only`, but its command writes to `log`"]);
}

#[test]
fn only_a_step_that_reads_gives_a_secret() {
    let mut sample = Sample::new();
    let root = sample.root();
    let reads = reader(&mut sample, root, "reads");
    let changes = sample.step(root, "changes");
    for step in [reads, changes] {
        sample.step_mut(step).invocation.decode = Some(Type::Secret);
    }
    assert_eq!(slugs(&sample, Level::Basic), ["secret-of-changing-step"]);
}
