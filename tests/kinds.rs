//! What holds for every step kind: its example is a file that the language reads, and secrets fit where its descriptor says so.

use crate::pages::OneFile;
use wf_compiler::compile;
use wf_model::diagnostic::Level;
use wf_model::kind::{Attribute, Kind, TextSyntax};
use wf_model::span::SourceId;
use wf_model::types::{Field, Type};

#[test]
fn the_example_of_every_kind_parses() {
    for kind in wf_steps::registry().iter() {
        let parsed = wf_syntax::parse(SourceId(0), kind.example);
        let messages: Vec<_> =
            parsed.diagnostics.iter().map(|found| (&found.message, kind.example.get(found.primary.span.range()))).collect();
        assert!(messages.is_empty(), "the example of {}: {messages:?}", kind.name);
    }
}

/// A value of a type as programs write it, around a secret `s`; `None` where no secret could stand in such a value.
fn around_a_secret(type_: &Type) -> Option<String> {
    match type_ {
        Type::String | Type::Path => Some("\"./a-${s}\"".to_owned()),
        Type::Url => Some("\"https://a.example/${s}\"".to_owned()),
        Type::List(element) => Some(format!("[{}]", around_a_secret(element)?)),
        Type::Map(element) => Some(format!("{{ a: {} }}", around_a_secret(element)?)),
        Type::Json => Some("\"${s}\"".to_owned()),
        Type::Optional(inner) => around_a_secret(inner),
        Type::Record(fields) => {
            let needed = fields.iter().filter(|field| !matches!(field.type_, Type::Optional(_)));
            let value = |field: &Field| match field.type_ {
                // A file's name is no secret, wherever it stands.
                Type::Path => Some("\"./a\"".to_owned()),
                _ => around_a_secret(&field.type_),
            };
            let given: Option<Vec<String>> = needed.map(|field| Some(format!("{}: {}", field.name, value(field)?))).collect();
            Some(format!("{{ {} }}", given?.join(", "))).filter(|text| text.contains("s}") || text.contains(": s"))
        }
        Type::Secret => Some("s".to_owned()),
        // The other constructors take the same arguments; each is tried with its kind.
        Type::Channel => Some("webhook(\"https://a.example/${s}\")".to_owned()),
        Type::Unknown | Type::Never | Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size | Type::Union(_) => None,
    }
}

/// The slugs of what is wrong with a program whose step gives a secret to an attribute.
fn slugs(kind: &Kind, attribute: &Attribute, value: &str, source: &str) -> Vec<&'static str> {
    let text = format!(
        "workflow main {{\n  secret s from {source}\n  step x: {} {{ {}: {value}, no undo \"a test\" }}\n}}\n",
        kind.name, attribute.name
    );
    let compilation = compile("main.wf", &OneFile(&text), wf_steps::registry(), Level::Basic);
    compilation.diagnostics.iter().map(|found| found.slug).collect()
}

#[test]
fn secrets_fit_where_a_descriptor_takes_them_and_nowhere_else() {
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for kind in wf_steps::registry().iter() {
        for attribute in &kind.attributes {
            for (type_, value) in attribute.types.iter().filter_map(|type_| Some((type_, around_a_secret(type_)?))) {
                // A channel takes secrets in its arguments; it is none itself. The arguments of a program are seen by all.
                let is_channel = matches!(type_, Type::Channel) || *type_ == Type::list(Type::Channel);
                let is_command_line = attribute.text == TextSyntax::Shell && matches!(type_, Type::List(_));
                let takes = is_channel || attribute.takes_secret && !is_command_line;
                for source in ["env \"S\"", "file \"s\"", "command [\"s\"]"] {
                    let found = slugs(kind, attribute, &value, source);
                    let leaks = found.iter().any(|slug| ["secret-leak", "interpolation-in-code"].contains(slug));
                    if leaks == takes {
                        wrong.push(format!("{}.{} with {value} from {source}: {found:?}", kind.name, attribute.name));
                    }
                    if takes { taken += 1 } else { refused += 1 }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(taken >= 40 && refused >= 80, "{taken} {refused}");
}
