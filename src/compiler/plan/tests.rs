//! What plans say of whole programs.

use super::{Outlook, Progress, Remaining, Request, StepName, plan};
use crate::behaviour::compiled;
use crate::compile::Compilation;
use std::fmt::Write as _;
use wf_model::estimate::{Basis, Distribution};
use wf_model::expression::Function;
use wf_model::plan::{Advice, Certainty, Effect, Node, NodeKind, Plan, State};
use wf_model::program::WorkflowId;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// A world in which a step takes as many seconds as its name ends in, and one variable is set.
pub(super) struct Clockwork;

impl Outlook for Clockwork {
    fn observe(&mut self, function: Function, _: &[Value]) -> Option<Value> {
        (function == Function::Env).then(|| Value::string("here"))
    }

    fn history(&mut self, step: &StepName<'_>) -> Option<(Distribution, Basis)> {
        let digits: String = step.path.chars().rev().take_while(char::is_ascii_digit).collect();
        let seconds = digits.chars().rev().collect::<String>().parse().ok()?;
        Some((Distribution::Fixed(Duration::from_seconds(seconds)), Basis::History { runs: 1 }))
    }
}

/// What is made of the first workflow of a text, which has to check.
pub(super) fn requested<T>(
    text: &str,
    arguments: &[(&str, Value)],
    jobs: u32,
    make: impl Fn(&Request<'_>, &mut dyn Outlook) -> T,
) -> T {
    let Compilation { sources, program, diagnostics, .. } = compiled(&[("main.wf", text)]);
    let program = program.unwrap_or_else(|| panic!("{text}\n{diagnostics:#?}"));
    let arguments: Vec<_> = arguments.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let request = Request {
        program: &program,
        workflow: WorkflowId(0),
        sources: &sources,
        kinds: wf_steps::registry(),
        file: "main.wf",
        arguments: &arguments,
        jobs,
    };
    make(&request, &mut Clockwork)
}

/// The plan of the first workflow of a text.
pub(super) fn planned(text: &str, arguments: &[(&str, Value)], jobs: u32) -> Plan {
    requested(text, arguments, jobs, |request, outlook| plan(request, outlook))
}

/// The plan of a workflow with this body.
pub(super) fn body(body: &str) -> Plan {
    planned(&format!("workflow main {{\n{body}\n}}\n"), &[], 4)
}

/// A step that only reads.
pub(super) fn step(name: &str, head: &str) -> String {
    format!("step {name}: shell \"true\" {head} {{ reads only, timeout 1h }}\n")
}

fn at<'a>(plan: &'a Plan, path: &str) -> &'a Node {
    let found = plan.nodes.iter().find(|node| &*node.path == path && node.name.is_some());
    found.unwrap_or_else(|| panic!("no {path} in {plan:#?}"))
}

fn state(plan: &Plan, path: &str) -> &'static str {
    match at(plan, path).state {
        State::Runs { .. } => "runs",
        State::NotTaken { .. } => "not taken",
        State::Open { .. } => "open",
    }
}

#[test]
fn conditions_are_folded_with_the_arguments() {
    let text = format!(
        "workflow main {{\n  param env: string = \"staging\"\n  {}  if env == \"prod\" {{\n {} }} else if s1.exit_code == 0 {{\n {} }} else {{\n {} }}\n{}}}\n",
        step("s1", ""),
        step("a2", ""),
        step("b3", ""),
        step("c4", ""),
        step("d5", "when env == \"prod\""),
    );
    let staging = planned(&text, &[], 4);
    assert_eq!(["a2", "b3", "c4", "d5"].map(|path| state(&staging, path)), ["not taken", "open", "open", "not taken"]);
    let condition = at(&staging, "d5").state.condition().expect("a condition");
    assert_eq!((&*condition.text, condition.values[0].value.as_deref()), ("env == \"prod\"", Some("\"staging\"")));
    let prod = planned(&text, &[("env", Value::string("prod"))], 4);
    assert_eq!(["a2", "b3", "c4", "d5"].map(|path| state(&prod, path)), ["runs", "not taken", "not taken", "runs"]);
    assert_eq!(prod.outlook.critical_path, Duration::from_seconds(8));
    // Of open branches the longest counts.
    assert_eq!(staging.outlook.critical_path, Duration::from_seconds(5));
}

#[test]
fn what_does_not_run_is_null_for_those_behind_it() {
    let text = format!(
        "param deep: bool = false\n{}{}let found = a1 == null\n{}",
        step("a1", "when deep"),
        step("b2", ""),
        step("c3", "when found")
    );
    let plan = body(&text);
    assert_eq!(["a1", "c3"].map(|path| state(&plan, path)), ["not taken", "runs"]);
}

