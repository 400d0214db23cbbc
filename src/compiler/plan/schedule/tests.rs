//! Orders and times, beside what a short independent reading of the same blocks says.

use super::Graph;
use crate::plan::tests::{body, planned, requested, step};
use fastrand::Rng;
use std::fmt::Write as _;
use wf_model::plan::{Node, NodeId};
use wf_model::unit::Duration;

/// A statement, and the places of those before it in its body that it `depends on`, where it says so.
struct Item {
    sort: Sort,
    depends: Option<Vec<usize>>,
}

enum Sort {
    Step(u64),
    Stage(Vec<Item>),
    Parallel(Vec<Item>),
    Loop { elements: u64, at_a_time: Option<u64>, body: Vec<Item> },
}

/// How long the longest path through a body is: the independent check.
fn longest(items: &[Item], is_sequential: bool) -> u64 {
    let mut ends: Vec<u64> = Vec::new();
    for item in items {
        let takes = match &item.sort {
            Sort::Step(seconds) => *seconds,
            Sort::Stage(body) => longest(body, true),
            Sort::Parallel(body) => longest(body, false),
            Sort::Loop { elements, at_a_time, body } => elements.div_ceil(at_a_time.unwrap_or(1)) * longest(body, true),
        };
        let before = match &item.depends {
            Some(depends) => depends.iter().map(|place| ends[*place]).max(),
            None if is_sequential => ends.iter().max().copied(),
            None => None,
        };
        ends.push(before.unwrap_or(0) + takes);
    }
    ends.into_iter().max().unwrap_or(0)
}

fn items(chance: &mut Rng, depth: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for place in 0..chance.usize(1..=5) {
        let sort = match chance.usize(0..if depth < 3 { 9 } else { 5 }) {
            5 => Sort::Stage(self::items(chance, depth + 1)),
            6 | 7 => Sort::Parallel(self::items(chance, depth + 1)),
            8 => {
                let at_a_time = chance.bool().then(|| chance.u64(1..4));
                Sort::Loop { elements: chance.u64(1..6), at_a_time, body: self::items(chance, depth + 1) }
            }
            _ => Sort::Step(chance.u64(0..100)),
        };
        let depends = (place > 0 && chance.usize(0..3) == 0).then(|| {
            let mut places: Vec<usize> = (0..chance.usize(1..=2)).map(|_| chance.usize(0..place)).collect();
            places.dedup();
            places
        });
        items.push(Item { sort, depends });
    }
    items
}

/// The items as a program; names are numbered, and a step's name ends in the seconds that it takes.
fn write(items: &[Item], count: &mut usize, text: &mut String) {
    let mut names: Vec<String> = Vec::new();
    for item in items {
        *count += 1;
        let name = match &item.sort {
            Sort::Step(seconds) => format!("s{count}_{seconds}"),
            _ => format!("b{count}"),
        };
        let on = item.depends.iter().flatten().map(|place| names[*place].clone()).collect::<Vec<_>>().join(", ");
        let head = if on.is_empty() { on } else { format!("depends on {on}") };
        let (open, body) = match &item.sort {
            Sort::Step(_) => {
                text.push_str(&step(&name, &head));
                names.push(name);
                continue;
            }
            Sort::Stage(body) => (format!("{name}: stage {head}"), body),
            Sort::Parallel(body) => (format!("{name}: parallel {head}"), body),
            Sort::Loop { elements, at_a_time, body } => {
                let parallel = at_a_time.map_or_else(String::new, |max| format!("parallel max {max}"));
                (format!("{name}: for each x{count} in 1..{elements} {parallel} {head}"), body)
            }
        };
        writeln!(text, "{open} {{").expect("a string takes everything");
        write(body, count, text);
        text.push_str("}\n");
        names.push(name);
    }
}

/// The nodes of a workflow with their times, and how long the longest path is.
fn timed(text: &str) -> (Vec<Node>, Duration) {
    requested(&format!("workflow main {{\n{text}\n}}\n"), &[], 4, |request, outlook| {
        let build = crate::plan::build::build(request, outlook);
        let (mut nodes, details) = (build.nodes, build.details);
        let graph = Graph::folded(&nodes, &details);
        let way = graph.longest(&details);
        way.tell(&graph, &mut nodes, &details);
        (nodes, way.length())
    })
}

