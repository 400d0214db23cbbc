//! What expressions evaluate to.

use super::evaluate_convert::{convert, is_of};
use super::evaluate_functions::call;
use super::evaluate_methods::method;
use super::evaluate_operators::{binary, negate, not};
use super::*;
use crate::unit::{Duration, Size};
use crate::value::Secret;
use proptest::prelude::*;

/// Knows one value of each sort; answers observations with their number, or not yet.
struct World {
    answers: bool,
}

impl Scope for World {
    fn value(&self, id: ValueId) -> Option<Value> {
        (id.0 == 0).then(|| int(7))
    }
    fn global(&self, _: GlobalId) -> Option<Value> {
        Some(text("global"))
    }
    fn run(&self) -> Option<Value> {
        Some(Value::map([("id", text("r1"))]))
    }
    fn outcome(&self, path: &str) -> Option<Value> {
        Some(text(path))
    }
    fn observe(&mut self, place: Place, occurrence: u32, function: Function, _: &[Value]) -> Result<Value, Stop> {
        let message = "file is not there".to_owned();
        match function {
            Function::Read => Err(Stop::Failed(EvaluationError { span: Span::default(), message })),
            _ if self.answers => Ok(text(&format!("{}:{occurrence}", place.0))),
            _ => Err(Stop::Pending),
        }
    }
}

fn int(value: i64) -> Value {
    Value::Int(value)
}
fn text(value: &str) -> Value {
    Value::string(value)
}
fn secret(value: &str) -> Value {
    Value::Secret(Secret::new(value))
}
fn seconds(value: i64) -> Value {
    Value::Duration(Duration::from_seconds(value))
}
fn bytes(bytes: i64) -> Value {
    Value::Size(Size { bytes })
}
fn ints(values: &[i64]) -> Value {
    Value::list(values.iter().copied().map(Value::Int))
}
fn of(kind: ExpressionKind) -> Expression {
    Expression { kind, type_: Type::Unknown, span: Span { start: 3, end: 9, ..Span::default() } }
}
fn literal(value: Value) -> Expression {
    of(ExpressionKind::Literal(value))
}
fn boxed(kind: ExpressionKind) -> Box<Expression> {
    Box::new(of(kind))
}
fn run(kind: ExpressionKind) -> Result<Value, Stop> {
    evaluate(&of(kind), &mut World { answers: true })
}
fn message(kind: ExpressionKind) -> String {
    match run(kind) {
        Err(Stop::Failed(error)) => error.message,
        other => panic!("does not fail: {other:?}"),
    }
}

#[test]
fn operators_give_what_the_language_says() {
    use BinaryOperator as B;
    for (left, operator, right, expected) in [
        (int(2), B::Add, int(3), int(5)),
        (int(2), B::Add, Value::Float(0.5), Value::Float(2.5)),
        (text("a"), B::Add, text("b"), text("ab")),
        (text("a"), B::Add, secret("b"), secret("ab")),
        (ints(&[1]), B::Add, ints(&[2]), ints(&[1, 2])),
        (seconds(1), B::Subtract, seconds(3), seconds(-2)),
        (bytes(3), B::Add, bytes(4), bytes(7)),
        (int(2), B::Subtract, int(3), int(-1)),
        (int(2), B::Multiply, int(3), int(6)),
        (seconds(2), B::Multiply, Value::Float(1.5), seconds(3)),
        (int(2), B::Multiply, bytes(8), bytes(16)),
        (int(7), B::Divide, int(2), int(3)),
        (seconds(6), B::Divide, int(4), Value::Duration(Duration { milliseconds: 1_500 })),
        (seconds(3), B::Divide, seconds(2), Value::Float(1.5)),
        (bytes(3), B::Divide, bytes(2), Value::Float(1.5)),
        (int(7), B::Remainder, int(4), int(3)),
        (int(1), B::Equal, Value::Float(1.0), Value::Bool(true)),
        (ints(&[1]), B::NotEqual, ints(&[2]), Value::Bool(true)),
        (text("a"), B::Less, text("b"), Value::Bool(true)),
        (int(1), B::LessOrEqual, int(1), Value::Bool(true)),
        (seconds(2), B::Greater, seconds(3), Value::Bool(false)),
        (bytes(2), B::GreaterOrEqual, bytes(2), Value::Bool(true)),
        (int(1), B::In, ints(&[1, 2]), Value::Bool(true)),
        (text("k"), B::NotIn, Value::map([("k", int(1))]), Value::Bool(false)),
        (text("abc"), B::Contains, text("bc"), Value::Bool(true)),
        (int(1), B::Range, int(3), ints(&[1, 2, 3])),
        (int(5), B::Range, int(1), ints(&[])),
    ] {
        assert_eq!(binary(operator, &left, &right), Ok(expected), "{left:?} {operator:?} {right:?}");
    }
    assert_eq!((negate(&seconds(1)), not(&Value::Bool(true))), (Ok(seconds(-1)), Ok(Value::Bool(false))));
}

