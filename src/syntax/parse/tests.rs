//! Expressions and types, written back with all parentheses.

use super::{parse_expression, parse_type};
use crate::ast::{Expression, ExpressionKind, TextPart, TypeExpression, TypeKind};
use proptest::prelude::*;
use wf_model::span::SourceId;

/// The tree of an expression as text, every operator in parentheses.
fn tree(expression: &Expression) -> String {
    let all = |list: &[Expression]| list.iter().map(tree).collect::<Vec<_>>().join(" ");
    match &expression.kind {
        ExpressionKind::Null => "null".to_owned(),
        ExpressionKind::Bool(value) => value.to_string(),
        ExpressionKind::Int(value) => value.to_string(),
        ExpressionKind::Float(value) => format!("{value:?}"),
        ExpressionKind::Duration(value) => value.to_string(),
        ExpressionKind::Size(value) => value.to_string(),
        ExpressionKind::Text(text) => {
            text.parts.iter().fold(String::from("'"), |line, part| match part {
                TextPart::Literal { text, .. } => line + &text.escape_debug().to_string(),
                TextPart::Value { expression, .. } => line + "{" + &tree(expression) + "}",
            }) + "'"
        }
        ExpressionKind::List(elements) => format!("[{}]", all(elements)),
        ExpressionKind::Record(entries) => {
            let entry = |(key, value): &(crate::ast::Key, Expression)| format!("{}:{}", key.text, tree(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
        ExpressionKind::Name(name) => name.to_string(),
        ExpressionKind::Field { base, name, optional } => {
            format!("{}{}{}", tree(base), if *optional { "?." } else { "." }, name.text)
        }
        ExpressionKind::Method { receiver, name, arguments, optional } => {
            format!("{}{}{}({})", tree(receiver), if *optional { "?." } else { "." }, name.text, all(arguments))
        }
        ExpressionKind::Index { base, index } => format!("{}[{}]", tree(base), tree(index)),
        ExpressionKind::Call { name, arguments } => format!("{}({})", name.text, all(arguments)),
        ExpressionKind::As { base, type_ } => format!("({} as {})", tree(base), type_tree(type_)),
        ExpressionKind::Unary { operator, operand } => format!("({operator:?} {})", tree(operand)),
        ExpressionKind::Binary { operator, left, right, .. } => format!("({} {operator:?} {})", tree(left), tree(right)),
        ExpressionKind::Conditional(parts) => {
            format!("(if {} {} {})", tree(&parts.condition), tree(&parts.then), tree(&parts.otherwise))
        }
        ExpressionKind::Comprehension(parts) => {
            let index = parts.index.as_ref().map(|index| format!("{} ", index.text)).unwrap_or_default();
            let condition = parts.condition.as_ref().map(|condition| format!(" if {}", tree(condition))).unwrap_or_default();
            format!("[{} for {index}{} in {}{condition}]", tree(&parts.element), parts.item.text, tree(&parts.list))
        }
        ExpressionKind::Parenthesised(inner) => tree(inner),
        ExpressionKind::Missing => "?".to_owned(),
    }
}

fn type_tree(type_: &TypeExpression) -> String {
    match &type_.kind {
        TypeKind::Named(name) => name.to_string(),
        TypeKind::Union(members) => members.iter().map(|(text, _)| format!("{text:?}")).collect::<Vec<_>>().join("|"),
        TypeKind::List(element) => format!("[{}]", type_tree(element)),
        TypeKind::Map(element) => format!("[string: {}]", type_tree(element)),
        TypeKind::Record(fields) => {
            let field = |(name, type_): &(crate::ast::Name, TypeExpression)| format!("{}: {}", name.text, type_tree(type_));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        TypeKind::Optional(inner) => format!("({})?", type_tree(inner)),
        TypeKind::Missing => "?".to_owned(),
    }
}

fn read(text: &str) -> String {
    let (expression, diagnostics) = parse_expression(SourceId(0), 0, text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    tree(&expression)
}

/// `slug `place`` of everything found, with the text after the fixes.
fn found(text: &str) -> String {
    let (_, diagnostics) = parse_expression(SourceId(0), 0, text);
    let line = |diagnostic: &wf_model::diagnostic::Diagnostic| {
        let mut mended = text.to_owned();
        let mut edits = diagnostic.fix.clone().map(|fix| fix.edits).unwrap_or_default();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        for edit in &edits {
            mended.replace_range(edit.span.range(), &edit.replacement);
        }
        let fixed = if edits.is_empty() { String::new() } else { format!(" -> {mended}") };
        format!("{} `{}`{fixed}", diagnostic.slug, text.get(diagnostic.primary.span.range()).unwrap_or("?"))
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn operators_bind_in_the_order_of_the_reference() {
    for (text, expected) in [
        ("a or b and not c == d", "(a Or (b And (Not (c Equal d))))"),
        ("1 + 2 * 3 - 4", "((1 Add (2 Multiply 3)) Subtract 4)"),
        ("-a.b[0] % 2", "((Negate a.b[0]) Remainder 2)"),
        ("1..n + 1", "(1 Range (n Add 1))"),
        ("a ?? b ?? c", "((a Default b) Default c)"),
        ("(a ?? b) == c", "((a Default b) Equal c)"),
        ("x not in [1, 2]", "(x NotIn [1 2])"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("event.body.ref as string == 'x'", "((event.body.ref as string) Equal 'x')"),
        ("a?.b.c.d()", "a?.b.c.d()"),
        ("[r.upper() for i, r in xs if r != \"\"]", "[r.upper() for i r in xs if (r NotEqual '')]"),
        ("a\n  + b\n  or c", "((a Add b) Or c)"),
        ("[\n  1 # one\n  2,\n  3,\n]", "[1 2 3]"),
        ("{ a: 1, \"k-1\": [2] \n c: {} }", "{a:1 k-1:[2] c:{}}"),
        ("10%3", "(10 Remainder 3)"),
        ("10 % n", "(10 Remainder n)"),
        ("10%(n)", "(10 Remainder n)"),
        ("x > 80% and y", "((x Greater 0.8) And y)"),
        ("if x > 80% then 1 else 2", "(if (x Greater 0.8) 1 2)"),
        ("not a in b", "(Not (a In b))"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_does_not_fit_is_shown_as_it_is_written() {
    for (text, message) in [
        ("[\"x\" \"y\"]", "`\"` does not fit here"),
        ("\"a\\0\"", "`\\0` is no escape"),
        ("\"a\\é\"", "`\\é` is no escape"),
        ("\"a\\\u{1}\"", "`\\\\u{1}` is no escape"),
    ] {
        let (_, diagnostics) = parse_expression(SourceId(0), 0, text);
        assert_eq!(diagnostics.iter().map(|found| found.message.as_str()).collect::<Vec<_>>(), [message], "{text}");
    }
}

#[test]
fn literals_are_read() {
    for (text, expected) in [
        ("1_000", "1000"),
        ("0.8", "0.8"),
        ("80%", "0.8"),
        ("1h30m", "1h30m"),
        ("250ms", "250ms"),
        ("64MB", "64MB"),
        (r#""a\n\"\\\$\u{1F600}${x + 1}b""#, "'a\\n\\\"\\\\$😀{(x Add 1)}b'"),
        (r"'raw \n ${x}'", "'raw \\\\n ${x}'"),
        ("\"\"\"\n    a\n      b\n\n    ${x}\n    \"\"\"", "'a\\n  b\\n\\n{x}\\n'"),
        ("\"\"\"\n    a\n  \"\"\"", "'  a\\n'"),
        ("\"\"\"one line \\n \\${HOME}\"\"\"", "'one line \\\\n ${HOME}'"),
        ("'''\n  a ${b} \\\n  '''", "'a ${b} \\\\\\n'"),
        ("\"$HOME $ {x}\"", "'$HOME $ {x}'"),
        ("\"${a % b} ${a%b}\"", "'{(a Remainder b)} {(a Remainder b)}'"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn likely_mistakes_cost_one_diagnostic_and_have_a_fix() {
    for (text, expected) in [
        ("1.5h", "number-form `1.5h` -> 1h30m"),
        ("5min", "number-form `5min` -> 5m"),
        ("30m1h", "number-form `30m1h` -> 1h30m"),
        ("1e6", "number-form `1e6` -> 1_000_000"),
        ("3x", "number-form `3x`"),
        ("99999999999999999999", "number-too-large `99999999999999999999`"),
        ("\"${HOME}\"", "shell-expansion `${HOME}` -> \"\\${HOME}\""),
        ("\"${HOME:-x}\"", "shell-expansion `${HOME:-x}` -> \"\\${HOME:-x}\""),
        ("\"${USER:-x}\"", "shell-expansion `${USER:-x}` -> \"\\${USER:-x}\""),
        ("\"${#x}\"", "shell-expansion `${#x}` -> \"\\${#x}\""),
        ("\"${n##*/}\"", "shell-expansion `${n##*/}` -> \"\\${n##*/}\""),
        ("\"${arr[@]}\"", "shell-expansion `${arr[@]}` -> \"\\${arr[@]}\""),
        ("\"${#arr[@]}\"", "shell-expansion `${#arr[@]}` -> \"\\${#arr[@]}\""),
        ("\"${?}\"", "shell-expansion `${?}` -> \"\\${?}\""),
        ("\"${@}\"", "shell-expansion `${@}` -> \"\\${@}\""),
        ("\"${file%.txt}\"", "shell-expansion `${file%.txt}` -> \"\\${file%.txt}\""),
        ("\"${dir/a/*}\"", "shell-expansion `${dir/a/*}` -> \"\\${dir/a/*}\""),
        ("\"${a / }\"", "syntax-error `}`"),
        (r#""\u{+41}""#, r"unknown-escape `\u{+41}`"),
        (r#""\q""#, r#"unknown-escape `\q` -> "\\q""#),
        ("a < b < c", "chained-comparison `a < b < c`"),
        ("a ?? b + 1", "mixed-default `a ?? b + 1` -> a ?? (b + 1)"),
        ("a && b", "foreign-operator `&&` -> a and b"),
        ("!a", "foreign-operator `!` -> not a"),
        ("a = b", "foreign-operator `=` -> a == b"),
        ("a +", "syntax-error ``"),
        ("[1, 2", "syntax-error ``"),
        ("", "syntax-error ``"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn only_a_variable_of_the_shell_is_named_in_its_advice() {
    let help = |text| parse_expression(SourceId(0), 0, text).1.first().and_then(|found| found.help.clone()).unwrap_or_default();
    assert_eq!(
        help("\"${HOME}\""),
        "For the shell's variable write `$HOME` without braces, or `\\${HOME}`; `env(\"HOME\")` reads it here."
    );
    assert_eq!(
        help("\"${USER:-x}\""),
        "For the shell's own expansion write `\\${USER:-x}`, or use a raw string in single quotes."
    );
}

#[test]
fn types_are_read() {
    for (text, expected) in [
        ("string", "string"),
        ("\"a\" | 'b'?", "(\"a\"|\"b\")?"),
        ("[string: [int]]", "[string: [int]]"),
        ("{ a: int, b: Build? }", "{a: int, b: (Build)?}"),
        ("(int?)", "(int)?"),
    ] {
        let (type_, diagnostics) = parse_type(SourceId(0), 0, text);
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        assert_eq!(type_tree(&type_), expected, "{text}");
    }
    assert_eq!(parse_type(SourceId(0), 0, "int | string").1.first().map(|found| found.slug), Some("union-of-types"));
}

#[test]
fn nothing_is_too_much() {
    for text in ["(".repeat(100_000), "[".repeat(60) + &"]".repeat(60), "-".repeat(1_000), "1+".repeat(100_000) + "1"] {
        let _ = parse_expression(SourceId(0), 0, &text);
    }
    for (text, expected) in [
        ("if a then b else ".repeat(1_000) + "c", "expressions nest deeper than 128 levels"),
        ("(".repeat(65) + "a" + &")".repeat(65), "brackets nest deeper than 64 levels"),
        (("a + ".repeat(90) + "(").repeat(2) + "b" + &")".repeat(2), "expressions nest deeper than 128 levels"),
        ("a + ".repeat(101) + "b", "an expression has more than 100 operators in a row"),
        ("a".to_owned() + &".b".repeat(101), "an expression has more than 100 operators in a row"),
    ] {
        let (_, found) = parse_expression(SourceId(0), 0, &text);
        assert_eq!(found.iter().map(|found| found.message.as_str()).collect::<Vec<_>>(), [expected], "{text}");
    }
    let long_time = "104000000days".repeat(1_100);
    assert_eq!(found(&long_time), format!("number-form `{long_time}`"), "too long to say in days");
    assert_eq!(found(&format!("'{}'", "(".repeat(100))), "", "brackets in a string are text");
    let unfinished = "if ".repeat(10_000);
    assert_eq!(parse_expression(SourceId(0), 0, &unfinished).1.len(), 1);
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    assert_eq!(read(&long).len(), (1 << 20) + 2);
}

proptest! {
    #[test]
    fn any_text_gives_an_expression_or_a_diagnostic(pieces in prop::collection::vec(
        prop::sample::select(vec!["a", "1", "\"", "'", "${", "}", "(", ")", "[", "]", "{", ":", ",", ".", "?.", "??", "+", "-", "\n",
            " ", "if ", " then ", " else ", " for ", " in ", " as ", "not ", "\"\"\"", "'''", "\\", "é", "#", "5m", "..", "==", "=", "?", "|"]), 0..30)) {
        let text = pieces.concat();
        let (expression, diagnostics) = parse_expression(SourceId(0), 0, &text);
        for diagnostic in &diagnostics {
            prop_assert!(text.get(diagnostic.primary.span.range()).is_some());
        }
        prop_assert!(text.get(expression.span.range()).is_some());
        let _ = parse_type(SourceId(0), 0, &text);
    }
}