/// Every node starts inside what is around it, and behind what it waits for.
fn is_ordered(nodes: &[Node]) -> bool {
    let timing = |id: &NodeId| nodes.get(id.index()).and_then(|node| node.timing);
    nodes.iter().all(|node| {
        let ends = |id| timing(id).map(|timing| timing.starts.milliseconds + timing.takes.milliseconds);
        let Some(own) = node.timing else { return false };
        let around = node.parent.and_then(|parent| timing(&parent)).is_none_or(|around| around.starts <= own.starts);
        around && node.after.iter().all(|before| ends(before).is_some_and(|end| end <= own.starts.milliseconds))
    })
}

#[test]
fn the_longest_path_is_that_of_an_independent_check() {
    let mut chance = Rng::with_seed(20_261_122);
    for number in 0..1_000 {
        let items = items(&mut chance, 0);
        let mut text = String::new();
        write(&items, &mut 0, &mut text);
        let (nodes, length) = timed(&text);
        let expected = Duration { milliseconds: i64::try_from(longest(&items, true) * 1_000).expect("a small number") };
        assert_eq!(length, expected, "graph {number}\n{text}");
        assert!(is_ordered(&nodes), "graph {number}\n{text}\n{nodes:#?}");
        let slacks = nodes.iter().filter_map(|node| node.timing).filter_map(|timing| timing.slack);
        assert!(slacks.max().is_some_and(|most| most <= expected), "graph {number}\n{text}");
    }
}

#[test]
fn slack_is_how_much_later_something_may_end() {
    let plan = body(&format!("parallel {{\n{}{} }}\n", step("a5", ""), step("b2", "")));
    let slack = |name: &str| {
        let node = plan.nodes.iter().find(|node| node.name.as_deref() == Some(name)).expect("the step");
        let timing = node.timing.expect("a time");
        (timing.slack.map(|slack| slack.milliseconds), timing.critical)
    };
    assert_eq!((slack("a5"), slack("b2")), ((Some(0), true), (Some(3_000), false)));
}

/// How long half of all runs take with so many slots, in seconds.
fn takes(text: &str, jobs: u32) -> i64 {
    planned(&format!("workflow main {{\n{text}\n}}\n"), &[], jobs).outlook.p50.milliseconds / 1_000
}

fn side_by_side(head: &str, steps: &[&str]) -> String {
    let steps: String = steps.iter().map(|name| step(name, "")).collect();
    format!("parallel {head} {{\n{steps}}}\n")
}

#[test]
fn slots_bound_what_runs_at_a_time_and_waiting_holds_none() {
    let four = ["a10", "b10", "c10", "d10"];
    assert_eq!([1, 2, 3, 4].map(|jobs| takes(&side_by_side("", &four), jobs)), [40, 20, 20, 10]);
    assert_eq!(takes(&side_by_side("max 1", &four), 4), 40);
    let sleeps = "parallel {\nstep s: sleep 30s\nstep t: sleep 30s\n}\n";
    assert_eq!(takes(sleeps, 1), 30);
}

#[test]
fn the_longest_way_behind_goes_first() {
    let chain = format!("stage {{\n{}{} }}\n", step("x10", ""), step("y10", ""));
    let text = format!("parallel {{\n{}{}{chain}}}\n", step("a10", ""), step("b10", ""));
    assert_eq!(takes(&text, 2), 20);
}

#[test]
fn a_race_is_over_with_its_first_and_its_losers_free_their_slots() {
    let race = side_by_side("wait any", &["a3", "b50", "c60"]);
    assert_eq!(takes(&race, 4), 3);
    assert_eq!(takes(&(race + &side_by_side("", &["d10", "e10"])), 3), 13);
    let skipped = format!("param p: bool = false\nparallel wait any {{\n{}{} }}\n", step("a3", ""), step("b1", "when p"));
    assert_eq!(takes(&skipped, 4), 3);
}

#[test]
fn long_loops_are_simulated_by_some_of_their_elements() {
    let each = |head: &str| format!("for each x in 1..20000 {head} {{\n{} }}\n", step("a1", ""));
    assert_eq!(takes(&each("parallel"), 4), 5_000);
    assert_eq!(takes(&each("parallel max 2"), 4), 10_000);
    assert_eq!(takes(&each(""), 4), 20_000);
    assert_eq!(takes("let none: [int] = []\nfor each x in none {\nstep a: sleep 1h\n}\n", 4), 0);
}
