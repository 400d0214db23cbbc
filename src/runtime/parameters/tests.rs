//! Binding of parameters.

use super::{Given, GivenValue, Origin, Surroundings, bind, literal};
use wf_model::diagnostic::Diagnostic;
use wf_model::expression::{BinaryOperator, Expression, ExpressionKind, Function, GlobalId, Reference, ValueId};
use wf_model::program::{Body, Parameter, Workflow};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

struct Nothing;

impl Surroundings for Nothing {
    fn global(&self, _: GlobalId) -> Option<Value> {
        None
    }

    fn run(&self) -> Option<Value> {
        None
    }

    fn observe(&mut self, _: Function, _: &[Value]) -> Result<Value, String> {
        Err("nothing is seen here".to_owned())
    }

    fn folder(&self, _: &Origin) -> String {
        "/here".to_owned()
    }
}

fn literal(value: Value, type_: Type) -> Expression {
    Expression { kind: ExpressionKind::Literal(value), type_, span: Span::default() }
}

fn parameter(index: u32, name: &str, type_: Type) -> Parameter {
    Parameter {
        name: name.into(),
        doc: None,
        value: ValueId(index),
        type_,
        default: None,
        constraint: None,
        span: Span::default(),
    }
}

fn workflow(parameters: Vec<Parameter>) -> Workflow {
    let mut workflow = Workflow { parameters, ..Workflow::empty("deploy".into(), "/".into(), Span::default()) };
    workflow.bodies.add(Body::default());
    workflow
}

fn flag(name: &str, text: &str) -> Given {
    Given { name: name.to_owned(), value: GivenValue::Text(text.to_owned()), origin: Origin::Flag }
}

fn bound(workflow: &Workflow, given: &[Given]) -> Vec<Value> {
    bind(workflow, given, &mut Nothing).unwrap().into_iter().map(|(_, value)| value).collect()
}

fn problems(workflow: &Workflow, given: &[Given]) -> Vec<String> {
    let line = |diagnostic: &Diagnostic| format!("{}: {}", diagnostic.slug, diagnostic.message);
    bind(workflow, given, &mut Nothing).unwrap_err().iter().map(line).collect()
}

#[test]
fn text_is_read_as_the_type_that_is_declared() {
    for (text, type_, value) in [
        ("3", Type::Int, Value::Int(3)),
        ("5m", Type::Duration, Value::Duration(Duration::from_seconds(300))),
        ("a, b", Type::String, Value::string("a, b")),
        ("\"a\"", Type::String, Value::string("\"a\"")),
        ("eu,us", Type::list(Type::String), Value::list([Value::string("eu"), Value::string("us")])),
        ("[\"a,b\"]", Type::list(Type::String), Value::list([Value::string("a,b")])),
        ("1,2", Type::list(Type::Int), Value::list([Value::Int(1), Value::Int(2)])),
        ("", Type::list(Type::String), Value::list([])),
        ("null", Type::optional(Type::Int), Value::Null),
        ("null", Type::optional(Type::String), Value::string("null")),
        ("{\"a\": 1}", Type::map(Type::Int), Value::map([("a", Value::Int(1))])),
        ("{a: 1_000}", Type::map(Type::Int), Value::map([("a", Value::Int(1000))])),
        ("[5m, '1s']", Type::list(Type::Duration), Value::list([300, 1].map(|s| Value::Duration(Duration::from_seconds(s))))),
        ("1_000", Type::Int, Value::Int(1000)),
        ("80%", Type::Float, Value::Float(0.8)),
        ("1_000ms", Type::Duration, Value::Duration(Duration::from_seconds(1))),
        ("hello", Type::Json, Value::string("hello")),
        ("[1]", Type::Json, Value::list([Value::Int(1)])),
    ] {
        assert_eq!(literal::text(text, &type_), Ok(value), "{text} as {type_}");
    }
}

#[test]
fn flags_of_a_list_are_joined_and_others_given_once() {
    let workflow = workflow(vec![parameter(0, "regions", Type::list(Type::String)), parameter(1, "version", Type::String)]);
    let given = [flag("regions", "eu,us"), flag("version", "v1"), flag("regions", "ap")];
    assert_eq!(bound(&workflow, &given), [Value::list(["eu", "us", "ap"].map(Value::string)), Value::string("v1")]);
    let twice = [flag("regions", "eu"), flag("version", "v1"), flag("version", "v2")];
    assert_eq!(problems(&workflow, &twice), ["parameter-given-twice: parameter `version` is given twice"]);
}

#[test]
fn a_flag_counts_more_than_what_stands_behind_it() {
    let workflow = workflow(vec![parameter(0, "count", Type::Int)]);
    let file = Given {
        name: "count".to_owned(),
        value: GivenValue::Json(serde_json::json!(1)),
        origin: Origin::File("params.json".into()),
    };
    assert_eq!(bound(&workflow, &[flag("count", "2"), file.clone()]), [Value::Int(2)]);
    assert_eq!(bound(&workflow, &[file]), [Value::Int(1)]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut limited = parameter(2, "limited", Type::Int);
    let (left, right) = (
        Expression { kind: ExpressionKind::Reference(Reference::Value(ValueId(2))), type_: Type::Int, span: Span::default() },
        literal(Value::Int(5), Type::Int),
    );
    let below = ExpressionKind::Binary(BinaryOperator::Less, Box::new(left), Box::new(right));
    limited.constraint = Some(Expression { kind: below, type_: Type::Bool, span: Span::default() });
    let workflow = workflow(vec![
        parameter(0, "version", Type::String),
        parameter(1, "count", Type::Int),
        limited,
        parameter(3, "token", Type::Secret),
    ]);
    let given = [flag("count", "many"), flag("limited", "9"), flag("verison", "v1"), flag("token", "x")];
    assert_eq!(
        problems(&workflow, &given),
        [
            "parameter-unknown: workflow `deploy` has no parameter `verison`",
            "parameter-missing: parameter `version` is not given",
            "parameter-mismatch: parameter `count` does not fit: expected int, found `many`",
            "parameter-constraint: 9 does not fit parameter `limited`",
            "parameter-secret: parameter `token` is a secret",
        ]
    );
}

#[test]
fn a_secret_that_nobody_gives_is_not_asked_for_on_the_command_line() {
    let workflow = workflow(vec![parameter(0, "token", Type::Secret)]);
    assert_eq!(problems(&workflow, &[]), ["parameter-secret: parameter `token` is a secret"]);
}

#[test]
fn what_nobody_gives_is_its_default_or_null() {
    let mut defaulted = parameter(0, "env", Type::String);
    defaulted.default = Some(literal(Value::string("staging"), Type::String));
    let workflow = workflow(vec![defaulted, parameter(1, "note", Type::optional(Type::String))]);
    assert_eq!(bound(&workflow, &[]), [Value::string("staging"), Value::Null]);
}
