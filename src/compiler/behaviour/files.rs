//! Files and what they use (§5).

use super::{NOTHING, compiled, said_of};

const LIBRARY: &str = "workflow promote {\n  step a: shell \"x\"\n}\nworkflow check {\n  step a: shell \"x\"\n}\n";

fn with(uses: &str, step: &str) -> Vec<String> {
    said_of(&[("main.wf", &format!("{uses}\nworkflow main {{\n  step a: {step}\n}}")), ("lib/k8s.wf", LIBRARY)])
}

#[test]
fn a_file_is_used_by_its_alias_or_by_names() {
    assert_eq!(with("use \"./lib/k8s.wf\" as k8s", "k8s.promote"), NOTHING);
    assert_eq!(with("use \"./lib/k8s.wf\" (promote)", "promote"), NOTHING);
    assert_eq!(with("use \"./lib/k8s.wf\" as k8s", "k8s.promte"), ["unknown-kind @ k8s.promte"]);
    assert_eq!(with("use \"./lib/k8s.wf\" (promte)", "shell \"x\"").len(), 1);
    assert_eq!(with("use \"./lib/k8s.wf\" as k8s", "shell \"x\"").len(), 1, "it is not used");
    assert_eq!(with("use \"./lib/k8s.wf\" (promote, check)", "promote"), ["unused @ check"]);
}

#[test]
fn a_file_that_is_not_there_is_said_where_it_is_named() {
    assert_eq!(with("use \"./lib/none.wf\" as k8s", "k8s.promote").len(), 1);
    assert_eq!(with("use std.slack", "slack.send").len(), 1);
}

#[test]
fn a_circle_of_files_is_shown_whole() {
    let files = [
        ("main.wf", "use \"./b.wf\" as b\nworkflow main {\n  step a: b.other\n}"),
        ("b.wf", "use \"./main.wf\" as back\nworkflow other {\n  step a: shell \"x\"\n}"),
    ];
    let shown = said_of(&files);
    assert!(shown.iter().any(|found| found.starts_with("import-cycle @ ")), "{shown:?}");
}

#[test]
fn a_name_is_one_of_kinds_workflows_and_modules() {
    let twice = said_of(&[("main.wf", "workflow a {\n  step b: shell \"x\"\n}\nworkflow a {\n  step b: shell \"x\"\n}")]);
    assert_eq!(twice, ["duplicate-name @ a"]);
    let kind = said_of(&[("main.wf", "workflow shell {\n  step b: sleep 1s\n}")]);
    assert_eq!(kind, ["duplicate-name @ shell"]);
}

#[test]
fn globals_see_those_above_and_nothing_of_a_run() {
    let with = |lets: &str| said_of(&[("main.wf", &format!("{lets}\nworkflow main {{\n  step c: shell \"echo ${{b}}\"\n}}"))]);
    assert_eq!(with("let a = 1\nlet b = a + 1"), NOTHING);
    assert_eq!(with("let b = run.id").len(), 1);
    assert_eq!(with("let b = a + 1\nlet a = d * 2\nlet d = 3"), NOTHING, "in any order");
    assert_eq!(with("let b = a + 1\nlet a = b + 1"), ["let-cycle @ b"]);
    assert_eq!(with("let b = b + 1"), ["let-cycle @ b"]);
    let chain: String = (0..2_000).map(|n| format!("let a{n} = a{} + 1\n", n + 1)).collect();
    assert_eq!(with(&format!("{chain}let a2000 = 1\nlet b = a0")), NOTHING);
}

#[test]
fn without_the_file_there_is_no_program() {
    let compilation = compiled(&[]);
    assert!(compilation.program.is_none());
    assert_eq!(compilation.diagnostics.len(), 1, "{:?}", compilation.diagnostics);
}

#[test]
fn an_empty_file_says_that_it_holds_no_workflow() {
    assert!(said_of(&[("main.wf", "")]).len() <= 1);
}
