//! Hand-made workflows, and the order that they have.

use super::resolve;
use crate::sample::Sample;
use wf_model::diagnostic::Diagnostic;
use wf_model::expression::ExpressionKind;
use wf_model::program::{
    BodyId, Branch, DependencyReason, Handler, HandlerCause, If, Statement, StatementId, StatementKind, Wait,
};
use wf_model::span::Span;

/// What each statement waits for, one line each, as `b: a (written order)`; and what is reported.
fn order(sample: &mut Sample) -> (Vec<String>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    resolve(&mut sample.workflow, &sample.depends, &mut diagnostics);
    let statements = &sample.workflow.statements;
    let name = |id: StatementId| statements.get(id).unwrap().name.clone().unwrap();
    let line = |statement: &Statement| {
        let waits = statement.after.iter().map(|after| {
            let reason = match after.reason {
                DependencyReason::WrittenOrder => "order",
                DependencyReason::DependsOn => "depends",
                DependencyReason::Value => "value",
            };
            format!("{} ({reason})", name(after.on))
        });
        format!("{}: {}", statement.name.as_ref().unwrap(), waits.collect::<Vec<_>>().join(", "))
    };
    let lines = statements.iter().filter(|(_, statement)| !statement.after.is_empty()).map(|(_, statement)| line(statement));
    (lines.collect(), diagnostics)
}

fn order_without_findings(sample: &mut Sample) -> Vec<String> {
    let (lines, diagnostics) = order(sample);
    assert_eq!(diagnostics, []);
    lines
}

fn steps<const N: usize>(sample: &mut Sample, body: BodyId, names: [&str; N]) -> [StatementId; N] {
    names.map(|name| sample.step(body, name))
}

#[test]
fn a_chain_has_one_edge_less_than_statements() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a, _, c] = steps(&mut sample, root, ["a", "b", "c"]);
    sample.uses(c, a);
    assert_eq!(order_without_findings(&mut sample), ["b: a (order)", "c: b (order)"]);
}

#[test]
fn what_depends_on_nothing_starts_with_the_body_and_is_waited_for_below() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [_, b, _, _] = steps(&mut sample, root, ["a", "b", "c", "d"]);
    sample.depends(b, &[]);
    assert_eq!(order_without_findings(&mut sample), ["c: a (order), b (order)", "d: c (order)"]);
}

#[test]
fn what_has_dependencies_of_its_own_does_not_carry_the_written_order() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a, b, c, _, e] = steps(&mut sample, root, ["a", "b", "c", "d", "e"]);
    sample.depends(b, &[a]);
    sample.depends(c, &[a]);
    sample.depends(e, &[a]);
    let expected = ["b: a (depends)", "c: a (depends)", "d: b (order), c (order)", "e: a (depends)"];
    assert_eq!(order_without_findings(&mut sample), expected);
}

#[test]
fn statements_of_a_parallel_body_wait_for_values_and_dependencies_only() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, inside) = sample.parallel(root, "p", Wait::All);
    let [a, b, c, d] = steps(&mut sample, inside, ["a", "b", "c", "d"]);
    sample.uses(a, b);
    sample.uses(c, a);
    sample.uses(c, a);
    sample.depends(d, &[c]);
    sample.uses(d, c);
    assert_eq!(order_without_findings(&mut sample), ["a: b (value)", "c: a (value)", "d: c (depends)"]);
}

#[test]
fn a_use_inside_a_block_lets_the_block_wait_where_the_producer_stands_outside() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, inside) = sample.parallel(root, "p", Wait::All);
    let [a] = steps(&mut sample, inside, ["a"]);
    let (_, stage) = sample.stage(inside, "s");
    let [b, c] = steps(&mut sample, stage, ["b", "c"]);
    sample.uses(c, a);
    sample.uses(c, b);
    assert_eq!(order_without_findings(&mut sample), ["s: a (value)", "c: b (order)"]);
}

#[test]
fn a_step_inside_a_block_above_is_waited_for_alone() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, stage) = sample.stage(root, "s");
    let [a, _] = steps(&mut sample, stage, ["a", "b"]);
    let [c, _] = steps(&mut sample, root, ["c", "d"]);
    sample.depends(c, &[a]);
    assert_eq!(order_without_findings(&mut sample), ["b: a (order)", "c: a (depends)", "d: s (order), c (order)"]);
}