#[test]
fn branches_that_share_a_name_leave_its_value_to_the_run() {
    let (one, other) = (step("a1", ""), step("a1", ""));
    let text = format!("param p: bool = true\nif p {{\n{one}}} else {{\n{other}}}\n{}", step("b2", "when a1.exit_code == 0"));
    assert_eq!(state(&body(&text), "b2"), "open");
    assert_eq!(state(&body(&text.replace("= true", "= false")), "b2"), "open");
}

#[test]
fn what_the_machine_says_now_is_assumed() {
    let plan = body(&format!("let place = env(\"PLACE\")\n{}let later = uuid()\n", step("a1", "when place == \"here\"")));
    assert_eq!((state(&plan, "a1"), at(&plan, "a1").certainty), ("runs", Certainty::Assumed));
    assert_eq!(at(&plan, "later").certainty, Certainty::AtRunTime);
}

#[test]
fn loops_are_folded_and_each_element_counts() {
    let text = |head: &str| {
        format!("step list: shell \"ls\" -> [string] {{ reads only, timeout 1m }}\n{head} {{\n{} }}\n", step("a3", ""))
    };
    let takes = |head: &str| {
        let plan = body(&text(head));
        let node = plan.nodes.iter().find(|node| node.times.is_some()).expect("a loop");
        let times = node.times.expect("a number");
        (times.count, times.assumed, node.timing.expect("a time").takes.milliseconds / 1_000)
    };
    assert_eq!(takes("for each x in [1, 2, 3, 4, 5]"), (5, false, 15));
    assert_eq!(takes("for each x in 1..5 parallel"), (5, false, 3));
    assert_eq!(takes("for each x in 1..5 parallel max 2"), (5, false, 9));
    assert_eq!(takes("for each x in [1, 2], y in [1, 2, 3]"), (6, false, 18));
    assert_eq!(takes("for each x in list"), (1, true, 3));
    assert_eq!(takes("repeat until a3.exit_code == 0 max 4 times"), (1, true, 3));
}

#[test]
fn a_loop_over_nothing_runs_nothing_and_one_element_is_known() {
    let plan = body(&format!("let none: [int] = []\nfor each x in none {{\n{} }}\n", step("a1", "")));
    assert_eq!(state(&plan, "a1"), "not taken");
    let plan = body(&format!("for each x in [7] {{\n{}{} }}\n", step("a1", "when x == 7"), step("b1", "when x == 8")));
    assert_eq!(["a1", "b1"].map(|path| state(&plan, path)), ["runs", "not taken"]);
}

#[test]
fn calls_are_planned_with_what_they_are_given() {
    let text = format!(
        "workflow main {{\n  step eu: ship {{ fast: true }}\n}}\nworkflow ship {{\n  param fast: bool\n  {}  {}}}\n",
        step("quick1", "when fast"),
        step("slow9", "when not fast")
    );
    let plan = planned(&text, &[], 4);
    assert_eq!((state(&plan, "eu.quick1"), state(&plan, "eu.slow9")), ("runs", "not taken"));
    assert_eq!(at(&plan, "eu").effect, Some(Effect::Inside));
    assert_eq!(plan.outlook.critical_path, Duration::from_seconds(1));
}

#[test]
fn handlers_count_where_they_always_run() {
    let text = format!(
        "{}on failure {{\n{} }}\non success {{\n{} }}\nfinally {{\n{} }}\n",
        step("a1", ""),
        step("bad8", ""),
        step("good2", ""),
        step("last4", "")
    );
    let plan = body(&text);
    assert_eq!(plan.outlook.critical_path, Duration::from_seconds(7));
    assert_eq!((state(&plan, "bad8"), at(&plan, "bad8").timing), ("open", None));
    assert!(matches!(plan.nodes[1].kind, NodeKind::Handler { .. }), "{:?}", plan.nodes[1]);
}

#[test]
fn secrets_are_told_by_name_and_never_by_value() {
    let plan = body(
        "secret token from env \"TOKEN\"\nstep a: shell \"curl -H ${token} x\" { reads only, timeout 1m, env: { A: token } }\nstep b: shell \"true\" { reads only, timeout 1m }\n",
    );
    assert_eq!(at(&plan, "a").secrets, ["token".into()]);
    assert_eq!(at(&plan, "a").action.as_deref(), Some("shell \"curl -H ${token} x\" { env: { A: token } }"));
    assert!(at(&plan, "b").secrets.is_empty());
}

