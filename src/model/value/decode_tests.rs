//! What decodes, and what is said about what does not.

use super::{Secret, Value, decode_json, decode_output_file, decode_text};
use crate::types::Type;
use crate::unit::{Duration, Size};
use proptest::prelude::*;

fn images() -> Type {
    Type::record([("images", Type::list(Type::record([("tag", Type::String), ("size", Type::optional(Type::Size))])))])
}

fn told(text: &str, type_: &Type) -> String {
    decode_text(text, type_).unwrap_err().to_string()
}

#[test]
fn an_error_names_type_and_place() {
    let text = r#"{"images": [{"tag": "a"}, {"tag": "b"}, {"tag": 3}]}"#;
    assert_eq!(told(text, &images()), "expected string at `.images[2].tag`, found 3");
    assert_eq!(told(r#"{"images": [{}]}"#, &images()), "expected string at `.images[0].tag`, found nothing");
    assert_eq!(told(r#"{"a b": null}"#, &Type::map(Type::Int)), r#"expected int at `["a b"]`, found null"#);
    assert_eq!(told("{", &Type::Json), "expected json, found text that is not JSON (it ends too early, line 1, column 1)");
    assert_eq!(told("many\n", &Type::Int), "expected int, found `many`");
}

#[test]
fn missing_optional_fields_are_null_and_unknown_ones_go() {
    let value = decode_text(r#"{"images": [{"tag": "a", "more": 1}]}"#, &images()).unwrap();
    let image = Value::map([("tag", Value::string("a")), ("size", Value::Null)]);
    assert_eq!(value, Value::map([("images", Value::list([image]))]));
}

#[test]
fn texts_decode_by_type() {
    let minute = Value::Duration(Duration::from_seconds(60));
    for (text, type_, expected) in [
        ("a\n\n", Type::String, Value::string("a\n")),
        ("a\r\n", Type::String, Value::string("a")),
        ("./x\n", Type::Path, Value::string("./x")),
        ("https://u@host:1/a?b\n", Type::Url, Value::string("https://u@host:1/a?b")),
        ("b", Type::union(["a", "b"]), Value::string("b")),
        ("s\n", Type::Secret, Value::Secret(Secret::new("s"))),
        (" 3\n", Type::Int, Value::Int(3)),
        ("3", Type::Float, Value::Float(3.0)),
        ("true\n", Type::Bool, Value::Bool(true)),
        ("60s", Type::Duration, minute),
        ("2KB", Type::Size, Value::Size(Size { bytes: 2048 })),
        ("a\nb\n", Type::list(Type::String), Value::list([Value::string("a"), Value::string("b")])),
        ("[1, 2]", Type::list(Type::Int), Value::list([Value::Int(1), Value::Int(2)])),
        ("\n", Type::optional(Type::Int), Value::Null),
        ("4", Type::optional(Type::Int), Value::Int(4)),
        ("", Type::optional(Type::String), Value::string("")),
        ("null", Type::Json, Value::Null),
    ] {
        assert_eq!(decode_text(text, &type_), Ok(expected), "{text:?} as {type_}");
    }
}

#[test]
fn forms_are_checked() {
    for (text, type_) in [
        ("", Type::Path),
        ("example.com", Type::Url),
        ("https://", Type::Url),
        ("https://:80/", Type::Url),
        ("https://a b/", Type::Url),
        ("1x://host", Type::Url),
        ("c", Type::union(["a", "b"])),
        ("inf", Type::Float),
        ("9223372036854775808", Type::Int),
        ("30", Type::Duration),
        ("yes", Type::Bool),
        ("\"slack\"", Type::Channel),
    ] {
        assert!(decode_text(text, &type_).is_err(), "{text:?} is no {type_}");
    }
}

#[test]
fn output_files_have_three_forms() {
    let type_ = Type::record([("tag", Type::String), ("count", Type::Int), ("notes", Type::list(Type::String))]);
    let notes = Value::list([Value::string("a=b"), Value::string("c")]);
    let expected = Value::map([("tag", Value::string("v=1")), ("count", Value::Int(3)), ("notes", notes)]);
    let lines = "tag=v=1\n\ncount=2\ncount=3\nnotes<<END\na=b\nc\nEND\n";
    assert_eq!(decode_output_file(lines, &type_), Ok(expected.clone()));
    let json = r#"{"tag": "v=1", "count": 3, "notes": ["a=b", "c"]}"#;
    assert_eq!(decode_output_file(json, &type_), Ok(expected));
    assert_eq!(decode_output_file("value=3\n", &Type::Int), Ok(Value::Int(3)));
    assert_eq!(decode_output_file(r#"{"value": [1]}"#, &Type::list(Type::Int)), Ok(Value::list([Value::Int(1)])));
    assert_eq!(decode_output_file("a=1", &Type::map(Type::Int)), Ok(Value::map([("a", Value::Int(1))])));
    assert_eq!(decode_output_file("a=1", &Type::Json), Ok(Value::map([("a", Value::string("1"))])));
}

#[test]
fn output_files_tell_what_is_wrong() {
    let type_ = Type::record([("count", Type::Int)]);
    for (text, type_, expected) in [
        ("count=x", &type_, "expected int at `.count`, found `x`"),
        ("", &type_, "expected int at `.count`, found nothing"),
        ("x", &Type::Int, "expected int, found line 1, which is neither `key=value` nor `key<<END`"),
        ("a<<E\nb", &Type::Json, "expected json, found no line `E` to end line 1"),
        ("a=1", &Type::Int, "expected int at `.value`, found nothing"),
        ("{}", &Type::Int, "expected int at `.value`, found nothing"),
    ] {
        assert_eq!(decode_output_file(text, type_).unwrap_err().to_string(), expected);
    }
}

/// Values together with a type that they are of.
fn typed() -> impl Strategy<Value = (Type, Value)> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| (Type::Bool, Value::Bool(value))),
        any::<i64>().prop_map(|value| (Type::Int, Value::Int(value))),
        (-1e15..1e15).prop_map(|value| (Type::Float, Value::Float(value))),
        ".*".prop_map(|text: String| (Type::String, Value::string(&text))),
        any::<i64>().prop_map(|milliseconds| (Type::Duration, Value::Duration(Duration { milliseconds }))),
        any::<i64>().prop_map(|bytes| (Type::Size, Value::Size(Size { bytes }))),
        Just((Type::optional(Type::Int), Value::Null)),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|(type_, value)| (Type::list(type_), Value::list([value.clone(), value]))),
            (inner.clone(), ".*").prop_map(|((type_, value), key)| (Type::map(type_), Value::map([(key.as_str(), value)]))),
            (inner.clone(), inner).prop_map(|((a, x), (b, y))| {
                (Type::record([("a", a), ("b", Type::optional(b))]), Value::map([("a", x), ("b", y)]))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn amounts_are_read_as_they_are_written(amount in prop_oneof![any::<i64>(), Just(i64::MIN), -5_i64..5]) {
        let (duration, size) = (Duration { milliseconds: amount }, Size { bytes: amount });
        prop_assert_eq!(decode_text(&duration.to_string(), &Type::Duration), Ok(Value::Duration(duration)));
        prop_assert_eq!(decode_text(&size.to_string(), &Type::Size), Ok(Value::Size(size)));
    }

    #[test]
    fn values_survive_json((type_, value) in typed()) {
        prop_assert_eq!(decode_json(&value.to_json(), &type_), Ok(value));
    }

    #[test]
    fn no_text_makes_the_decoder_panic(text in "(\\PC|\n|=|<<){0,40}") {
        let _ = decode_output_file(&text, &images());
        let _ = decode_text(&text, &Type::list(Type::Json));
    }
}
