//! §5: a name means one thing in a workflow, and is used below its declaration.

use super::{NOTHING, compiled, said, said_of};

#[test]
fn a_name_in_a_block_below_is_not_unknown() {
    let used = "step a: shell \"echo ${b}\"\nstage {\n  step b: shell \"x\" -> string\n}";
    assert_eq!(said(used), ["not-visible @ b"]);
}

#[test]
fn a_name_is_declared_once_whatever_declares_it() {
    assert_eq!(said("param a: int\nlet a = 1\nstep show: shell \"echo ${a}\""), ["duplicate-name @ a"]);
    assert_eq!(said("step a: shell \"x\"\nstep a: shell \"y\""), ["duplicate-name @ a"]);
    assert_eq!(said("step a: shell \"x\"\nfor each a in 1..2 {\n  step b: shell \"echo ${a}\"\n}"), ["duplicate-name @ a"]);
    assert_eq!(said("step a: shell \"x\"\na: stage {\n  step b: shell \"y\"\n}"), ["duplicate-name @ a"]);
    assert_eq!(said("step a: shell \"x\"\non failure {\n  step a: shell \"y\"\n}"), ["duplicate-name @ a"]);
}

#[test]
fn branches_of_one_condition_share_names() {
    let shared = "param fast: bool\nif fast {\n  step a: shell \"x\"\n} else {\n  step a: shell \"y\"\n}\nstep b: shell \"echo ${a.stdout}\"";
    assert_eq!(said(shared), NOTHING);
    let apart = "param fast: bool\nif fast {\n  step a: shell \"x\"\n}\nif fast {\n  step a: shell \"y\"\n}";
    assert_eq!(said(apart), ["duplicate-name @ a"]);
}

#[test]
fn names_that_are_always_there_are_not_declared() {
    for name in ["run", "here", "result", "failure", "event"] {
        assert_eq!(said(&format!("step {name}: shell \"x\"")), [format!("reserved-name @ {name}")]);
    }
}

#[test]
fn a_value_is_used_below_its_declaration() {
    assert_eq!(said("step b: shell \"echo ${a.stdout}\"\nstep a: shell \"x\""), ["used-before-declared @ a"]);
    assert_eq!(said("step b: shell \"echo ${a}\"\nlet a = 1"), ["used-before-declared @ a"]);
    assert_eq!(said("step b: shell \"echo ${a.stdout}\" depends on nothing\nstep a: shell \"x\" depends on nothing"), NOTHING);
    assert_eq!(said("parallel {\n  step b: shell \"echo ${a.stdout}\"\n  step a: shell \"x\"\n}"), NOTHING);
}

#[test]
fn what_is_not_known_is_said_once_at_each_place() {
    assert_eq!(said("let a = nothing_like_it\nstep b: shell \"echo ${a} ${a.b}\""), ["unknown-name @ nothing_like_it"]);
}

#[test]
fn a_name_with_a_hyphen_is_said_once_where_it_is_used() {
    assert_eq!(said("step my_step: shell \"x\"\nstep b: shell \"echo ${my-step.stdout}\""), ["unknown-name @ my-step"]);
    assert_eq!(said("step b: shell \"echo ${my-step}\""), ["unknown-name @ my-step"]);
    assert_eq!(said("let my = 2\nlet step_ = 1\nstep b: shell \"echo ${my-step_}\""), NOTHING);
}

#[test]
fn constants_of_other_languages_are_known() {
    for name in ["True", "False", "None", "nil"] {
        assert_eq!(said(&format!("let a = {name}\nstep b: shell \"x ${{a}}\"")), [format!("unknown-name @ {name}")]);
    }
}

#[test]
fn what_is_never_used_is_said_but_of_steps() {
    assert_eq!(said("param a: int\nstep b: shell \"x\""), ["unused @ a"]);
    assert_eq!(said("let a = 1\nstep b: shell \"x\""), ["unused @ a"]);
    let of_file = "let a = 1\nlet b = a\nlet c = 2\nworkflow main {\n  step s: shell \"echo ${c}\"\n}\n";
    assert_eq!(said_of(&[("main.wf", of_file)]), ["unused @ b"]);
    assert_eq!(said("secret a from env \"A\"\nstep b: shell \"x\""), ["unused @ a"]);
    assert_eq!(said("param a: int where a > 1\nstep b: shell \"x\""), ["unused @ a"]);
    assert_eq!(said("param a: int\noutput b: int = a"), NOTHING);
}