#[test]
fn effects_and_undos_are_told() {
    let plan = body(concat!(
        "let image = \"api:1\"\n",
        "step make: shell \"push ${image}\" { timeout 1m, undo shell \"pull ${image}\" when make != null }\n",
        "step left: shell \"x\" { timeout 1m, no undo \"nobody minds\" }\n",
        "step kept: file \"./x\" { content: \"y\" }\n",
        "step ask: approval \"Go on?\" { timeout 1h }\n",
        "on failure rollback\n",
    ));
    let undo = at(&plan, "make").undo.as_ref().expect("an undo");
    assert_eq!((&*undo.action, undo.when.as_deref()), ("shell \"pull api:1\"", Some("make != null")));
    assert_eq!(at(&plan, "left").effect, Some(Effect::NoUndo { reason: "nobody minds".into() }));
    assert_eq!(at(&plan, "kept").effect, Some(Effect::UndoesItself));
    assert_eq!(at(&plan, "ask").waits.as_deref(), Some("approval"));
}

#[test]
fn estimates_are_from_history_else_the_clause_else_the_kind() {
    let text = "step known5: shell \"x\" { reads only, timeout 1m, estimate 2s }\nstep said: shell \"x\" { reads only, timeout 1m, estimate 2s }\nstep guessed: shell \"x\" { reads only, timeout 1m }\nstep exact: sleep 7s\n";
    let plan = body(text);
    let basis = |path: &str| at(&plan, path).forecast.as_ref().expect("an estimate").basis;
    assert_eq!(basis("known5"), Basis::History { runs: 1 });
    assert_eq!([basis("said"), basis("guessed"), basis("exact")], [Basis::Clause, Basis::Prior, Basis::Known]);
    assert_eq!(at(&plan, "exact").forecast.as_ref().expect("an estimate").p90, Duration::from_seconds(7));
}

#[test]
fn statements_that_share_nothing_could_run_side_by_side() {
    let advice = |text: &str| {
        let plan = body(text);
        plan.advice.iter().fold(String::new(), |mut all, advice| {
            let name = |id: &_| plan.node(*id).map_or("", |node| &*node.path);
            let _ = match advice {
                Advice::SpeedUp { node, saves } => write!(all, "{} {saves};", name(node)),
                Advice::Parallel { nodes, saves } => {
                    write!(all, "{} {saves};", nodes.iter().map(name).collect::<Vec<_>>().join("+"))
                }
            };
            all
        })
    };
    assert_eq!(advice(&(step("a4", "") + &step("b3", "") + &step("c2", ""))), "a4 4s;a4+b3+c2 5s;");
    assert_eq!(advice(&(step("a4", "") + &step("b3", "when a4.exit_code == 0"))), "a4 4s;");
    let changing = "step c9: shell \"x\" { no undo \"y\", timeout 1m }\n";
    assert_eq!(advice(&(step("a4", "") + changing + &step("b3", ""))), "c9 9s;a4+c9 4s;");
    // Two paths of the same length: no step alone makes the run shorter by more than the other leaves.
    assert_eq!(advice(&format!("parallel {{\n{}{} }}\n", step("a5", ""), step("b4", ""))), "a5 1s;");
}

#[test]
fn what_is_over_takes_no_more_time_and_what_runs_what_is_left() {
    let text = format!(
        "workflow main {{\n{}{}each: for each x in 1..4 {{\n{} }}\n}}\n",
        step("a10", ""),
        step("b10", ""),
        step("c5", "")
    );
    let left = |over: &[(&str, u64)], running: &[(&str, i64)]| {
        let mut progress = Progress::default();
        progress.over.extend(over.iter().map(|(path, count)| ((*path).into(), *count)));
        progress.running.extend(running.iter().map(|(path, seconds)| ((*path).into(), Duration::from_seconds(*seconds))));
        requested(&text, &[], 4, |request, outlook| Remaining::of(request, outlook).left(&progress)).p50.milliseconds / 1_000
    };
    assert_eq!(left(&[], &[]), 40);
    assert_eq!(left(&[("a10", 1)], &[]), 30);
    assert_eq!(left(&[("a10", 1)], &[("b10", 4)]), 26);
    assert_eq!(left(&[("a10", 1), ("b10", 1), ("each.c5", 3)], &[]), 5);
    assert_eq!(left(&[("a10", 1), ("b10", 1), ("each.c5", 4)], &[]), 0);
}

