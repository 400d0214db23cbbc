//! An expression that checks gives a value of its type, or fails as the language lets it.

use super::tests::{TYPES, checked};
use proptest::prelude::*;
use std::sync::Arc;
use wf_model::diagnostic::Level;
use wf_model::diagnostic::Severity;
use wf_model::expression::{Function, Place, Scope, Stop, ValueId, evaluate};
use wf_model::types::Type;
use wf_model::unit::{Duration, Size};
use wf_model::value::{Channel, Secret, Value, fits_form};

/// What a sort of expression may look like: capitals between `«»` stand for expressions of a sort.
const SORTS: &[(&str, &[&str])] = &[
    (
        "I",
        &[
            "n",
            "m",
            "3",
            "0",
            "-1",
            "9223372036854775807",
            "r.a",
            "(«I» + «I»)",
            "(«I» - «I»)",
            "(«I» * «I»)",
            "(«I» / «I»)",
            "(«I» % «I»)",
            "(-«I»)",
            "«S».length",
            "«LI».length",
            "«LS».length",
            "«M».length",
            "«LI»[«I»]",
            "«M»[«S»]",
            "«LI».sum()",
            "«S».to_int()",
            "(«OI» ?? «I»)",
            "(if «B» then «I» else «I»)",
            "(«J» as int)",
            "min(«I», «I»)",
            "max(«I», «I»)",
            "«I».abs()",
            "«I».round(«I»)",
            "(if on != null then on + 1 else «I»)",
            "[].sum()",
            "(if r.b == null then «I» else r.b.length)",
        ],
    ),
    (
        "F",
        &[
            "f",
            "0.5",
            "80%",
            "(«F» + «I»)",
            "(«I» * «F»)",
            "(«F» / «F»)",
            "(«F» % «I»)",
            "«LF».sum()",
            "«D».seconds",
            "(«D» / «D»)",
            "(«Z» / «Z»)",
            "«S».to_float()",
            "«F».round(2)",
            "«F».round()",
            "(«LF».max() ?? «F»)",
            "(«J» as float)",
            "(if «B» then «F» else «I»)",
            "(«OI» ?? «F»)",
            "min(«I», «F»)",
            "[«I», «F»][0]",
        ],
    ),
    (
        "B",
        &[
            "b",
            "true",
            "(«I» < «F»)",
            "(«D» >= «D»)",
            "(«S» <= «S»)",
            "(«Z» > «Z»)",
            "(«I» == «F»)",
            "(«S» != «S»)",
            "(«LI» == «LF»)",
            "(«J» == «LI»)",
            "(«OS» == null)",
            "(«I» in «LI»)",
            "(«S» not in «M»)",
            "(«S» contains «S»)",
            "(«LI» contains «I»)",
            "(«S» matches '^[a-c]+$')",
            "(«S» matches «S»)",
            "(«B» and «B»)",
            "(«B» or not «B»)",
            "«M».has(«S»)",
            "«S».starts_with(«S»)",
            "(env == \"prod\")",
            "(os != null and os.length > «I»)",
            "(r == { a: «I», b: «OS», c: null })",
            "(«J» as bool)",
            "(ob ?? «B»)",
            "(env in [\"prod\"])",
        ],
    ),
    (
        "S",
        &[
            "s",
            "t",
            "p",
            "u",
            "env",
            "here",
            "\"a,b\"",
            "\"12\"",
            "'[1]'",
            "(«S» + «S»)",
            "«S».upper()",
            "«S».trim()",
            "«S».replace(«S», «S»)",
            "«LS».join(«S»)",
            "«LI».join(\"-\")",
            "(«OS» ?? «S»)",
            "\"${0 + «I»}-${«S»} ${«D»}\"",
            "\"${0 + «F»}${«Z»}${«B»}\"",
            "p.name",
            "p.parent.stem",
            "p.extension",
            "«J».to_json()",
            "«LI».to_json()",
            "«R».to_json()",
            "hash(«S»)",
            "uuid()",
            "now()",
            "read(\"./a\")",
            "reveal(«K»)",
            "(«J» as string)",
            "raw(«S»)",
            "max(«S», «S»)",
            "(«S» as path)",
            "«LS»[0]",
            "(if os == null then «S» else os)",
        ],
    ),
    (
        "D",
        &[
            "d",
            "30s",
            "(«D» + «D»)",
            "(«D» - «D»)",
            "(«D» * «I»)",
            "(«F» * «D»)",
            "(«D» / «I»)",
            "«LD».sum()",
            "(«LD».min() ?? «D»)",
            "(-«D»)",
        ],
    ),
    ("Z", &["z", "2MB", "(«Z» + «Z»)", "(«Z» * «F»)", "(«Z» / «I»)", "[«Z», «Z»].sum()", "max(«Z», «Z»)"]),
    (
        "LI",
        &[
            "ns",
            "[]",
            "[«I», «I»]",
            "(n..5)",
            "(1..3)",
            "(«LI» + «LI»)",
            "«LI».sort()",
            "«LI».unique()",
            "«LI».reverse()",
            "nns.flatten()",
            "[[«I»], «LI»].flatten()",
            "[x1 * 2 for x1 in «LI» if x1 > 0]",
            "[i1 for i1, x2 in «LS»]",
            "«M».values",
            "[x3 for x3 in ons if x3 != null]",
            "(if «B» then «LI» else [])",
            "(«J» as [int])",
            "[x4 as int for x4 in js]",
        ],
    ),
    ("LF", &["fs", "[«F», «I»]", "(«LI» + [«F»])", "«LF».sort()", "[x5 / 2.0 for x5 in «LF»]"]),
    (
        "LS",
        &[
            "ss",
            "[«S», «S»]",
            "«S».lines()",
            "«S».split(«S»)",
            "«M».keys",
            "«LS».unique()",
            "glob(\"*.c\")",
            "[\"${k1}=${v1}\" for k1, v1 in «M»]",
            "[x6.upper() for x6 in «LS»]",
        ],
    ),
    ("LD", &["ds", "[]", "[«D»]", "ds.reverse()"]),
    ("M", &["map", "{ \"a\": «I», b: «I» }", "{ \"x y\": «I» }"]),
    ("OI", &["on", "null", "«LI».first", "«LI».max()", "opt?.a", "os?.length", "(«J» as int?)", "(if «B» then null else «I»)"]),
    ("OS", &["os", "null", "«LS».last", "opt?.c?.e", "opt?.b", "env(\"X\")", "os?.trim()", "r.c?.e", "opt?.b?.upper()"]),
    (
        "J",
        &[
            "j",
            "j.a",
            "j[0]",
            "j[\"k\"].x",
            "j?.a",
            "js[0]",
            "«S».parse_json()",
            "[{ a: 1, b: [null] } as json, 2 as json][«I»]",
            "(«LI» as json)",
        ],
    ),
    ("R", &["r", "{ a: «I», b: «S» }", "(if «B» then r else { a: «I», b: «OS», c: null })"]),
    (
        "K",
        &[
            "k",
            "(«S» + k)",
            "\"${k}${0 + «I»}\"",
            "k.trim()",
            "[k, «S»].join(\",\")",
            "(if «B» then k else «S»)",
            "hash(k)",
            "[«S», k][1]",
        ],
    ),
    ("C", &["ch", "slack(k)", "desktop()", "(if «B» then ch else webhook(«K»))"]),
];