#[test]
fn a_dependency_on_a_step_of_a_loop_is_one_on_the_loop() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, each) = sample.for_each(root, "ship");
    let [a] = steps(&mut sample, each, ["a"]);
    let [b] = steps(&mut sample, root, ["b"]);
    sample.depends(b, &[a]);
    assert_eq!(order_without_findings(&mut sample), ["b: ship (depends)"]);
}

#[test]
fn the_value_of_a_step_in_a_race_is_settled_when_the_race_has_ended() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, race) = sample.parallel(root, "race", Wait::Any);
    let [a] = steps(&mut sample, race, ["a"]);
    let (_, plain) = sample.parallel(root, "plain", Wait::All);
    let [b] = steps(&mut sample, plain, ["b"]);
    let [c, d] = steps(&mut sample, root, ["c", "d"]);
    sample.depends(c, &[]);
    sample.depends(d, &[]);
    sample.uses(c, a);
    sample.uses(d, b);
    assert_eq!(order_without_findings(&mut sample), ["plain: race (order)", "c: race (value)", "d: b (value)"]);
}

#[test]
fn what_the_block_around_waits_for_is_implied() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a] = steps(&mut sample, root, ["a"]);
    let (_, stage) = sample.parallel(root, "p", Wait::All);
    let [b, c] = steps(&mut sample, stage, ["b", "c"]);
    sample.depends(b, &[a]);
    sample.depends(c, &[a, b]);
    assert_eq!(order_without_findings(&mut sample), ["p: a (order)", "c: b (depends)"]);
}

#[test]
fn a_dependency_on_a_block_implies_those_on_its_steps() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (stage, inside) = sample.stage(root, "s");
    let [a] = steps(&mut sample, inside, ["a"]);
    let [b] = steps(&mut sample, root, ["b"]);
    sample.depends(b, &[a, stage]);
    assert_eq!(order_without_findings(&mut sample), ["b: s (depends)"]);
}

#[test]
fn handlers_follow_their_body_without_edges() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a] = steps(&mut sample, root, ["a"]);
    let handler = sample.handler(root, HandlerCause::Failure);
    let [h, i] = steps(&mut sample, handler, ["h", "i"]);
    sample.uses(h, a);
    sample.uses(i, a);
    let span = Span::default();
    let body = sample.workflow.bodies.add(sample.workflow.bodies.get(handler).unwrap().clone());
    sample.workflow.bodies.get_mut(body).unwrap().statements.clear();
    let [j] = steps(&mut sample, body, ["j"]);
    sample.uses(j, a);
    sample.step_mut(a).clauses.handlers.push(Handler { cause: HandlerCause::Failure, body, span });
    assert_eq!(order_without_findings(&mut sample), ["i: h (order)"]);
}

#[test]
fn branches_that_share_a_name_do_not_wait_for_each_other() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, one) = sample.stage(root, "one");
    let (_, other) = sample.stage(root, "other");
    let [a, b] = steps(&mut sample, one, ["a", "b"]);
    let [c] = steps(&mut sample, other, ["c"]);
    // `c` has the name of `a`: one value with two producers.
    let shared = sample.workflow.statements.get(a).unwrap().value;
    sample.workflow.statements.get_mut(c).unwrap().value = shared;
    sample.uses(b, a);
    let condition = sample.text("");
    let kind = StatementKind::If(If { branches: vec![Branch { condition, body: one }], otherwise: Some(other) });
    sample.workflow.bodies.get_mut(root).unwrap().statements.clear();
    sample.statement(root, "choice", kind);
    // The stages stand nowhere any more.
    for stage in [0, 1].map(StatementId) {
        sample.workflow.statements.get_mut(stage).unwrap().kind = StatementKind::Commit;
    }
    let [d] = steps(&mut sample, root, ["d"]);
    sample.uses(d, a);
    assert_eq!(order_without_findings(&mut sample), ["b: a (order)", "d: choice (order)"]);
}

