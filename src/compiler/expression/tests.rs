//! What expressions mean and what is said about them.

use super::{Checker, Facts, Lookup, Names, facts_when};
use crate::types::TypeNames;
use std::sync::{Arc, LazyLock};
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
    ("opt", "{ a: int, b: string?, c: { e: string }? }?"),
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
        let known = NAMES.iter().position(|(known, _)| *known == name);
        known.map_or(Lookup::Unknown, |place| {
            Lookup::Found(Reference::Value(ValueId(u32::try_from(place).unwrap())), TYPES[place].clone())
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

/// The types of [`NAMES`].
pub(super) static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| NAMES.iter().map(|(_, written)| type_of(written)).collect());

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
        ("env in [s]", "bool"),
        ("p in [\"./a\", s]", "bool"),
        ("u not in [s]", "bool"),
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

#[test]
fn methods_and_properties_are_those_of_the_type() {
    gives(&[
        ("s.length", "int"),
        ("s.upper() + s.lower() + s.trim()", "string"),
        ("s.lines()", "[string]"),
        ("s.split(\",\")", "[string]"),
        ("s.replace(\"a\", t)", "string"),
        ("s.starts_with(\"a\") or s.ends_with(t) or s.contains(\"b\")", "bool"),
        ("s.to_int()", "int"),
        ("s.to_float()", "float"),
        ("s.parse_json()", "json"),
        ("env.upper()", "string"),
        ("p.name + p.stem + p.extension", "string"),
        ("p.parent", "path"),
        ("p.parent.parent.length", "int"),
        ("ns.length", "int"),
        ("ns.first", "int?"),
        ("ss.last", "string?"),
        ("ns.join(\", \")", "string"),
        ("[k].join(\"\")", "secret"),
        ("ns.sort()", "[int]"),
        ("ss.unique().reverse()", "[string]"),
        ("nns.flatten()", "[int]"),
        ("[].flatten()", "[nothing]"),
        ("ns.contains(3) and [].contains(3)", "bool"),
        ("ns.sum()", "int"),
        ("ds.sum()", "duration"),
        ("[].sum()", "int"),
        ("ns.min()", "int?"),
        ("ds.max()", "duration?"),
        ("ons.first", "int?"),
        ("map.length", "int"),
        ("map.keys", "[string]"),
        ("map.values", "[int]"),
        ("map.has(\"a\")", "bool"),
        ("n.round(-2)", "int"),
        ("f.round(1)", "float"),
        ("f.round()", "float"),
        ("n.abs()", "int"),
        ("d.seconds + d.minutes", "float"),
        ("r.to_json() + ns.to_json() + b.to_json() + j.to_json()", "string"),
        ("k.trim()", "secret"),
        ("k.lines()", "[secret]"),
    ]);
    finds(&[
        ("s.uper()", "", "unknown-method@uper"),
        ("n.length", "", "unknown-field@length"),
        ("s.upper", "", "method-not-called@upper"),
        ("ns.length()", "", "property-called@length()"),
        ("s.split()", "", "argument-count@s.split()"),
        ("s.split(1)", "", "type-mismatch@1"),
        ("k.length", "", "unknown-field@length"),
        ("k.to_int()", "", "unknown-method@to_int"),
        ("[k].to_json()", "", "secret-leak@[k]"),
        ("s.replace(\"a\", k)", "", "secret-leak@k"),
        ("os.upper()", "", "may-be-missing@os"),
        ("ons.sum()", "", "unknown-method@sum"),
        ("j.upper()", "", "json-needs-as@upper"),
        ("map.a", "", "unknown-field@a"),
        ("ns.contains(\"x\")", "", "type-mismatch@\"x\""),
    ]);
}

#[test]
fn functions_check_their_arguments() {
    gives(&[
        ("env(\"HOME\")", "string?"),
        ("read(\"./a.txt\")", "string"),
        ("read(p)", "string"),
        ("glob(\"data/**/*.csv\")", "[path]"),
        ("now()", "string"),
        ("now(\"%Y-%m-%d\")", "string"),
        ("uuid()", "string"),
        ("hash(s)", "string"),
        ("hash(k)", "secret"),
        ("min(n, f)", "float"),
        ("max(d, 30s)", "duration"),
        ("min(s, t)", "string"),
        ("raw(s)", "string"),
        ("reveal(k)", "string"),
        ("slack(k)", "channel"),
        ("slack(\"https://hooks.example.com/x\")", "channel"),
        ("webhook(k)", "channel"),
        ("email(\"ops@example.com\", k)", "channel"),
        ("desktop()", "channel"),
    ]);
    finds(&[
        ("len(s)", "", "unknown-function@len"),
        ("upper(s)", "", "unknown-function@upper"),
        ("glob()", "", "argument-count@glob()"),
        ("glob(\"a/[\")", "", "pattern-syntax@\"a/[\""),
        ("now(\"%Q%\")", "", "time-format@\"%Q%\""),
        ("env(3)", "", "type-mismatch@3"),
        ("min(n, s)", "", "type-mismatch@s"),
        ("min(b, b)", "", "no-order@b"),
        ("max(on, 1)", "", "may-be-missing@on"),
        ("reveal(s)", "", "type-mismatch@s"),
        ("hash(n)", "", "type-mismatch@n"),
        ("read(s)", "", "type-mismatch@s"),
    ]);
}

#[test]
fn operands_have_to_fit() {
    finds(&[
        ("n + s", "", "operands-do-not-fit@n + s"),
        ("s - t", "", "operands-do-not-fit@s - t"),
        ("d + 30", "", "bare-number@30"),
        ("d < 30", "", "bare-number@30"),
        ("30 < d", "", "bare-number@30"),
        ("d == 30", "", "bare-number@30"),
        ("d + z", "", "wrong-unit@z"),
        ("d < z", "", "wrong-unit@z"),
        ("d * d", "", "operands-do-not-fit@d * d"),
        ("2 / d", "", "operands-do-not-fit@2 / d"),
        ("d % 2", "", "operands-do-not-fit@d % 2"),
        ("-s", "", "operands-do-not-fit@-s"),
        ("not n", "", "condition-not-bool@n"),
        ("n and b", "", "condition-not-bool@n"),
        ("on + 1", "", "may-be-missing@on"),
        ("b < b", "", "no-order@b"),
        ("ns < ns", "", "no-order@ns"),
        ("s < n", "", "type-mismatch@n"),
        ("s in ns", "", "operands-do-not-fit@s in ns"),
        ("n in s", "", "operands-do-not-fit@n in s"),
        ("s matches '('", "", "pattern-syntax@'('"),
        ("\"x\" matches '('", "", "pattern-syntax@'('"),
        ("n matches 'a'", "", "operands-do-not-fit@n matches 'a'"),
        ("1..f", "", "operands-do-not-fit@1..f"),
        ("s == n", "", "never-equal@s == n"),
        ("env == other", "", "never-equal@env == other"),
        ("n == null", "", "never-equal@n == null"),
        ("env == \"prd\"", "", "unknown-member@\"prd\""),
        ("\"prd\" != env", "", "unknown-member@\"prd\""),
        ("env in [\"prod\", \"prd\"]", "", "unknown-member@\"prd\""),
        ("env in [s, \"prd\"]", "", "unknown-member@\"prd\""),
        ("env in [1]", "", "operands-do-not-fit@env in [1]"),
        ("k == s", "", "not-compared@k"),
        ("k == k", "", "not-compared@k"),
        ("ch != ch", "", "not-compared@ch"),
        ("s in [k]", "", "not-compared@[k]"),
        ("k contains s", "", "not-compared@k"),
        ("k < s", "", "no-order@k"),
        ("s ?? \"x\"", "", "needless-default@s ?? \"x\""),
        ("os ?? 3", "", "type-mismatch@3"),
        ("j ?? 3", "", "json-needs-as@j"),
        ("j + 1", "", "json-needs-as@j"),
        ("j < 1", "", "json-needs-as@j"),
        ("3 in j", "", "json-needs-as@j"),
    ]);
}

#[test]
fn constants_that_always_fail_are_found() {
    finds(&[
        ("n / 0", "", "constant-fails@0"),
        ("f % 0.0", "", "constant-fails@0.0"),
        ("d / 0s", "", "constant-fails@0s"),
        ("n / (1 - 1)", "", "constant-fails@(1 - 1)"),
        ("9223372036854775807 + 1", "", "constant-fails@9223372036854775807 + 1"),
        ("2 * 3 * 9223372036854775807 + n", "", "constant-fails@2 * 3 * 9223372036854775807"),
        ("ns[-1]", "", "index-outside@-1"),
        ("[1, 2][2]", "", "index-outside@2"),
        ("[][0]", "", "index-outside@0"),
    ]);
    let (folded, _) = checked("2 * 30s", "duration");
    assert_eq!(format!("{:?}", folded.kind), "Literal(Duration(Duration { milliseconds: 60000 }))");
}

#[test]
fn literals_take_the_type_that_is_expected() {
    for (text, expected, written) in [
        ("\"prod\"", "\"staging\" | \"prod\"", "\"prod\""),
        ("\"./a/b\"", "path", "\"/files/a/b\""),
        ("\"a\"", "path?", "\"/files/a\""),
        ("\"/a\"", "path", "\"/a\""),
        ("\".\"", "path", "\"/files\""),
        ("\"https://a.b/c\"", "url", "\"https://a.b/c\""),
        ("3", "float", "3.0"),
        ("3", "float?", "3.0"),
        ("null", "int?", "null"),
        ("here", "path", "\"/files\""),
    ] {
        let (expression, found) = checked(text, expected);
        assert!(found.is_empty(), "{text}: {found:?}");
        let wf_model::expression::ExpressionKind::Literal(value) = &expression.kind else { panic!("{text}: {expression:?}") };
        assert_eq!((value.write_literal().as_str(), expression.type_), (written, type_of(expected)), "{text}");
    }
    finds(&[
        ("[]", "[int]", ""),
        ("[1, 2]", "[float]", ""),
        ("[\"staging\"]", "[\"staging\" | \"prod\"]", ""),
        ("{ a: 1, b: 2 }", "[string: int]", ""),
        ("{}", "[string: int]", ""),
        ("{ a: 1, \"x y\": [null, { b: \"c\" }] }", "json", ""),
        ("[1, \"a\", null, true]", "json", ""),
        ("{ a: 1 }", "{ a: float, b: string? }", ""),
        ("r", "{ a: float }", ""),
        ("if b then [] else [1]", "[float]", ""),
        ("os ?? \"x\"", "string", ""),
        ("\"${p}/x\"", "path", ""),
        ("\"https://${s}\"", "url", ""),
        ("5", "duration", "bare-number@5"),
        ("5m", "size", "wrong-unit@5m"),
        ("5MB", "duration?", "wrong-unit@5MB"),
        ("\"\"", "path", "not-a-path@\"\""),
        ("\"example.com\"", "url", "not-a-url@\"example.com\""),
        ("\"prd\"", "\"staging\" | \"prod\"", "unknown-member@\"prd\""),
        ("\"a${s}\"", "\"staging\" | \"prod\"", "type-mismatch@\"a${s}\""),
        ("[1, \"a\"]", "", "type-mismatch@\"a\""),
        ("[1, \"a\"]", "[int]", "type-mismatch@\"a\""),
        ("{ a: 1, a: 2 }", "", "duplicate-key@a"),
        ("{ b: \"x\" }", "{ a: int, b: string }", "missing-field@{ b: \"x\" }"),
        ("{ a: 1, x: 2 }", "{ a: int }", "unknown-field@x"),
        ("{ a: \"x\" }", "{ a: int }", "type-mismatch@\"x\""),
        ("if b then \"x\" else 1", "int", "type-mismatch@\"x\""),
        ("if b then 1 else \"x\"", "", "type-mismatch@\"x\""),
        ("s", "path", "type-mismatch@s"),
        ("s", "secret", "type-mismatch@s"),
        ("on", "int", "may-be-missing@on"),
        ("null", "int", "type-mismatch@null"),
        ("j", "string", "json-needs-as@j"),
        ("k", "string", "secret-leak@k"),
        ("k", "json", "secret-leak@k"),
        ("[s, k]", "[string]", "secret-leak@k"),
        ("\"x${k}\"", "string", "secret-leak@\"x${k}\""),
        ("{ a: k }", "json", "secret-leak@k"),
        ("ch", "json", "type-mismatch@ch"),
    ]);
}

#[test]
fn what_may_be_missing_is_used_behind_a_test() {
    gives(&[
        ("if os != null then os.upper() else \"\"", "string"),
        ("if os == null then \"\" else os", "string"),
        ("if not (os == null) then os else \"\"", "string"),
        ("os != null and os.length > 3", "bool"),
        ("os == null or os.length > 3", "bool"),
        ("[os.length for n2 in ns if os != null]", "[int]"),
        ("[x.abs() for x in ons if x != null]", "[int]"),
        ("if r.b != null then r.b.length else 0", "int"),
        ("if opt?.b != null then opt.b.length + opt.a else 0", "int"),
        ("opt?.a", "int?"),
        ("opt?.c?.e", "string?"),
        ("opt?.b?.upper()", "string?"),
        ("os?.length", "int?"),
        ("os?.upper().length", "int?"),
        ("opt?.a ?? 3", "int"),
        ("(opt?.c)?.e", "string?"),
        ("j?.a.b[0]", "json"),
        ("r.c?.e ?? \"\"", "string"),
    ]);
    finds(&[
        ("opt.a", "", "may-be-missing@opt"),
        ("opt?.c.e", "", "may-be-missing@opt?.c"),
        ("(opt?.a) + 1", "", "may-be-missing@(opt?.a)"),
        ("r.b.length", "", "may-be-missing@r.b"),
        ("\"${os}\"", "", "may-be-missing@os"),
        ("[x for x in os ?? []]", "", "type-mismatch@[]"),
        ("ns[on]", "", "may-be-missing@on"),
        ("if os != null or b then os.length else 0", "", "may-be-missing@os"),
        ("if os != null then 0 else os.length", "", "may-be-missing@os"),
    ]);
}

#[test]
fn json_says_what_it_is_with_as() {
    gives(&[
        ("j.a.b", "json"),
        ("j[0][\"k\"][s]", "json"),
        ("j.a as string", "string"),
        ("(j.a as int?) ?? 3", "int"),
        ("j as [{ a: int }]", "[{ a: int }]"),
        ("js as [int]", "[int]"),
        ("s as url", "url"),
        ("s as \"a\" | \"b\"", "\"a\" | \"b\""),
        ("n as float", "float"),
        ("on as int?", "int?"),
        ("js[0] == \"x\"", "bool"),
        ("[x as int for x in js]", "[int]"),
    ]);
    finds(&[
        ("s as int", "", "as-never-holds@s as int"),
        ("j as secret", "", "as-never-holds@j as secret"),
        ("on as int", "", "may-be-missing@on"),
        ("j as strng", "", "unknown-type@strng"),
        ("j", "condition", "condition-not-bool@j"),
        ("[x for x in j]", "", "not-iterable@j"),
        ("\"${j.a}\"", "", "json-needs-as@j.a"),
    ]);
}

#[test]
fn lists_maps_and_texts_hold_what_fits() {
    gives(&[
        ("[1, 2.5]", "[float]"),
        ("[1, null]", "[int?]"),
        ("[s, p, \"x\"]", "[string]"),
        ("[env, other]", "[\"staging\" | \"prod\" | \"red\" | \"green\"]"),
        ("[s, k]", "[secret]"),
        ("{ \"a b\": s, c: k }", "[string: secret]"),
        ("{ a: s, c: k }", "{ a: string, c: secret }"),
        ("{}", "{}"),
        ("[]", "[nothing]"),
        ("[[], [1]]", "[[int]]"),
        ("if b then k else s", "secret"),
        ("if b then null else n", "int?"),
        ("ns[0]", "int"),
        ("map[\"a\"]", "int"),
        ("[x * 2 for x in ns if x > 0]", "[int]"),
        ("[\"${i}: ${x}\" for i, x in ss]", "[string]"),
        ("[\"${key}\" for key, v in map if v > 1]", "[string]"),
        ("[v for v in map]", "[int]"),
        ("[[y + x for y in 1..x] for x in 1..3]", "[[int]]"),
        ("\"${s} ${n} ${f} ${b} ${d} ${z} ${p} ${u} ${env}\"", "string"),
        ("\"${k}\"", "secret"),
    ]);
    finds(&[
        ("\"${ns}\"", "", "interpolation-of-list@ns"),
        ("\"${r}\"", "", "interpolation-of-list@r"),
        ("\"${map}\"", "", "interpolation-of-list@map"),
        ("\"${ch}\"", "", "interpolation-of-list@ch"),
        ("s[0]", "", "not-indexable@s"),
        ("r[\"a\"]", "", "not-indexable@r"),
        ("ns[\"a\"]", "", "type-mismatch@\"a\""),
        ("map[0]", "", "type-mismatch@0"),
        ("r.x", "", "unknown-field@x"),
        ("[x for x in n]", "", "not-iterable@n"),
        ("[x for x, x in map]", "", "shadowed-name@x"),
        ("[x for x in ss if x]", "", "condition-not-bool@x"),
    ]);
}

#[test]
fn conditions_are_bools_that_differ() {
    finds(&[
        ("b", "condition", ""),
        ("s", "condition", "condition-not-bool@s"),
        ("ob", "condition", "condition-not-bool@ob"),
        ("true", "condition", "constant-condition@true"),
        ("not (1 < 2)", "condition", "constant-condition@not (1 < 2)"),
    ]);
}

#[test]
fn one_mistake_costs_one_diagnostic() {
    finds(&[
        ("(nope + 1) * 2 > 3 and b", "condition", "unknown-name@nope"),
        ("[nope, 1, \"a\"].first.upper()", "", "unknown-name@nope"),
        ("{ a: nope }.a.b.c()", "", "unknown-name@nope"),
        ("\"${nope} ${ns}\"", "path", "unknown-name@nope & interpolation-of-list@ns"),
        ("if nope then 1 else \"x\"", "", "unknown-name@nope & type-mismatch@\"x\""),
        ("[x.y for x in nope if x.z == 3]", "[int]", "unknown-name@nope"),
    ]);
}