/// What may be expected of an expression; nothing most of the time.
const EXPECTED: [&str; 14] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "json",
    "float?",
    "string?",
    "[float]",
    "[float?]",
    "[string: float]",
    "{ a: float, d: int? }",
    "path",
];

/// Numbers that decide what is generated; behind their end everything is as short as it can be.
struct Tape<'a> {
    numbers: &'a [u16],
    place: usize,
}

impl Tape<'_> {
    fn next(&mut self, below: usize) -> usize {
        let number = self.numbers.get(self.place).copied().map_or(0, usize::from);
        self.place += 1;
        number % below
    }

    fn text(&mut self, sort: &str, depth: usize) -> String {
        let (_, forms) = SORTS.iter().find(|(name, _)| *name == sort).unwrap();
        let form = forms[self.next(if depth == 0 { 1 } else { forms.len() })];
        let mut text = String::new();
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('«') {
            let (inner, behind) = after.split_once('»').unwrap();
            // Now and then something of another sort stands there.
            let sort = if self.next(60) == 59 { SORTS[self.next(SORTS.len())].0 } else { inner };
            text.push_str(before);
            let piece = self.text(sort, depth.saturating_sub(1));
            // A number alone in a text is a parameter of the shell.
            let is_lone = before.ends_with("${") && piece.bytes().all(|byte| byte.is_ascii_digit());
            text.push_str(&if is_lone { format!("({piece})") } else { piece });
            rest = behind;
        }
        text + rest
    }

    fn value(&mut self, type_: &Type) -> Value {
        const INTS: [i64; 8] = [0, 1, 2, -1, 3, 5, i64::MAX, i64::MIN];
        const TEXTS: [&str; 8] = ["", "a", "a,b", "12", " b\nc ", "[1, {\"a\": 2}]", "(", "ä.5"];
        let int = |tape: &mut Self| INTS[tape.next(INTS.len())];
        match type_ {
            Type::Int => Value::Int(int(self)),
            Type::Float => Value::Float([0.0, 0.5, -1.5, 1e300, 3.0][self.next(5)]),
            Type::Bool => Value::Bool(self.next(2) == 1),
            Type::String => Value::string(TEXTS[self.next(TEXTS.len())]),
            Type::Path => Value::string(["/a/b.txt", "/", "c", "/x/.y"][self.next(4)]),
            Type::Url => Value::string("https://example.com/a"),
            Type::Union(members) => Value::String(members[self.next(members.len())].clone()),
            Type::Duration => Value::Duration(Duration { milliseconds: int(self) }),
            Type::Size => Value::Size(Size { bytes: int(self) }),
            Type::Secret => Value::Secret(Secret::new(TEXTS[self.next(TEXTS.len())])),
            Type::Channel => Value::Channel(Arc::new(Channel { kind: "slack".into(), arguments: vec![] })),
            Type::Json => match self.next(6) {
                0 => Value::Null,
                1 => Value::list([Value::Int(1), Value::string("x")]),
                2 => Value::map([("a", Value::Int(1)), ("k", Value::map([("x", Value::Bool(true))]))]),
                3 => Value::string("x"),
                4 => Value::Bool(true),
                _ => Value::Int(4),
            },
            Type::Optional(inner) => {
                if self.next(2) == 0 {
                    Value::Null
                } else {
                    self.value(inner)
                }
            }
            Type::List(element) => {
                let length = self.next(4);
                Value::list((0..length).map(|_| self.value(element)).collect::<Vec<_>>())
            }
            Type::Map(element) => {
                let keys = ["a", "b", "x y"].into_iter().take(self.next(4));
                Value::map(keys.map(|key| (key, self.value(element))).collect::<Vec<_>>())
            }
            Type::Record(fields) => {
                Value::map(fields.iter().map(|field| (&*field.name, self.value(&field.type_))).collect::<Vec<_>>())
            }
            Type::Unknown | Type::Never => Value::Null,
        }
    }
}