#[test]
fn steps_that_are_left_and_of_which_nothing_is_known_are_counted() {
    let text = format!(
        "workflow main {{\n{}{}{}}}\n",
        step("a10", ""),
        step("new", ""),
        step("guess", "").replace("1h }", "1h, estimate 3m }")
    );
    let counted = |over: &[&str]| {
        let progress = Progress { over: over.iter().map(|path| ((*path).into(), 1)).collect(), ..Progress::default() };
        let left = requested(&text, &[], 4, |request, outlook| Remaining::of(request, outlook).left(&progress));
        (left.guessed, left.steps)
    };
    assert_eq!([counted(&[]), counted(&["a10"]), counted(&["a10", "new"])], [(1, 3), (1, 2), (0, 1)]);
    let known = requested(&text, &[], 4, |request, outlook| {
        Remaining::of(request, outlook).known().map(|(path, _)| path.to_string()).collect::<Vec<_>>()
    });
    assert_eq!(known, ["a10"]);
}

#[test]
fn what_will_fail_is_told_before_it_does() {
    let text = format!(
        "param n: int = 0\nlet bad = 5 / n\n{}{}for each x in [[1]][n + 7] {{\n{} }}\n",
        step("a1", "when 1 / n > 0"),
        step("b1", "when a1 != null and 1 / n > 0"),
        step("c1", "")
    );
    let plan = body(&text);
    let fails: Vec<Option<&str>> = plan.nodes.iter().map(|node| node.fails.as_deref()).collect();
    let [bad, a1, b1, each, c1] = fails.as_slice() else { panic!("{fails:?}") };
    assert_eq!((bad, a1), (&Some("division by zero"), &Some("division by zero")));
    assert!(b1.is_none() && c1.is_none() && each.is_some_and(|why| why.contains('7')), "{fails:?}");
}

/// In how many iterations a node runs, where it does so in some.
fn share(plan: &Plan, path: &str) -> (&'static str, Option<(u64, u64)>) {
    (state(plan, path), at(plan, path).iterations.map(|share| (share.runs, share.of)))
}

#[test]
fn conditions_on_elements_of_known_lists_are_decided() {
    let plan = body(&format!(
        "each: for each n in 1..12 {{\n{}{}{}{}{}{} }}\n",
        step("base1", ""),
        step("some1", "when n % 4 == 0"),
        step("all1", "when n < 13"),
        step("none1", "when n > 12"),
        step("open1", "when base1.exit_code == 0 and n > 3"),
        step("behind1", "when some1 == null"),
    ));
    assert_eq!(share(&plan, "each.some1"), ("runs", Some((3, 12))));
    assert_eq!(share(&plan, "each.all1"), ("runs", None));
    assert_eq!(share(&plan, "each.none1"), ("not taken", None));
    assert_eq!(share(&plan, "each.open1"), ("open", None));
    // The step has a value in some iterations only.
    assert_eq!(share(&plan, "each.behind1"), ("open", None));
    let times: Vec<i64> = plan.nodes.iter().filter_map(|node| Some(node.timing?.takes.milliseconds)).collect();
    // 3 of 12 seconds, and what is open counts.
    assert_eq!(times.first(), Some(&(12 * (1_000 + 250 + 1_000 + 1_000 + 1_000))));
}

#[test]
fn branches_share_the_elements_of_a_list() {
    let plan = body(&format!(
        "each: for each n in 1..10 parallel {{\nif n > 8 {{\n{}}} else if n > 3 {{\n{}}} else {{\n{}inner: for each m in 1..4 {{\n{} }} }}\n }}\n",
        step("few", ""),
        step("more", "when n != 5"),
        step("rest", "when n == 9"),
        step("both", "when n + m == 4"),
    ));
    let branches = plan.nodes.iter().filter(|node| node.kind == NodeKind::Branch);
    let shares: Vec<_> = branches.map(|node| node.iterations.map(|share| (share.runs, share.of))).collect();
    assert_eq!(shares, [Some((2, 10)), Some((5, 10)), Some((3, 10))]);
    assert_eq!(share(&plan, "each.few"), ("runs", None));
    assert_eq!(share(&plan, "each.more"), ("runs", Some((4, 10))));
    assert_eq!(share(&plan, "each.rest"), ("not taken", None));
    assert_eq!(share(&plan, "each.inner.both"), ("runs", Some((3, 12))));
}

#[test]
fn elements_of_the_caller_are_nobodys_in_a_called_workflow() {
    let text = format!(
        "workflow main {{\neach: for each n in 1..3 {{ step call: other {{ x: n }} }}\n}}\nworkflow other {{\nparam x: int\nlist: for each m in 1..2 {{\n{}{} }}\n}}\n",
        step("known", "when m == 1"),
        step("open", "when x == 1"),
    );
    let plan = planned(&text, &[], 4);
    assert_eq!(share(&plan, "each.call.list.known"), ("runs", Some((3, 6))));
    assert_eq!(share(&plan, "each.call.list.open"), ("open", None));
}