#[test]
fn the_always_known_are_only_where_they_are() {
    assert_eq!(said("step a: shell \"echo ${run.id} ${here}\""), NOTHING);
    assert_eq!(said("step a: shell \"echo ${failure.step}\""), ["not-here @ failure"]);
    assert_eq!(said("step a: shell \"echo ${result.stdout}\""), ["not-here @ result"]);
    assert_eq!(said("step a: shell \"echo ${event.path}\""), ["not-here @ event"]);
}

#[test]
fn names_of_blocks_without_a_value_are_names_too() {
    assert_eq!(said("a: stage {\n  step b: shell \"x\"\n}\na: parallel {\n  step c: shell \"y\"\n}"), ["duplicate-name @ a"]);
    assert_eq!(said("let a = 1\nparam p: bool\na: if p {\n  step b: shell \"echo ${a}\"\n}").len(), 1);
    assert_eq!(said("run: stage {\n  step b: shell \"x\"\n}"), ["reserved-name @ run"]);
}

/// The help of the only finding about a step with this shell text, and the text with its fix.
fn left_to_the_shell(text: &str) -> (String, String) {
    let file = format!("workflow main {{\n  let version = 1\n  step a: shell \"echo ${{version}} {text}\"\n}}\n");
    let found: Vec<_> =
        compiled(&[("main.wf", &file)]).diagnostics.into_iter().filter(|found| found.slug == "unknown-name").collect();
    let [found] = found.as_slice() else { panic!("{found:#?}") };
    let mut edits = found.fix.clone().map(|fix| fix.edits).unwrap_or_default();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut mended = file.clone();
    edits.iter().for_each(|edit| mended.replace_range(edit.span.range(), &edit.replacement));
    let mended = mended.split("${version} ").nth(1).and_then(|rest| rest.strip_suffix("\"\n}\n")).unwrap_or_default().to_owned();
    (found.help.clone().unwrap_or_default(), mended)
}

#[test]
fn an_unknown_name_in_a_shell_text_is_most_likely_the_shells() {
    let help = |written: &str| {
        format!("Write `{written}` for a variable of the shell; a value is declared above with `let` or `param`.")
    };
    for (text, written, mended) in [
        ("i=1; ${i}", "$i", "i=1; $i"),
        ("read -r i; ${i}x ${i} ${i}", "\\${i}", "read -r i; \\${i}x $i $i"),
        ("for i in a; do ${i}-${i}[0]", "$i", "for i in a; do $i-\\${i}[0]"),
        ("i=1; ${i/a/b} ${i%o}", "\\${i…}", "i=1; \\${i/a/b} \\${i%o}"),
        ("${ITEMS[0]}", "\\${ITEMS…}", "\\${ITEMS[0]}"),
    ] {
        assert_eq!(left_to_the_shell(text), (help(written), mended.to_owned()), "{text}");
    }
    // Nothing says that the shell has it.
    assert_eq!(left_to_the_shell("${app}"), (help("$app"), "${app}".to_owned()));
    let near = left_to_the_shell("${verison}");
    assert_eq!(near, ("Did you mean `version`?".to_owned(), "${version}".to_owned()));
    assert_eq!(said("step a: shell \"echo ${i + 1} ${j}\""), ["unknown-name @ i", "unknown-name @ j"]);
}

#[test]
fn a_value_in_a_raw_shell_text_was_meant_for_double_quotes() {
    let said = |text: &str, more: &str| {
        said(&format!(
            "param stage: string = \"a\"\nlet used = stage\nstep a: shell {text} {{ {more} }}\nstep b: shell \"echo ${{used}}\""
        ))
    };
    assert_eq!(said("'echo ${stage} ${other}'", "reads only"), ["raw-interpolation @ echo ${stage} ${other}"]);
    for text in
        ["'echo ${other} $stage'", "'stage=1; echo ${stage}'", "'for stage in a b; do echo ${stage}; done'", "'echo ${stage:-x}'"]
    {
        assert_eq!(said(text, "reads only"), NOTHING, "{text}");
    }
    assert_eq!(said("'echo ${stage}'", "env: { stage: stage }, reads only"), NOTHING);
}
