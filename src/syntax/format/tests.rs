//! Layout, and that it changes nothing.

use super::format;
use crate::scan::{Token, TokenKind, scan};
use proptest::prelude::*;
use proptest::sample::select;
use wf_model::span::SourceId;

fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|found| panic!("{found:#?}\n{text}"));
    let twice = format(&once).unwrap_or_else(|found| panic!("{found:#?}\n{once}"));
    assert!(twice == once, "from\n{text}\nonce\n{once}\ntwice\n{twice}");
    once
}

#[test]
fn the_examples_format_to_themselves() {
    for text in [
        include_str!("../../../tests/data/deploy.wf"),
        include_str!("../../../examples/release/release.wf"),
        include_str!("../../../examples/backup/backup.wf"),
        include_str!("../../../examples/data/sales.wf"),
        include_str!("../../../examples/mirrors/fetch.wf"),
        include_str!("../../../examples/services/release_all.wf"),
        include_str!("../../../examples/services/service.wf"),
    ] {
        assert_eq!(formatted(text), text);
    }
}

const SAMPLE: &str = include_str!("sample.wf");

#[test]
fn every_construct_formats_to_itself() {
    assert_eq!(formatted(SAMPLE), SAMPLE);
}

/// The tree of a file without the places; nothing where it cannot be read.
fn meaning(text: &str) -> Option<String> {
    let parsed = crate::parse(SourceId(0), text);
    let shown = format!("{:?}", parsed.file);
    let mut pieces = shown.split("Span { source: SourceId(0), start: ");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    parsed.diagnostics.is_empty().then_some(kept)
}

