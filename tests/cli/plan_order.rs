//! Runs start their steps in an order that their plan allows: random workflows are planned and run.

use super::Place;
use crate::numbers::Numbers;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;

/// So many workflows.
const WORKFLOWS: u64 = 20;

/// Statements of a body.
const MOST: u64 = 5;

/// A workflow that is being written.
struct Sketch {
    choices: Numbers,
    text: String,
    number: u32,
}

impl Sketch {
    /// A workflow of a seed.
    fn workflow(seed: u64) -> String {
        let mut sketch = Self { choices: Numbers(seed), text: String::new(), number: 0 };
        sketch.body(3);
        format!("workflow main {{\n{}}}\n", sketch.text)
    }

    fn add(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn name(&mut self) -> String {
        self.number += 1;
        format!("n{}", self.number)
    }

    /// Statements, some of which depend on others before them.
    fn body(&mut self, depth: u64) {
        let mut before: Vec<String> = Vec::new();
        for _ in 0..1 + self.choices.below(MOST) {
            let name = self.name();
            let depends = match before.len() {
                0 => String::new(),
                count if self.choices.once_in(2) => format!(" depends on {}", before[self.choices.below(count as u64) as usize]),
                _ => String::new(),
            };
            self.statement(&name, &depends, depth);
            before.push(name);
        }
    }

    fn statement(&mut self, name: &str, depends: &str, depth: u64) {
        let word = match if depth == 0 { 9 } else { self.choices.below(10) } {
            0 => "stage".to_owned(),
            1 | 2 => "parallel".to_owned(),
            3 => "parallel max 2".to_owned(),
            4 => format!("for each x{name} in 1..3"),
            5 => format!("for each x{name} in 1..3 parallel"),
            _ => {
                let clauses = if self.choices.once_in(4) { " when env(\"NEVER\") == \"set\"" } else { "" };
                return self.add(&format!("step {name}: shell \"true\"{depends}{clauses} {{ reads only, timeout 1m }}"));
            }
        };
        self.add(&format!("{name}: {word}{depends} {{"));
        self.body(depth - 1);
        self.add("}");
    }
}

/// For each instance, with its places in loops, the lines of its start and of its end.
fn story(events: &str) -> (HashMap<String, usize>, HashMap<String, usize>) {
    let (mut starts, mut ends) = (HashMap::new(), HashMap::new());
    for (line, event) in events.lines().enumerate() {
        let event: Value = serde_json::from_str(event).expect("JSON");
        let path = event["instance"]["path"].as_str().unwrap_or_default().to_owned();
        match event["event"].as_str() {
            Some("ready") => starts.insert(path, line),
            Some("succeeded" | "skipped") => ends.insert(path, line),
            _ => None,
        };
    }
    (starts, ends)
}

/// Runs a workflow, and looks whether each instance started behind all that its plan puts before it; gives how many pairs there were.
fn held(text: &str) -> usize {
    let place = Place::with(text);
    let outcome = place.wfc(&["plan", "main.wf", "--format", "json"]);
    assert_eq!(outcome.code, 0, "{text}{}", outcome.stderr);
    let plan: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let told = place.ran(&["--format", "json"]);
    assert_eq!(told.code, 0, "{text}{}", told.stderr);
    let (starts, ends) = story(&told.stderr);
    let nodes = plan["nodes"].as_array().expect("a list");
    let path =
        |id: &Value| nodes[usize::try_from(id.as_u64().expect("a number")).expect("a place")]["path"].as_str().expect("a path");
    let mut pairs = 0;
    for node in nodes {
        let own = path(&node["id"]);
        for (instance, start) in starts.iter().filter(|(instance, _)| instance.split('[').next() == Some(own)) {
            for before in node["after"].as_array().into_iter().flatten() {
                let places = instance.strip_prefix(own).expect("the path begins so");
                let end = ends.get(&format!("{}{places}", path(before)));
                assert!(end.is_some_and(|end| end < start), "{} before {instance}\n{text}{}", path(before), told.stderr);
                pairs += 1;
            }
        }
    }
    pairs
}

#[test]
fn runs_start_their_steps_in_an_order_that_the_plan_allows() {
    let pairs: usize = (0..WORKFLOWS).map(|seed| held(&Sketch::workflow(seed))).sum();
    assert!(pairs > 250, "{pairs}");
}