#[test]
fn arithmetic_is_checked() {
    use BinaryOperator as B;
    let wide = "result does not fit into 64 bits";
    for (left, operator, right, expected) in [
        (int(i64::MAX), B::Add, int(1), wide),
        (int(i64::MIN), B::Divide, int(-1), wide),
        (seconds(1), B::Multiply, Value::Float(1e300), wide),
        (int(1), B::Divide, int(0), "division by zero"),
        (int(1), B::Remainder, int(0), "division by zero"),
        (seconds(1), B::Divide, seconds(0), "division by zero"),
        (Value::Float(1e308), B::Multiply, int(10), "float is not finite"),
        (int(1), B::Range, int(20_000_000), "range has 20000000 elements, more than 10000000"),
    ] {
        assert_eq!(binary(operator, &left, &right), Err(expected.to_owned()));
    }
}

#[test]
fn texts_match_regular_expressions() {
    let matches = |pattern: Value| {
        ExpressionKind::Binary(BinaryOperator::Matches, Box::new(literal(text("v12"))), Box::new(literal(pattern)))
    };
    assert_eq!(run(matches(text("^v[0-9]+$"))), Ok(Value::Bool(true)));
    assert_eq!(run(matches(text("^v$"))), Ok(Value::Bool(false)));
    assert_eq!(message(matches(text("("))), "regular expression does not parse: unclosed group");
    assert_eq!(
        message(matches(text("(a{999}){999}"))),
        "regular expression does not parse: Compiled regex exceeds size limit of 1048576 bytes"
    );
    assert!(!message(matches(secret("(canary"))).contains("canary"), "a message never quotes a secret");
}

#[test]
fn numbers_are_compared_by_their_exact_value() {
    use BinaryOperator as B;
    let large = 9_007_199_254_740_993;
    for (left, operator, right, expected) in [
        (int(large), B::Equal, Value::Float(9_007_199_254_740_992.0), false),
        (int(large), B::Greater, Value::Float(9_007_199_254_740_992.0), true),
        (Value::Float(9_007_199_254_740_992.0), B::Less, int(large), true),
        (int(i64::MAX), B::Less, Value::Float(9_223_372_036_854_775_808.0), true),
        (int(i64::MIN), B::Equal, Value::Float(-9_223_372_036_854_775_808.0), true),
        (int(-2), B::Less, Value::Float(-1.5), true),
        (int(-1), B::Greater, Value::Float(-1.5), true),
        (int(1), B::Less, Value::Float(1.5), true),
        (int(0), B::Equal, Value::Float(-0.0), true),
    ] {
        assert_eq!(binary(operator, &left, &right), Ok(Value::Bool(expected)), "{left:?} {operator:?} {right:?}");
    }
}

