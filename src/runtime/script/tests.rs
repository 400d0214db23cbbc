//! Tests of rendered scripts; real shells run them in `tests/injection`.

use super::{RenderError, Rendered, render};
use std::path::Path;
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::value::{Secret, Value};

fn literal(text: &str) -> ScriptPart<Value> {
    ScriptPart::Literal(text.into())
}

fn value(value: Value, place: ScriptPlace) -> ScriptPart<Value> {
    ScriptPart::Value { value, place }
}

fn rendered(parts: Vec<ScriptPart<Value>>) -> Result<Rendered, RenderError> {
    render(&Script { parts }, Path::new("/it's/here"))
}

fn variables(rendered: &Rendered) -> Vec<(&str, &str)> {
    let pair = |(name, bytes): &'static (String, Vec<u8>)| (name.as_str(), std::str::from_utf8(bytes).unwrap());
    let leaked: &'static [_] = Box::leak(rendered.variables.clone().into_boxed_slice());
    leaked.iter().map(pair).collect()
}

#[test]
fn values_become_variables() {
    let text = rendered(vec![
        literal("a"),
        value(Value::string("x; y"), ScriptPlace::Bare),
        literal("b \"c "),
        value(Value::Int(-3), ScriptPlace::Quoted),
        literal("\" "),
        value(Value::string("ls | sh"), ScriptPlace::Raw),
        value(Value::string("x; y"), ScriptPlace::Quoted),
    ]);
    let text = text.unwrap();
    assert_eq!(text.text, "a\"${WF_VALUE_1}\"b \"c ${WF_VALUE_2}\" ls | sh${WF_VALUE_1}");
    assert_eq!(variables(&text), [("WF_VALUE_1", "x; y"), ("WF_VALUE_2", "-3")]);
    assert_eq!(text.files, []);
}

#[test]
fn a_list_is_one_word_for_each_element() {
    let list = Value::list([Value::string("a b"), Value::Int(1), Value::Secret(Secret::new("s"))]);
    let text = rendered(vec![literal("echo "), value(list, ScriptPlace::Bare)]).unwrap();
    assert_eq!(text.text, "echo \"${WF_VALUE_1}\" \"${WF_VALUE_2}\" \"${WF_VALUE_3}\"");
    assert_eq!(variables(&text), [("WF_VALUE_1", "a b"), ("WF_VALUE_2", "1"), ("WF_VALUE_3", "s")]);
    let none = rendered(vec![literal("echo "), value(Value::list([]), ScriptPlace::Bare)]).unwrap();
    assert_eq!((none.text.as_str(), none.variables.len()), ("echo ", 0));
}

#[test]
fn a_large_value_goes_by_a_file() {
    let large = "x".repeat(100_001);
    let text = rendered(vec![literal("echo "), value(Value::string(&large), ScriptPlace::Bare), literal("\nls")]).unwrap();
    let path = r"'/it'\''s/here/WF_VALUE_1'";
    let reading = format!("unset WF_VALUE_1; WF_VALUE_1=$(cat {path} && printf x); WF_VALUE_1=${{WF_VALUE_1%x}}; ");
    assert_eq!(text.text, format!("{reading}echo \"${{WF_VALUE_1}}\"\nls"));
    assert_eq!((text.variables.len(), text.files), (0, vec![("WF_VALUE_1".to_owned(), large.into_bytes())]));
}

#[test]
fn the_environment_is_bounded() {
    let sizes = [10, 90_000, 80_000, 90_001, 99_000, 70_000, 99_001, 60_000, 20];
    let parts = sizes.iter().map(|size| value(Value::string(&"x".repeat(*size)), ScriptPlace::Bare)).collect();
    let text = rendered(parts).unwrap();
    assert_eq!(text.files.iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>(), [99_001]);
    let held: usize = text.variables.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(held < 500_000, "{held}");
}

#[test]
fn what_cannot_reach_a_shell_is_an_error() {
    let nul = rendered(vec![value(Value::Null, ScriptPlace::Bare)]);
    assert_eq!(nul, Err(RenderError::NoText(1)));
    let nul = rendered(vec![value(Value::Int(1), ScriptPlace::Bare), value(Value::string("a\0b"), ScriptPlace::Quoted)]);
    assert_eq!(nul, Err(RenderError::Nul(2)));
    let list = rendered(vec![value(Value::list([]), ScriptPlace::Quoted)]);
    assert_eq!(list, Err(RenderError::NoText(1)));
}
