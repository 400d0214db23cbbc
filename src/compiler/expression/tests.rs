//! What expressions mean and what is said about them.

use super::{Checker, Facts, Lookup, Names, facts_when};
use crate::types::TypeNames;
use std::sync::Arc;
use wf_model::diagnostic::Diagnostic;
use wf_model::expression::{Expression, Reference, ValueId};
use wf_model::span::{SourceId, Span};
use wf_model::types::Type;
use wf_model::value::Value;

/// The values of these tests, as types are written.
pub(super) const NAMES: [(&str, &str); 28] = [
    ("s", "string"),
    ("t", "string"),
    ("n", "int"),
    ("m", "int"),
    ("f", "float"),
    ("b", "bool"),
    ("d", "duration"),
    ("z", "size"),
    ("p", "path"),
    ("u", "url"),
    ("env", "\"staging\" | \"prod\""),
    ("other", "\"red\" | \"green\""),
    ("os", "string?"),
    ("on", "int?"),
    ("ob", "bool?"),
    ("ns", "[int]"),
    ("ss", "[string]"),
    ("fs", "[float]"),
    ("ds", "[duration]"),
    ("nns", "[[int]]"),
    ("ons", "[int?]"),
    ("map", "[string: int]"),
    ("r", "{ a: int, b: string?, c: { e: string }? }"),
    ("or", "{ a: int, b: string?, c: { e: string }? }?"),
    ("j", "json"),
    ("js", "[json]"),
    ("k", "secret"),
    ("ch", "channel"),
];

/// Knows [`NAMES`], `here`, and one name that is refused and one that was reported.
pub(super) struct Table;

impl Names for Table {
    fn lookup(&mut self, name: &str, span: Span) -> Lookup {
        match name {
            "here" => return Lookup::Constant(Value::string("/files"), Type::Path),
            "later" => return Lookup::Refused(Box::new(refused(span))),
            "broken" => return Lookup::Reported,
            _ => {}
        }
        let known = NAMES.iter().enumerate().find(|(_, (known, _))| *known == name);
        known.map_or(Lookup::Unknown, |(place, (_, written))| {
            Lookup::Found(Reference::Value(ValueId(u32::try_from(place).unwrap())), type_of(written))
        })
    }

    fn candidates(&self) -> Vec<Arc<str>> {
        NAMES.iter().map(|(name, _)| Arc::from(*name)).collect()
    }

    fn is_visible(&self, name: &str) -> bool {
        NAMES.iter().any(|(known, _)| *known == name)
    }

    fn trail(&self, _: ValueId) -> Vec<(Span, String)> {
        vec![(Span::at(SourceId(0), 0), "declared as a secret".to_owned())]
    }
}

fn refused(span: Span) -> Diagnostic {
    use wf_model::diagnostic::Finding;
    struct Later(Span);
    impl Finding for Later {
        const SLUG: &'static str = "declared-later";
        fn diagnostic(&self) -> Diagnostic {
            Self::at(self.0, "declared below")
        }
    }
    Later(span).diagnostic()
}

pub(super) fn type_of(written: &str) -> Type {
    let mut diagnostics = Vec::new();
    let (expression, _) = wf_syntax::parse_type(SourceId(0), 0, written);
    let type_ = crate::types::resolve(&expression, &TypeNames::default(), &mut diagnostics);
    assert!(diagnostics.is_empty(), "{written}: {diagnostics:?}");
    type_
}

/// Checks a text, against `expected` where it is not empty.
pub(super) fn checked(text: &str, expected: &str) -> (Expression, Vec<Diagnostic>) {
    let (tree, mut diagnostics) = wf_syntax::parse_expression(SourceId(0), 0, text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    let (types, mut places) = (TypeNames::default(), 0);
    let mut names = Table;
    let mut checker = Checker::new(&mut names, &types, "/files", &mut diagnostics, &mut places);
    let expression = match expected {
        "" => checker.infer(&tree, None),
        "condition" => checker.condition(&tree),
        _ => checker.check(&tree, &type_of(expected)),
    };
    (expression, diagnostics)
}

fn gives(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (expression, diagnostics) = checked(text, "");
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        assert_eq!(expression.type_.to_string(), *expected, "{text}");
    }
}

/// Text, expected type, and slug and place of what is found, separated by `@`.
fn finds(cases: &[(&str, &str, &str)]) {
    for (text, expected, finding) in cases {
        let (expression, diagnostics) = checked(text, expected);
        let found: Vec<String> =
            diagnostics.iter().map(|found| format!("{}@{}", found.slug, text.get(found.primary.span.range()).unwrap())).collect();
        assert_eq!(found.join(" & "), *finding, "{text}: {diagnostics:?}");
        assert!(diagnostics.iter().all(|found| found.help.is_some() || found.slug == "declared-later"), "{text}");
        let _ = expression;
    }
}

#[test]
fn operators_give_the_type_of_their_operands() {
    gives(&[
        ("n + 1", "int"),
        ("n + f", "float"),
        ("n / m", "int"),
        ("n % m", "int"),
        ("f % 2", "float"),
        ("d + 5m", "duration"),
        ("d - 5m", "duration"),
        ("d * 2", "duration"),
        ("1.5 * d", "duration"),
        ("d / 2", "duration"),
        ("d / 1s", "float"),
        ("z + 1KB", "size"),
        ("z * n", "size"),
        ("z / 1MB", "float"),
        ("-d", "duration"),
        ("s + \"x\"", "string"),
        ("p + \".txt\"", "string"),
        ("s + k", "secret"),
        ("ns + [1]", "[int]"),
        ("ns + [1.5]", "[float]"),
        ("1..n", "[int]"),
        ("n < f", "bool"),
        ("d >= 30s", "bool"),
        ("s < t", "bool"),
        ("n in ns", "bool"),
        ("\"a\" not in map", "bool"),
        ("s contains \"x\"", "bool"),
        ("ns contains 3", "bool"),
        ("s matches '^v[0-9]+$'", "bool"),
        ("env == \"prod\"", "bool"),
        ("n == 1.0", "bool"),
        ("os == null", "bool"),
        ("j == 3", "bool"),
        ("j.a != null", "bool"),
        ("r == { a: 1, b: null, c: null }", "bool"),
        ("os ?? \"x\"", "string"),
        ("on ?? 1.5", "float"),
        ("os ?? os", "string?"),
        ("b and not b or b", "bool"),
    ]);
}

#[test]
fn names_that_do_not_help_are_told() {
    finds(&[
        ("regoin", "", "unknown-name@regoin"),
        ("later + 1", "", "declared-later@later"),
        ("broken.x.y() + 1", "int", ""),
        ("[s for s in ss]", "", "shadowed-name@s"),
    ]);
    let (_, found) = checked("maap", "");
    assert_eq!(found[0].help.as_deref(), Some("Did you mean `map`?"));
}

#[test]
fn facts_come_from_conditions() {
    let facts = |text: &str| {
        let (tree, _) = wf_syntax::parse_expression(SourceId(0), 0, text);
        let mut told = Facts::default();
        told.learn(facts_when(&tree, true));
        ["x", "x.y"].map(|path| told.knows(path))
    };
    assert_eq!(facts("x != null"), [true, false]);
    assert_eq!(facts("x?.y != null"), [true, true]);
    assert_eq!(facts("not (x == null or n > 3)"), [true, false]);
    assert_eq!(facts("x != null or n > 3"), [false, false]);
}