#[test]
fn the_sum_of_nothing_is_a_zero_of_its_type() {
    for (type_, expected) in
        [(Type::Int, int(0)), (Type::Float, Value::Float(0.0)), (Type::Duration, seconds(0)), (Type::Size, bytes(0))]
    {
        let kind = ExpressionKind::Method(Method::Sum, Box::new(literal(ints(&[]))), vec![]);
        let sum = Expression { type_, ..of(kind) };
        assert_eq!(evaluate(&sum, &mut World { answers: true }), Ok(expected));
    }
}

#[test]
fn methods_give_what_the_language_says() {
    use Method as M;
    let map = Value::map([("a", int(1)), ("b", int(2))]);
    let nested = Value::list([ints(&[1]), ints(&[2])]);
    let words = |words: &[&str]| Value::list(words.iter().copied().map(text));
    for (receiver, name, arguments, expected) in [
        (text("äb"), M::Length, vec![], int(2)),
        (text("a"), M::Upper, vec![], text("A")),
        (secret("A"), M::Lower, vec![], secret("a")),
        (text(" a "), M::Trim, vec![], text("a")),
        (text("a\nb\n"), M::Lines, vec![], words(&["a", "b"])),
        (text("a,b"), M::Split, vec![text(",")], words(&["a", "b"])),
        (text("aa"), M::Replace, vec![text("a"), secret("b")], secret("bb")),
        (text("ab"), M::StartsWith, vec![text("a")], Value::Bool(true)),
        (text("ab"), M::EndsWith, vec![text("a")], Value::Bool(false)),
        (text("ab"), M::Contains, vec![text("b")], Value::Bool(true)),
        (text("12"), M::ToInt, vec![], int(12)),
        (text("1.5"), M::ToFloat, vec![], Value::Float(1.5)),
        (text("[1]"), M::ParseJson, vec![], ints(&[1])),
        (ints(&[4, 5]), M::First, vec![], int(4)),
        (ints(&[]), M::Last, vec![], Value::Null),
        (words(&["a", "b"]), M::Join, vec![text("-")], text("a-b")),
        (ints(&[3, 1, 2]), M::Sort, vec![], ints(&[1, 2, 3])),
        (ints(&[1, 2, 1]), M::Unique, vec![], ints(&[1, 2])),
        (ints(&[1, 2]), M::Reverse, vec![], ints(&[2, 1])),
        (nested, M::Flatten, vec![], ints(&[1, 2])),
        (ints(&[1, 2]), M::Contains, vec![int(2)], Value::Bool(true)),
        (Value::list([seconds(1), seconds(2)]), M::Sum, vec![], seconds(3)),
        (ints(&[2, 1]), M::Min, vec![], int(1)),
        (ints(&[2, 1]), M::Max, vec![], int(2)),
        (map.clone(), M::Length, vec![], int(2)),
        (map.clone(), M::Keys, vec![], words(&["a", "b"])),
        (map.clone(), M::Values, vec![], ints(&[1, 2])),
        (map.clone(), M::Has, vec![text("c")], Value::Bool(false)),
        (map, M::ToJson, vec![], text(r#"{"a":1,"b":2}"#)),
        (Value::Float(1.26), M::Round, vec![int(1)], Value::Float(1.3)),
        (int(1250), M::Round, vec![int(-2)], int(1300)),
        (Value::Float(2.5), M::Round, vec![], Value::Float(3.0)),
        (int(-3), M::Abs, vec![], int(3)),
        (seconds(90), M::Seconds, vec![], Value::Float(90.0)),
        (seconds(90), M::Minutes, vec![], Value::Float(1.5)),
        (text("/a/b.tar.gz"), M::Name, vec![], text("b.tar.gz")),
        (text("/a/b.tar.gz"), M::Stem, vec![], text("b.tar")),
        (text("/a/b.tar.gz"), M::Extension, vec![], text("gz")),
        (text("/a/b.tar.gz"), M::Parent, vec![], text("/a")),
    ] {
        assert_eq!(method(name, &receiver, &arguments), Ok(expected), "{receiver:?}.{}", name.name());
    }
    assert_eq!(method(M::ToInt, &text("x"), &[]), Err("text is not an int".to_owned()));
    assert!(method(M::ToJson, &secret("x"), &[]).is_err());
}

#[test]
fn functions_give_what_the_language_says() {
    let hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(call(Function::Hash, vec![text("")]), Ok(text(hash)));
    assert_eq!(call(Function::Min, vec![int(2), int(1)]), Ok(int(1)));
    assert_eq!(call(Function::Max, vec![seconds(2), seconds(1)]), Ok(seconds(2)));
    assert_eq!(call(Function::Raw, vec![text("x")]), Ok(text("x")));
    assert_eq!(call(Function::Reveal, vec![secret("x")]), Ok(text("x")));
    for function in [Function::Slack, Function::Email, Function::Webhook, Function::Desktop] {
        assert!(matches!(call(function, vec![]), Ok(Value::Channel(channel)) if &*channel.kind == function.name()));
    }
}

#[test]
fn the_right_side_is_evaluated_where_it_counts() {
    let fails = || boxed(ExpressionKind::Reference(Reference::Result));
    let yes = |value| Box::new(literal(value));
    for (operator, left) in
        [(BinaryOperator::Or, Value::Bool(true)), (BinaryOperator::And, Value::Bool(false)), (BinaryOperator::Default, int(1))]
    {
        assert_eq!(run(ExpressionKind::Binary(operator, yes(left.clone()), fails())), Ok(left));
    }
    assert_eq!(run(ExpressionKind::Binary(BinaryOperator::Default, yes(Value::Null), yes(int(2)))), Ok(int(2)));
}

#[test]
fn a_chain_is_null_as_a_whole() {
    let base = ExpressionKind::OptionalField(Box::new(literal(Value::Null)), "b".into());
    let called = ExpressionKind::Method(Method::Upper, boxed(ExpressionKind::OptionalReceiver(boxed(base))), vec![]);
    assert_eq!(run(ExpressionKind::Chain(boxed(called))), Ok(Value::Null));
}

#[test]
fn indexes_are_checked_but_on_json() {
    let at = |index, type_| {
        let base = Expression { type_, ..literal(ints(&[1])) };
        ExpressionKind::Index(Box::new(base), Box::new(literal(int(index))))
    };
    assert_eq!(run(at(0, Type::Unknown)), Ok(int(1)));
    assert_eq!(run(at(1, Type::Json)), Ok(Value::Null));
    assert_eq!(message(at(-1, Type::Unknown)), "index -1 is outside a list of 1 elements");
}

#[test]
fn texts_render_and_take_the_taint() {
    let parts = |value| ExpressionKind::Text(vec![TextPart::Literal("t=".into()), TextPart::Value(literal(value))]);
    assert_eq!(run(parts(seconds(90))), Ok(text("t=1m30s")));
    assert_eq!(run(parts(secret("x"))), Ok(secret("t=x")));
    assert_eq!(message(parts(ints(&[]))), "value has no text of its own");
}

#[test]
fn comprehensions_have_locals_and_observations_occurrences() {
    let local = |id| of(ExpressionKind::Reference(Reference::Local(id)));
    let condition = ExpressionKind::Binary(BinaryOperator::Greater, Box::new(local(1)), Box::new(literal(int(4))));
    let seen = of(ExpressionKind::Call(Function::Uuid, vec![], Place(9)));
    let element = of(ExpressionKind::List(vec![local(0), local(1), seen]));
    let (list, condition) = (literal(ints(&[4, 5, 6])), Some(of(condition)));
    let kind = ExpressionKind::Comprehension(Box::new(Comprehension { element, index: Some(0), item: 1, list, condition }));
    let expected = [Value::list([int(1), int(5), text("9:0")]), Value::list([int(2), int(6), text("9:1")])];
    assert_eq!(run(kind.clone()), Ok(Value::list(expected)));
    assert_eq!(evaluate(&of(kind), &mut World { answers: false }), Err(Stop::Pending));
}

#[test]
fn failures_point_at_the_expression() {
    let kind = ExpressionKind::Call(Function::Read, vec![], Place(1));
    let message = "file is not there".to_owned();
    assert_eq!(run(kind), Err(Stop::Failed(EvaluationError { span: of(ExpressionKind::List(vec![])).span, message })));
    assert_eq!(run(ExpressionKind::Reference(Reference::Value(ValueId(0)))), Ok(int(7)));
    assert_eq!(message_of_missing(), "name has no value here");
}

fn message_of_missing() -> String {
    message(ExpressionKind::Reference(Reference::Value(ValueId(1))))
}

#[test]
fn conversions_and_as_go_deep() {
    let type_ = Type::record([("a", Type::list(Type::Float)), ("b", Type::optional(Type::Int))]);
    let value = Value::map([("a", ints(&[1])), ("c", int(1))]);
    let expected = Value::map([("a", Value::list([Value::Float(1.0)])), ("b", Value::Null)]);
    assert_eq!(convert(value.clone(), &type_), expected);
    assert_eq!(is_of(value, &type_), Ok(expected));
    let wrong = Value::map([("a", Value::list([text("x")]))]);
    assert_eq!(is_of(wrong, &type_), Err("value \"x\" at `.a[0]` is not of type float".to_owned()));
    assert!(is_of(int(1), &Type::String).is_err());
    assert_eq!(
        convert(Value::list([text("x"), secret("y")]), &Type::list(Type::Secret)),
        Value::list([secret("x"), secret("y")])
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-20_i64..400).prop_map(Value::Int),
        (-1e308..1e308).prop_map(Value::Float),
        "\\PC{0,6}".prop_map(|value: String| text(&value)),
        any::<i64>().prop_map(|milliseconds| Value::Duration(Duration { milliseconds })),
        any::<i64>().prop_map(bytes),
        Just(secret("s")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::list),
            inner.prop_map(|value| Value::map([("k", value)])),
        ]
    })
}