#[test]
fn a_value_is_used_only_below_its_step() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a, b] = steps(&mut sample, root, ["a", "b"]);
    sample.uses(a, b);
    sample.uses(a, b);
    let (_, diagnostics) = order(&mut sample);
    let found: Vec<_> = diagnostics.iter().map(|found| (found.slug, found.message.as_str())).collect();
    assert_eq!(found, [("value-used-before", "step `a` uses the value of step `b`, which stands below")]);
}

#[test]
fn a_circle_is_shown_whole_with_the_reason_of_each_link() {
    let mut sample = Sample::new();
    let root = sample.root();
    let [a, _, c] = steps(&mut sample, root, ["a", "b", "c"]);
    sample.depends(a, &[]);
    sample.uses(a, c);
    let (_, diagnostics) = order(&mut sample);
    let [found] = &diagnostics[..] else { panic!("{diagnostics:?}") };
    assert_eq!((found.slug, found.message.as_str()), ("dependency-cycle", "step `a` and step `c` wait for each other"));
    assert_eq!(found.primary.text, "step `a` uses the value of step `c`");
    let labels: Vec<_> = found.labels.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(labels, ["step `c` stands below step `a`"]);
}

#[test]
fn a_circle_through_a_block_names_the_nesting() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, inside) = sample.parallel(root, "p", Wait::All);
    let (stage, within) = sample.stage(inside, "s");
    let [a] = steps(&mut sample, within, ["a"]);
    let [b] = steps(&mut sample, inside, ["b"]);
    sample.depends(a, &[b]);
    sample.depends(b, &[stage]);
    let (_, diagnostics) = order(&mut sample);
    let [found] = &diagnostics[..] else { panic!("{diagnostics:?}") };
    let links: Vec<_> = [&found.primary].into_iter().chain(&found.labels).map(|label| label.text.as_str()).collect();
    let expected =
        ["step `a` depends on step `b`", "step `b` depends on stage `s`", "stage `s` ends after step `a`, which is inside it"];
    assert_eq!(links, expected);
}

#[test]
fn a_step_that_uses_its_own_value_waits_for_itself() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, inside) = sample.parallel(root, "p", Wait::All);
    let [a] = steps(&mut sample, inside, ["a"]);
    sample.uses(a, a);
    let (_, diagnostics) = order(&mut sample);
    assert_eq!(diagnostics.iter().map(|found| found.message.as_str()).collect::<Vec<_>>(), ["step `a` waits for itself"]);
}

#[test]
fn each_knot_is_reported_once() {
    let mut sample = Sample::new();
    let root = sample.root();
    let (_, inside) = sample.parallel(root, "p", Wait::All);
    let [a, b, c, d, e] = steps(&mut sample, inside, ["a", "b", "c", "d", "e"]);
    for (user, on) in [(a, b), (b, c), (c, a), (b, a), (d, e), (e, d)] {
        sample.uses(user, on);
    }
    let (_, diagnostics) = order(&mut sample);
    let messages: Vec<_> = diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["step `a` and step `b` wait for each other", "step `d` and step `e` wait for each other"]);
}

#[test]
fn a_hundred_thousand_statements_cost_no_stack_and_few_edges() {
    const MANY: u32 = 100_000;
    let mut sample = Sample::new();
    let root = sample.root();
    let steps: Vec<_> = (0..MANY).map(|number| sample.step(root, &format!("s{number}"))).collect();
    for step in steps.iter().step_by(2) {
        sample.depends(*step, &[]);
    }
    let list = sample.expression(ExpressionKind::List(Vec::new()));
    sample.set(steps[0], "stdin", list);
    sample.depends(steps[1], &[steps[MANY as usize - 1]]);
    let mut diagnostics = Vec::new();
    resolve(&mut sample.workflow, &sample.depends, &mut diagnostics);
    let edges: usize = sample.workflow.statements.iter().map(|(_, statement)| statement.after.len()).sum();
    assert!(edges <= 2 * MANY as usize, "{edges} edges");
    assert_eq!(diagnostics.len(), 1, "the first odd one waits for the last");
    assert_eq!(diagnostics[0].labels.len(), 1, "a long written order is one link");
}