/// The comments of a file, in order, as the formatter writes them.
fn comments(text: &str) -> Vec<String> {
    let comment = |token: &Token| matches!(token.kind, TokenKind::Comment | TokenKind::Doc);
    let tokens = scan(SourceId(0), text).tokens;
    let slices = tokens.iter().filter(|token| comment(token)).filter_map(|token| text.get(token.span.range()));
    let apart = |comment: &str| comment.strip_prefix("##").map_or(comment.to_owned(), |doc| format!("## {doc}"));
    slices.map(|comment| apart(comment).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Puts pieces of layout between tokens, or takes what stands there away.
fn disturbed(text: &str, changes: &[(usize, &'static str)]) -> String {
    let tokens = scan(SourceId(0), text).tokens;
    let mut changed = String::new();
    for (place, token) in tokens.iter().enumerate() {
        let change = changes.iter().find(|(at, _)| at % tokens.len() == place).map(|(_, piece)| *piece);
        match (change, token.kind) {
            (Some(piece), TokenKind::Blank | TokenKind::LineBreak) => changed.push_str(piece),
            (piece, _) => {
                changed.push_str(piece.unwrap_or(""));
                changed.push_str(text.get(token.span.range()).unwrap_or_default());
            }
        }
    }
    changed
}

/// Compares two texts and shows where they part.
fn same(left: &str, right: &str, after: &str) {
    let at = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let around = |text: &str| text.chars().skip(at.saturating_sub(80)).take(200).collect::<String>();
    assert!(left == right, "now {}\nbut was {}\nin {after}", around(left), around(right));
}

fn changes_nothing(text: &str) {
    let Some(before) = meaning(text) else {
        assert!(format(text).is_err(), "{text}");
        return;
    };
    let after = formatted(text);
    same(&meaning(&after).unwrap_or_default(), &before, &after);
    assert_eq!(comments(&after), comments(text), "the same comments:\n{text}\n=====\n{after}");
    assert!(after.lines().all(|line| !line.ends_with([' ', '\t', '\r'])) && !after.contains("\n\n\n"), "{after}");
}

const LAYOUT: [&str; 14] =
    ["", " ", "\n", "\n\n\n", "\t", " # c\n", "\n# c\n", "\n##d\n", ",", ",\n", "\r\n", " \n  \n", "\n,", " ## d\n\n# e\n"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn formatting_changes_no_meaning_and_keeps_every_comment(
        which in 0_usize..4,
        changes in prop::collection::vec((0_usize..100_000, select(LAYOUT.to_vec())), 1..12),
    ) {
        let examples = [SAMPLE, SAMPLE, SAMPLE, include_str!("../../../examples/backup/backup.wf")];
        let mut text = examples[which].to_owned();
        // Of the changes that leave a file readable as many as possible.
        for change in changes {
            let next = disturbed(&text, &[change]);
            if meaning(&next).is_some() {
                text = next;
            }
        }
        changes_nothing(&text);
    }
}

/// Lays out what stands in a workflow, without the workflow around it.
fn body(written: &str) -> String {
    let laid = formatted(&format!("workflow main {{\n{written}\n}}\n"));
    let inside = laid.strip_prefix("workflow main {\n").and_then(|rest| rest.strip_suffix("}\n")).expect("a workflow");
    inside.lines().map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned() + "\n").collect()
}

#[test]
fn blanks_stand_where_they_help() {
    for (written, expected) in [
        ("let   a=1+2  *-3", "let a = 1 + 2 * -3\n"),
        ("let a=[ 1,2 ,3 , ]", "let a = [1, 2, 3]\n"),
        ("let a={b:1,c : {  }}", "let a = { b: 1, c: {} }\n"),
        ("let a=f( g(1) ,[ ] )", "let a = f(g(1), [])\n"),
        ("let a=b .c ?. d(e)[ 1 ]", "let a = b.c?.d(e)[1]\n"),
        ("let a=not(b)and -c==1 .. 5", "let a = not (b) and -c == 1..5\n"),
        ("let a=80%+10%3", "let a = 80% + 10 % 3\n"),
        ("param a:\"x\"|\"y\"?=null", "param a: \"x\" | \"y\"? = null\n"),
        ("let a=b as T? ?.c", "let a = b as T? ?.c\n"),
        ("step a:sleep   -5", "step a: sleep -5\n"),
        ("step a :shell \"x\"{reads only,timeout 5m}", "step a: shell \"x\" { reads only, timeout 5m }\n"),
        ("x :stage{ }", "x: stage {}\n"),
    ] {
        assert_eq!(body(written), expected, "{written}");
    }
}

#[test]
fn the_author_decides_what_takes_several_lines() {
    for (written, expected) in [
        ("let a = [\n1, 2,\n\n\n3,\n]", "let a = [\n  1\n  2\n\n  3\n]\n"),
        ("let a = [1,\n2\n3]", "let a = [1, 2, 3]\n"),
        ("let a = [1,\n2 # two\n]", "let a = [\n  1\n  2  # two\n]\n"),
        ("let a = f([\n1], {\nb: 2 })", "let a = f([\n  1\n], {\n  b: 2\n})\n"),
        ("let a = [\n1, -2, b +\nc]", "let a = [\n  1,\n  -2\n  b +\n    c\n]\n"),
        ("let a = [\nx for x in b if x\n]", "let a = [\n  x for x in b if x\n]\n"),
        ("let a = b\n+ c", "let a = b\n  + c\n"),
        ("step a: x { b: 1\nc: 2 }", "step a: x {\n  b: 1\n  c: 2\n}\n"),
        ("step a: x {\n\n\n b: 1, c: 2,\n\n\n\n d: 3\n\n}", "step a: x {\n  b: 1\n  c: 2\n\n  d: 3\n}\n"),
        ("step a: x {\n b: y.in, c: 2\n}", "step a: x {\n  b: y.in\n  c: 2\n}\n"),
        ("if a { commit }\nelse   if b {commit}\nelse{ }", "if a { commit } else if b { commit } else {}\n"),
    ] {
        assert_eq!(body(written), expected, "{written}");
    }
}

#[test]
fn the_parts_of_a_header_have_one_order() {
    for (written, expected) in [
        ("step a: x when b depends on c, d -> int \"e\"", "step a: x \"e\" -> int depends on c, d when b\n"),
        ("step a: x\n  when b\n  -> int", "step a: x\n  -> int\n  when b\n"),
        ("step a: x when b  # why\n  -> int", "step a: x when b  # why\n  -> int\n"),
        ("step a: x depends on b 80%", "step a: x 80% depends on b\n"),
        ("b: stage when c depends on d { }", "b: stage depends on d when c {}\n"),
        ("step a: x { undo y when z \"w\" }", "step a: x { undo y \"w\" when z }\n"),
        ("step when: when when when", "step when: when when when\n"),
    ] {
        assert_eq!(body(written), expected, "{written}");
    }
}

#[test]
fn comments_stay_where_they_are() {
    for (written, expected) in [
        ("# a\n\n\n#b\ncommit   # c", "# a\n\n#b\ncommit  # c\n"),
        ("##a\n##  b\n##\nstep c: x {# d\n}", "## a\n##  b\n##\nstep c: x {  # d\n}\n"),
        ("step a: x {\nb: 1 # c\n# d\n, # e\n}", "step a: x {\n  b: 1  # c\n  # d\n\n  # e\n}\n"),
        ("let a = [ # b\n1 # c\n, # d\n# e\n]", "let a = [  # b\n  1  # c\n  # d\n  # e\n]\n"),
        ("let a = b +  # c\n  # d\n  e", "let a = b +  # c\n  # d\n  e\n"),
        ("if a {\ncommit\n} # b\n# c\nelse {}", "if a {\n  commit\n}  # b\n# c\nelse {}\n"),
    ] {
        assert_eq!(body(written), expected, "{written}");
    }
}

#[test]
fn block_strings_move_with_their_statement() {
    for (written, expected) in [
        ("let a = \"\"\"   \nb\n  c ${d}\n\n\"\"\"", "let a = \"\"\"\n  b\n    c ${d}\n\n  \"\"\"\n"),
        ("        let a = '''\n          b\n        '''", "let a = '''\n  b\n'''\n"),
        ("let a = \"\"\"b\n      c\"\"\"", "let a = \"\"\"b\n  c\"\"\"\n"),
        (
            "step a: x {\n b: [\n'''\n\tc\n\t\td\n\t'''\n]}",
            "step a: x {\n  b: [\n    '''\n      c\n      \td\n      '''\n  ]\n}\n",
        ),
    ] {
        assert_eq!(body(written), expected, "{written}");
    }
    let unmoved = "workflow main {\n  let a = \"\"\"\n      ${f(\n 1)}\n      \"\"\"\n}\n";
    assert_eq!(formatted(unmoved), unmoved, "a value of several lines");
}

#[test]
fn items_stand_apart() {
    let written =
        "\u{feff}\r\n\r\nuse std.a\r\nuse std.b\r\ntype T = int # t\r\n# w\r\nworkflow a {}\r\nworkflow b {}\r\n\n\n# end";
    let expected = "use std.a\nuse std.b\n\ntype T = int  # t\n\n# w\nworkflow a {}\n\nworkflow b {}\n\n# end\n";
    assert_eq!(formatted(written), expected);
    assert_eq!(formatted(""), "");
    assert_eq!(formatted(" \n\t\n"), "");
    assert_eq!(formatted("# a"), "# a\n");
    assert_eq!(formatted("use std.a (\nb,\nc\n)"), "use std.a (\n  b,\n  c\n)\n");
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let found = format("workflow main {\n  let a =\n}\n").expect_err("a let without a value");
    assert_eq!(found.iter().map(|diagnostic| diagnostic.slug).collect::<Vec<_>>(), ["syntax-error"]);
}

/// Expressions with layout of all sorts between their tokens.
fn expressions() -> impl Strategy<Value = String> {
    let names = ["a", "b.in", "contains", "max", "1", "0.5", "80%", "5m", "\"s ${a}\"", "'r'", "null", "[]", "{}"];
    select(names.to_vec()).prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        let gap = || select(vec!["", " ", " ", "  ", "\n", "\n\n\n", " # c\n", "\n# d\n"]);
        let signs =
            ["+", "-", "*", "/", "%", "==", "<", "??", "..", " in ", " not in ", " contains ", " matches ", " and ", " or "];
        let separator = || select(vec![",", ", ", "\n", ",\n", "\n\n\n", " # c\n", "\n, # d\n", " , "]);
        let list = (prop::collection::vec((inner.clone(), separator()), 1..4), gap(), gap());
        let listed = |(elements, before, behind): (Vec<(String, &str)>, &str, &str)| {
            let elements: String =
                elements.into_iter().flat_map(|(element, separator)| [element, separator.to_owned()]).collect();
            format!("{before}{elements}{behind}")
        };
        let record = (prop::collection::vec((select(vec!["k", "in", "\"k\"", "for"]), inner.clone(), separator()), 1..4), gap());
        prop_oneof![
            (inner.clone(), gap(), select(signs.to_vec()), gap(), inner.clone())
                .prop_map(|(l, a, sign, b, r)| format!("{l}{a}{sign}{b}{r}")),
            (select(vec!["-", "- ", "not ", "not\n"]), inner.clone()).prop_map(|(sign, operand)| format!("{sign}{operand}")),
            (gap(), inner.clone(), gap()).prop_map(|(a, inside, b)| format!("({a}{inside}{b})")),
            list.clone().prop_map(move |list| format!("[{}]", listed(list))),
            (select(vec!["f", "a.g", "a?.h"]), list).prop_map(move |(name, list)| format!("{name}({})", listed(list))),
            record.prop_map(|(entries, gap)| {
                let entries: String =
                    entries.into_iter().map(|(key, value, separator)| format!("{key}: {value}{separator}")).collect();
                format!("{{{gap}{entries}}}")
            }),
            (inner.clone(), gap(), inner.clone(), gap()).prop_map(|(base, a, index, b)| format!("{base}[{a}{index}{b}]")),
            (inner.clone(), gap(), select(vec![".c", "?.d", " as T", " as T?", " as [T]", "\n  .e()"]))
                .prop_map(|(base, gap, behind)| format!("{base}{gap}{behind}")),
            (inner.clone(), gap(), inner.clone(), gap(), inner.clone())
                .prop_map(|(c, a, t, b, e)| format!("if {c}{a} then {t}{b} else {e}")),
            (gap(), inner.clone(), gap(), inner.clone(), gap(), inner.clone())
                .prop_map(|(a, e, b, l, c, i)| format!("[{a}{e}{b} for i, x in {l}{c} if {i}]")),
        ]
    })
}

#[test]
fn a_brace_behind_then_and_a_remainder_behind_a_unit_keep_their_meaning() {
    let inside = |text: &str| format!("workflow main {{\n{text}\n}}\n");
    let conditional = inside("if if a then {k: a # c\n} else b { commit }");
    assert_eq!(formatted(&conditional), inside("  if if a then {\n    k: a  # c\n  } else b { commit }"));
    let remainder = inside("let a = f(5m%\nb,)");
    assert_eq!(formatted(&remainder), inside("  let a = f(5m %\n    b)"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn formatting_an_expression_changes_nothing(
        expression in expressions(),
        place in select(vec!["let a = X\n", "step a: b { c: X }\n", "step a: b when X -> T\n", "if X { commit }\n", "retry X times pause X\n"]),
    ) {
        changes_nothing(&format!("workflow main {{\n{}\n}}\n", place.replace('X', &expression)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn sorting_a_header_changes_nothing(
        parts in Just(vec![0, 1, 2, 3]).prop_shuffle(),
        count in 1_usize..5,
        literal in select(vec!["\"l\"", "'l'", "[1, 2]", "[\n1\n]", "-5", "5m", "80%", "\"\"\"\n  l\n  \"\"\""]),
        type_ in select(vec!["T", "[T]", "T?", "\"a\" | \"b\"", "{ a: T }", "[string: T]?", "(T)"]),
        names in select(vec!["nothing", "a", "a, b", "a,\nb", "when, depends"]),
        condition in expressions(),
        gaps in prop::collection::vec(select(vec![" ", "  ", "\n", "\n", " # c\n", "\n\n"]), 4),
        statement in select(vec!["step when: k.depends", "step a: k", "undo k", "on unknown check k", "depends: parallel max 2", "for each when in depends"]),
        body in select(vec!["", " {}", "{ a: 1 }"]),
    ) {
        let block = statement.contains("p") && !statement.contains("step") && !statement.contains("check");
        let header: String = parts.iter().take(count).filter(|part| !block || **part > 1).zip(&gaps).map(|(part, gap)| match part {
            0 => format!(" {literal}"),
            1 => format!("{gap}-> {type_}"),
            2 => format!("{gap}depends on {names}"),
            _ => format!("{gap}when {condition}"),
        }).collect();
        changes_nothing(&format!("workflow main {{\n step s: k {{ {statement}{header}{body} }}\n {statement}{header}{body}\n}}\n"));
    }
}
