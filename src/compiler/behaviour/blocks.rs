//! What is seen of a block behind it (§7).

use super::{NOTHING, compiled, said};

fn with_flag(body: &str) -> Vec<String> {
    said(&format!("param p: bool\n{body}"))
}

#[test]
fn a_loop_without_a_name_inside_another_is_told() {
    let body =
        "outer: for each a in 1..2 {\n  for each b in 1..2 {\n    step c: shell \"x\" when a == b\n  }\n}\noutput d = outer.c";
    let found = compiled(&[("main.wf", &format!("workflow main {{\n{body}\n}}\n"))]).diagnostics;
    let help: Vec<_> = found.iter().filter_map(|found| found.help.as_deref()).collect();
    assert_eq!(help, ["Name the loop, `NAME: for each …`; behind it the values are the list `NAME.c`."]);
}

#[test]
fn a_step_of_a_branch_is_optional_behind_it() {
    assert_eq!(with_flag("if p {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a.stdout}\""), ["may-be-missing @ a"]);
    assert_eq!(with_flag("if p {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a?.stdout ?? \"\"}\""), NOTHING);
}

#[test]
fn a_step_of_every_branch_is_there_where_the_types_are_one() {
    let both = |first: &str, second: &str| {
        with_flag(&format!(
            "if p {{\n  step a: shell \"x\"{first}\n}} else {{\n  step a: shell \"y\"{second}\n}}\nlet c = a\nstep b: shell \"x\" when c == c"
        ))
    };
    assert_eq!(both(" -> int", " -> int"), NOTHING);
    let differing = both(" -> int", " -> string");
    assert_eq!(differing, ["not-visible @ a"]);
}

#[test]
fn a_condition_narrows_its_branches() {
    let narrowed = "param n: string?\nif n != null {\n  step a: shell \"echo ${n}\"\n}";
    assert_eq!(said(narrowed), NOTHING);
    let other = "param n: string?\nif n == null {\n  step a: shell \"x\"\n} else {\n  step b: shell \"echo ${n}\"\n}";
    assert_eq!(said(other), NOTHING);
    let wrong = "param n: string?\nif n == null {\n  step a: shell \"echo ${n}\"\n}";
    assert_eq!(said(wrong), ["may-be-missing @ n"]);
}

#[test]
fn stage_and_parallel_show_their_steps() {
    assert_eq!(said("stage {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a.stdout}\""), NOTHING);
    assert_eq!(said("parallel {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a.stdout}\""), NOTHING);
    assert_eq!(with_flag("stage when p {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a.stdout}\""), ["may-be-missing @ a"]);
    let goes_on = "stage {\n  on failure continue\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${a.stdout}\"";
    assert_eq!(said(goes_on), ["may-be-missing @ a"]);
}

#[test]
fn a_race_has_a_winner_and_a_value() {
    let race = "fast: parallel wait any {\n  step a: shell \"x\"\n  step b: shell \"y\"\n}\n";
    assert_eq!(said(&format!("{race}step c: shell \"echo ${{fast.winner}} ${{fast.value.stdout}}\"")), NOTHING);
    assert_eq!(said(&format!("{race}step c: shell \"echo ${{a.stdout}}\"")), ["may-be-missing @ a"]);
    assert_eq!(said(&format!("{race}step c: shell \"x\" when fast.winner == \"c\"")), ["unknown-member @ \"c\""]);
    let mixed = "fast: parallel wait any {\n  step a: shell \"x\"\n  step b: sleep 5s\n}\nstep c: shell \"echo ${fast.value}\"";
    assert_eq!(said(mixed), ["unknown-field @ value"]);
    let unnamed = said(
        "fast: parallel wait first {\n  step a: shell \"x\"\n  stage {\n    step b: shell \"y\"\n  }\n}\nstep c: shell \"echo ${fast.winner}\"",
    );
    assert_eq!(unnamed.len(), 1, "{unnamed:?}");
}

#[test]
fn a_loop_is_seen_through_its_name() {
    let body = "for each r in [\"eu\", \"us\"] {\n  step a: shell \"echo ${r}\" -> string\n}\n";
    assert_eq!(said(&format!("ship: {body}step b: shell \"echo ${{ship.a}}\"")), NOTHING);
    assert_eq!(said(&format!("ship: {body}step b: shell \"echo ${{a}}\"")), ["not-visible @ a"]);
    assert_eq!(said(&format!("{body}step b: shell \"echo ${{a}}\"")), ["not-visible @ a"]);
    assert_eq!(said(&format!("{body}step b: shell \"echo ${{r}}\"")), ["not-visible @ r"]);
}

#[test]
fn a_loop_that_goes_on_has_gaps() {
    let body = "ship: for each r in [\"eu\", \"us\"] {\n  on failure continue\n  step a: shell \"echo ${r}\" -> string\n}\n";
    assert_eq!(said(&format!("{body}let known = [a for a_ in ship.a]\nstep b: shell \"x\" when known == known")).len(), 1);
    assert_eq!(said(&format!("{body}step b: shell \"echo ${{ship.a.join(\",\")}}\"")), ["unknown-method @ join"]);
    assert_eq!(said(&format!("{body}step b: shell \"echo ${{[x for x in ship.a if x != null]}}\"")), NOTHING);
}

#[test]
fn loops_in_loops_are_lists_of_records() {
    let nested = "outer: for each r in [\"eu\", \"us\"] {\n  inner: for each n in 1..2 {\n    step a: shell \"echo ${r} ${n}\" -> int\n  }\n}\n";
    assert_eq!(said(&format!("{nested}step b: shell \"echo ${{outer.inner[0].a[1] + 1}}\"")), NOTHING);
}

#[test]
fn a_loop_goes_through_something_with_elements() {
    assert_eq!(said("param n: int\nfor each r in n {\n  step a: shell \"echo ${r}\"\n}"), ["not-iterable @ n"]);
    assert_eq!(said("param m: [string: int]\nfor each k, v in m {\n  step a: shell \"echo ${k} ${v}\"\n}"), NOTHING);
    let pairs = "for each os in [\"a\"], v in [1] {\n  step a: shell \"echo ${os} ${v}\"\n}";
    assert_eq!(said(pairs), NOTHING);
    assert_eq!(said("for each r in [1] parallel max 0 {\n  step a: shell \"echo ${r}\"\n}").len(), 1);
}

#[test]
fn a_repeat_sees_its_body_and_shows_the_latest() {
    let repeat = "repeat until a == 1 pause 5s max 3 times {\n  step a: shell \"x\" -> int\n}\nstep b: shell \"echo ${a}\"";
    assert_eq!(said(repeat), NOTHING);
    assert_eq!(said("repeat until a pause 5s max 3 times {\n  step a: shell \"x\" -> int\n}"), ["condition-not-bool @ a"]);
}

#[test]
fn a_stage_has_no_value() {
    assert_eq!(said("s: stage {\n  step a: shell \"x\"\n}\nstep b: shell \"echo ${s.a}\""), ["not-visible @ s"]);
}