fn any_expression() -> impl Strategy<Value = Expression> {
    use BinaryOperator as B;
    let operators = prop::sample::select(vec![
        B::Or,
        B::And,
        B::Equal,
        B::Less,
        B::In,
        B::Contains,
        B::Matches,
        B::Default,
        B::Add,
        B::Subtract,
        B::Multiply,
        B::Divide,
        B::Remainder,
    ]);
    any_value().prop_map(literal).prop_recursive(4, 24, 3, move |inner| {
        let arguments = prop::collection::vec(inner.clone(), 0..3);
        let methods = prop::sample::select(Method::ALL);
        let functions = prop::sample::select(Function::ALL);
        prop_oneof![
            (operators.clone(), inner.clone(), inner.clone()).prop_map(|(operator, a, b)| of(ExpressionKind::Binary(
                operator,
                Box::new(a),
                Box::new(b)
            ))),
            (methods, inner.clone(), arguments.clone()).prop_map(|(name, receiver, arguments)| of(ExpressionKind::Method(
                name,
                Box::new(receiver),
                arguments
            ))),
            (functions, arguments).prop_map(|(function, arguments)| of(ExpressionKind::Call(function, arguments, Place(0)))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| of(ExpressionKind::Index(Box::new(a), Box::new(b)))),
            inner.prop_map(|a| of(ExpressionKind::Unary(UnaryOperator::Negate, Box::new(a)))),
        ]
    })
}

proptest! {
    #[test]
    fn evaluation_never_panics(expression in any_expression()) {
        let _ = evaluate(&expression, &mut World { answers: true });
    }
}