/// A value for every name.
struct World(Vec<Value>);

impl Scope for World {
    fn value(&self, id: ValueId) -> Option<Value> {
        self.0.get(id.0 as usize).cloned()
    }

    fn observe(&mut self, _: Place, _: u32, function: Function, _: &[Value]) -> Result<Value, Stop> {
        Ok(match function {
            Function::Env => Value::Null,
            Function::Glob => Value::list([Value::string("/a.c")]),
            _ => Value::string("seen"),
        })
    }
}

fn is_of(value: &Value, type_: &Type) -> bool {
    match (type_, value) {
        (Type::Int, Value::Int(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Size, Value::Size(_))
        | (Type::Secret, Value::Secret(_))
        | (Type::Channel, Value::Channel(_))
        | (Type::Optional(_), Value::Null) => true,
        (Type::Float, Value::Float(number)) => number.is_finite(),
        (Type::String | Type::Path | Type::Url | Type::Union(_), Value::String(text)) => fits_form(text, type_),
        (Type::Optional(inner), _) => is_of(value, inner),
        (Type::List(element), Value::List(list)) => list.iter().all(|value| is_of(value, element)),
        (Type::Map(element), Value::Map(map)) => map.values().all(|value| is_of(value, element)),
        (Type::Record(fields), Value::Map(map)) => {
            fields.len() == map.len()
                && fields.iter().all(|field| map.get(&field.name).is_some_and(|value| is_of(value, &field.type_)))
        }
        (Type::Json, Value::List(list)) => list.iter().all(|value| is_of(value, type_)),
        (Type::Json, Value::Map(map)) => map.values().all(|value| is_of(value, type_)),
        (Type::Json, _) => !matches!(value, Value::Secret(_) | Value::Channel(_)),
        _ => false,
    }
}

fn is_allowed(message: &str) -> bool {
    [
        "result does not fit into 64 bits",
        "float is not finite",
        "division by zero",
        "index ",
        "map has no key",
        "value ",
        "a list ",
        "an object ",
        "text is not an int",
        "text is not a float",
        "text is not JSON",
        "separator is empty",
        "regular expression does not parse",
        "range has ",
        "text is longer than",
        "list has more than",
    ]
    .iter()
    .any(|beginning| message.starts_with(beginning))
}

/// Whether the expression on this tape checks; where it does, it has to keep what its type says.
fn holds(numbers: &[u16]) -> bool {
    let mut tape = Tape { numbers, place: 0 };
    let sort = SORTS[tape.next(SORTS.len())].0;
    let text = tape.text(sort, 4);
    let expected = EXPECTED[tape.next(EXPECTED.len())];
    let (expression, found) = checked(&text, expected);
    if found.iter().any(|found| found.severity(Level::Basic) == Some(Severity::Error)) {
        return false;
    }
    let mut world = World(TYPES.iter().map(|type_| tape.value(type_)).collect());
    match evaluate(&expression, &mut world) {
        Ok(value) => assert!(is_of(&value, &expression.type_), "{text}: {value:?} is no {}", expression.type_),
        Err(Stop::Failed(error)) => assert!(is_allowed(&error.message), "{text}: {}", error.message),
        Err(Stop::Pending) => panic!("{text}: nothing is pending here"),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_checks_keeps_what_its_type_says(numbers in prop::collection::vec(any::<u16>(), 0..80)) {
        holds(&numbers);
    }
}

#[test]
fn most_of_what_is_generated_checks() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u16::try_from(state >> 48).unwrap()
    };
    let tapes: Vec<Vec<u16>> = (0..500).map(|_| (0..80).map(|_| next()).collect()).collect();
    let kept = tapes.iter().filter(|tape| holds(tape)).count();
    assert!(kept > 250, "only {kept} of 500 expressions check");
}
