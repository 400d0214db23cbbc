//! All properties on the seeds, on what was found once, and on small changes of both.

use crate::mutate::Mutator;
use crate::{TARGETS, Target, dictionary, findings};

/// How often a text of each property is changed.
const CHANGES: usize = 3000;

fn holds(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    let mut texts = findings(name);
    texts.extend((target.seeds)());
    texts.iter().for_each(|text| (target.property)(text));
    change(target, &texts);
}

#[allow(clippy::print_stdout, reason = "a test that fails, or takes too long, shows what it printed")]
fn change(target: &Target, texts: &[String]) {
    let mut mutator = Mutator::new(7, dictionary().into_iter().collect());
    let short: Vec<&String> = texts.iter().filter(|text| text.len() < 2000).collect();
    for (text, other) in short.iter().cycle().zip(short.iter().cycle().skip(17)).take(CHANGES) {
        let changed = mutator.change(text, other);
        println!("--- {}\n{changed}", target.name);
        (target.property)(&changed);
    }
}

#[test]
fn parsing_never_fails_and_loses_nothing() {
    holds("parse");
}

#[test]
fn formatting_changes_nothing() {
    holds("format");
}

#[test]
fn compiling_ends_with_a_program_or_diagnostics() {
    holds("check");
}

#[test]
fn what_compiles_can_be_planned() {
    holds("plan");
}

#[test]
fn what_compiles_can_be_tested_and_rehearsed() {
    holds("rehearse");
}

#[test]
fn reading_shell_text_ends() {
    holds("shell");
}

#[test]
fn the_dictionary_holds_the_words_and_signs_of_the_grammar() {
    let words = dictionary();
    for word in ["workflow", "depends", "->", "\"\"\"", "\\${", "\n", "timezone"] {
        assert!(words.contains(word), "{word:?} is not among {words:?}");
    }
}

#[test]
fn the_seeds_are_found() {
    assert!(TARGETS.iter().all(|target| (target.seeds)().len() > 100));
}

/// Texts that nest as deep as they may, or a little deeper, one in another.
fn deep_texts() -> Vec<String> {
    let brackets = |levels: usize| {
        [("(", ")"), ("[", "]"), ("[{ a: ", " }]"), ("f(", ")"), ("[x for x in ", "]")]
            .map(|(open, close)| format!("{}a{}", open.repeat(levels), close.repeat(levels)))
    };
    let mut expressions: Vec<String> = [31, 62, 63, 64, 65].into_iter().flat_map(brackets).collect();
    for levels in [60, 97, 100, 120, 126, 127, 128, 129] {
        expressions.push(format!("{}a", "a + ".repeat(levels)));
        expressions.push(format!("{}a", "-".repeat(levels)));
        expressions.push(format!("{}true", "not ".repeat(levels)));
        expressions.push(format!("a{}", ".b".repeat(levels)));
        expressions.push(format!("a{}", "[0]".repeat(levels)));
        expressions.push(format!("{}a", "if true then a else ".repeat(levels)));
        expressions.push(format!("{}a", "if true then 1 else [".repeat(levels / 2)) + &"]".repeat(levels / 2));
        expressions.push(format!("{}a{}", "\"${".repeat(levels / 2), "}\"".repeat(levels / 2)));
        expressions.push(format!("{}a{}", "1 + 1 + (".repeat(levels / 3), ")".repeat(levels / 3)));
        expressions.push(format!("{}a{}", "[x for x in ".repeat(levels / 2), " if true]".repeat(levels / 2)));
    }
    let step = |expression: &String| {
        format!(
            "workflow main {{\n  param a: int\n  let b = {expression}\n  step c: shell \"echo\" when b == b {{ reads only }}\n}}\n"
        )
    };
    let mut texts: Vec<String> = expressions.iter().map(step).collect();
    for levels in [31, 32, 33, 60, 63, 64, 65] {
        texts.push(format!("workflow main {{\n  param a: {}int{}\n}}\n", "[".repeat(levels), "]".repeat(levels)));
        texts.push(format!("workflow main {{\n  param a: {}int{}\n}}\n", "{ b: ".repeat(levels), " }".repeat(levels)));
        for block in ["stage", "parallel", "for each x in [1]", "repeat until true max 3 times", "if true"] {
            texts.push(format!(
                "workflow main {{\n{}step a: shell \"x\"\n{}}}\n",
                format!("{block} {{\n").repeat(levels),
                "}\n".repeat(levels)
            ));
        }
    }
    texts
}

#[test]
fn what_nests_as_deep_as_it_may_takes_no_more_than_a_small_stack() {
    for text in deep_texts() {
        crate::parse(&text);
        crate::format(&text);
        crate::check(&text);
    }
}

/// Declarations that each name the one before twice.
fn growing_texts() -> Vec<String> {
    let grown = |first: &str, next: &str, behind: &str| {
        let declarations: String =
            (1..60).map(|n| next.replace("NEW", &format!("v{n}")).replace("OLD", &format!("v{}", n - 1))).collect();
        format!("{first}\n{declarations}{behind}\n")
    };
    let inside = |first: &str, next: &str| grown(&format!("workflow main {{\n{first}"), next, "}");
    vec![
        inside("let v0 = 1", "let NEW = { a: OLD, b: OLD }\n"),
        inside("let v0 = 1", "let NEW = [OLD]\n"),
        inside("let v0 = { a: 1 }", "let NEW = [{ a: OLD, b: OLD } for x in [1]]\n"),
        inside("secret v0 from env \"X\"", "let NEW = \"${OLD}${OLD}\"\n"),
        inside("secret v0 from env \"X\"", "let NEW = [OLD, OLD]\n"),
        grown("let v0 = 1", "let NEW = { a: OLD, b: OLD }\n", "workflow main {}"),
        grown("type v0 = int", "type NEW = { a: OLD, b: OLD }\n", "workflow main { param a: v59 }"),
        grown(
            "workflow v0 { output a = 1\noutput b = 1 }",
            "workflow NEW { step s: OLD\noutput a = s\noutput b = s }\n",
            "workflow main { step s: v59 }",
        ),
    ]
}

#[test]
fn types_that_double_are_refused() {
    growing_texts().iter().for_each(|text| crate::check(text));
}
