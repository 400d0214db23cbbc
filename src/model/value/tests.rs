//! What values look like outside.

use super::{Channel, Secret, Value};
use crate::unit::{Duration, Size};
use proptest::prelude::*;
use std::hash::BuildHasher as _;
use std::sync::Arc;

fn slack() -> Value {
    Value::Channel(Arc::new(Channel { kind: "slack".into(), arguments: vec![Value::Secret(Secret::new("https://hook"))] }))
}

#[test]
fn json_has_texts_for_what_json_does_not_know() {
    let value = Value::map([
        ("wait", Value::Duration(Duration::from_seconds(90))),
        ("room", Value::Size(Size { bytes: 65536 })),
        ("token", Value::Secret(Secret::new("hunter2"))),
        ("to", slack()),
        ("share", Value::Float(1.0)),
        ("none", Value::list([Value::Null])),
    ]);
    let json = r#"{"wait":"1m30s","room":"64KB","token":"***","to":"slack","share":1.0,"none":[null]}"#;
    assert_eq!(value.to_json().to_string(), json);
}

#[test]
fn whole_numbers_of_json_are_integers_where_they_fit() {
    let json = serde_json::from_str("[9223372036854775807, 9223372036854775808, 1.0]").unwrap();
    let expected = [Value::Int(i64::MAX), Value::Float(9_223_372_036_854_775_808.0), Value::Float(1.0)];
    assert_eq!(Value::from_json(&json), Value::list(expected));
}

#[test]
fn equal_values_have_one_hash() {
    let hashed = |value: &Value| std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(value);
    let (one, other) = (("a", Value::Int(1)), ("b", Value::list([slack()])));
    let (forwards, backwards) = (Value::map([one.clone(), other.clone()]), Value::map([other, one]));
    assert_eq!((&forwards, hashed(&forwards)), (&backwards, hashed(&backwards)));
    assert_eq!(hashed(&Value::Float(0.0)), hashed(&Value::Float(-0.0)));
    assert_ne!(hashed(&Value::Secret(Secret::new("a"))), hashed(&Value::Secret(Secret::new("b"))));
}

#[test]
fn interpolation_renders_scalars_only() {
    assert_eq!(Value::Float(2.0).render().as_deref(), Some("2.0"));
    assert_eq!(Value::Duration(Duration::from_seconds(90)).render().as_deref(), Some("1m30s"));
    assert_eq!(Value::Secret(Secret::new("hunter2")).render().as_deref(), Some("***"));
    assert_eq!(Value::list([]).render(), None);
    assert_eq!(Value::Null.render(), None);
}

#[test]
fn literals_read_like_the_language() {
    let value = Value::map([
        ("a", Value::list([Value::Int(1), Value::Null, Value::Float(0.5)])),
        ("two words", Value::string("a \"b\"\n${c} $d \u{7}")),
        ("if", Value::map([])),
        ("to", slack()),
    ]);
    let expected = r#"{ a: [1, null, 0.5], "two words": "a \"b\"\n\${c} $d \u{7}", "if": {}, to: slack(…) }"#;
    assert_eq!(value.write_literal(), expected);
}

proptest! {
    #[test]
    fn durations_and_sizes_are_read_back(amount in 0_i64..) {
        let duration = Duration { milliseconds: amount };
        prop_assert_eq!(Duration::parse(&duration.to_string()), Some(duration));
        let size = Size { bytes: amount };
        prop_assert_eq!(Size::parse(&size.to_string()), Some(size));
    }
}
